/** Memory that a helper is handed: a pointer, and how many bytes from it on the helper reads or writes. */
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { isConstantScalar } from '../domain/scalar.ts'
import { isZero, toSignedDecimal, toUnsignedNumber } from '../domain/word64.ts'
import { markPrecise } from '../exploration/precision.ts'
import { noteSlotRead } from '../exploration/stack-liveness.ts'
import { checkBuffer } from '../memory/buffer-access.ts'
import { accessContext } from '../memory/context-access.ts'
import { checkFillsNoDynptr, checkNoDynptr } from '../memory/dynptr-slots.ts'
import { checkMapPermission } from '../memory/map-access.ts'
import { checkPacket } from '../memory/packet-access.ts'
import { checkRegion, MAX_VARIABLE_OFFSET } from '../memory/region-access.ts'
import { checkNoFields } from '../memory/special-fields.ts'
import { checkStackBounds, pointedFrame, type StackAccessKind, stackSpan } from '../memory/stack-bounds.ts'
import { accessStruct } from '../memory/struct-access.ts'
import { unsupported } from '../report/refusal.ts'
import { tnumText } from '../report/state-text.ts'
import { byteIndex, slotIndex } from '../state/frame-state.ts'
import { isNull, type RegisterState } from '../state/register-state.ts'
import {
  baseType,
  MEM_RDONLY,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  SCALAR,
  typeName,
} from '../state/register-type.ts'
import {
  BYTE_INVALID,
  BYTE_MISC,
  BYTE_SPILL,
  BYTE_ZERO,
  byteKind,
  isSpill,
  scrubbed,
  withByte,
} from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'
import type { CallNotes } from './call-notes.ts'

/** One memory argument. */
export interface MemoryArgument {
  readonly number: number
  readonly sizeBytes: number
  readonly writes: boolean
  readonly zeroAllowed: boolean
  /** The helper fills the memory, whatever it held. */
  readonly uninitialised: boolean
}

type Rule = (v: Verification, argument: MemoryArgument, notes: CallNotes) => void

// biome-ignore format: table
const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [PTR_TO_PACKET,      handPacket],
  [PTR_TO_PACKET_META, handPacket],
  [PTR_TO_MAP_KEY,     handMapKey],
  [PTR_TO_MAP_VALUE,   handMapValue],
  [PTR_TO_MEM,         handMemory],
  [PTR_TO_STACK,       handStack],
  [PTR_TO_BUF,         handBuffer],
  [PTR_TO_BTF_ID,      handStruct],
  [PTR_TO_CTX,         handContext],
])

/** Refuses memory that is not all there, or not initialised, or not the helper's to write. */
export function checkHelperMemory(v: Verification, argument: MemoryArgument, notes: CallNotes): void {
  const { number, sizeBytes, zeroAllowed } = argument
  const register = v.register(number)
  const rule = RULES.get(baseType(register.type))
  if (rule !== undefined) {
    rule(v, argument, notes)
  } else if (!(zeroAllowed && sizeBytes === 0 && isNull(register))) {
    refuseMemory(v, argument)
  }
}

function refuseMemory(v: Verification, { number }: MemoryArgument): never {
  const message = `R${number} type=${typeName(v.register(number).type)} expected=${typeName(PTR_TO_STACK)}`
  return v.refuse('VERIFIER_ARGUMENT_TYPE', 'EACCES', message)
}

function handBuffer(v: Verification, { number, sizeBytes, writes }: MemoryArgument): void {
  checkBuffer(v, number, v.register(number).offset, sizeBytes, writes)
}

/** Linux takes what is written there for read, too: a global function could write what it must not. */
function handStruct(v: Verification, { number, sizeBytes, writes }: MemoryArgument): void {
  const pointer = v.register(number)
  if (writes) throw v.noted(unsupported(`passing R${number} as ${typeName(pointer.type)} to be written is`))
  accessStruct(v, {
    pointerNumber: number,
    pointer,
    offset: pointer.offset,
    sizeBytes,
    isWrite: false,
    valueNumber: -1,
    signExtends: false,
    immediate: undefined,
  })
}

/** Types whose programs see their context as it lies in memory. @see convert_ctx_access, which the other types have */
const PLAIN_CONTEXT: ReadonlySet<number> = new Set([
  PROG_TYPE.KPROBE,
  PROG_TYPE.TRACEPOINT,
  PROG_TYPE.RAW_TRACEPOINT,
  PROG_TYPE.RAW_TRACEPOINT_WRITABLE,
  PROG_TYPE.TRACING,
  PROG_TYPE.LSM,
  PROG_TYPE.STRUCT_OPS,
  PROG_TYPE.EXT,
  PROG_TYPE.SYSCALL,
  PROG_TYPE.CGROUP_DEVICE,
  PROG_TYPE.NETFILTER,
  PROG_TYPE.LIRC_MODE2,
])

/** Contexts that a helper finds as the program does; their end is accessed like a byte of the program's own. */
function handContext(v: Verification, argument: MemoryArgument): void {
  const { number, sizeBytes, zeroAllowed, writes } = argument
  if (!PLAIN_CONTEXT.has(v.program.type)) refuseMemory(v, argument)
  if (sizeBytes === 0) {
    if (zeroAllowed) return
    v.refuseSilently('VERIFIER_ZERO_SIZE', 'EACCES', `R${number} gives a helper no bytes of the context`)
  }
  const pointer = v.register(number)
  accessContext(v, {
    pointerNumber: number,
    pointer,
    offset: pointer.offset + sizeBytes - 1,
    sizeBytes: 1,
    isWrite: writes,
    valueNumber: -1,
    signExtends: false,
    immediate: undefined,
  })
}

function handPacket(v: Verification, { number, sizeBytes, zeroAllowed }: MemoryArgument): void {
  checkPacket(v, number, v.register(number).offset, sizeBytes, zeroAllowed)
}

function handMapKey(v: Verification, { number, sizeBytes, writes }: MemoryArgument): void {
  const { type, offset, map } = v.register(number)
  if (writes) v.refuse('VERIFIER_READ_ONLY', 'EACCES', `R${number} cannot write into ${typeName(type)}`)
  checkRegion(v, number, offset, sizeBytes, (map as VerifierMap).keySizeBytes, false)
}

function handMapValue(v: Verification, { number, sizeBytes, writes, zeroAllowed }: MemoryArgument): void {
  const register = v.register(number)
  const map = register.map as VerifierMap
  checkMapPermission(v, map, register.offset, sizeBytes, writes)
  checkRegion(v, number, register.offset, sizeBytes, map.valueSizeBytes, zeroAllowed)
  checkNoFields(v, number, register.offset, sizeBytes)
}

function handMemory(v: Verification, { number, sizeBytes, writes, zeroAllowed }: MemoryArgument): void {
  const { type, offset, memoryBytes } = v.register(number)
  if (writes && (type & MEM_RDONLY) !== 0) {
    v.refuse('VERIFIER_READ_ONLY', 'EACCES', `R${number} cannot write into ${typeName(type)}`)
  }
  checkRegion(v, number, offset, sizeBytes, memoryBytes, zeroAllowed)
}

/**
 * The helper may change what it is handed to write: afterwards the bytes hold some number, and registers spilled there
 * are forgotten. Memory to be filled is marked once the call is checked, for other arguments may lie in it.
 */
function handStack(v: Verification, argument: MemoryArgument, notes: CallNotes): void {
  const { number, sizeBytes, zeroAllowed, uninitialised, writes } = argument
  const pointer = v.register(number)
  if (sizeBytes === 0 && !zeroAllowed) v.refuse('VERIFIER_ZERO_SIZE', 'EACCES', 'invalid zero-sized read')
  checkStackBounds(
    v,
    number,
    pointer.offset,
    sizeBytes,
    accessWords(v, argument),
    v.profile.helperAccessWords === 'own',
  )
  const { least, greatest } = stackSpan(pointer, pointer.offset)
  const fills = uninitialised && isConstantScalar(pointer.scalar)
  if (fills) checkFillsNoDynptr(v, number, least, sizeBytes)
  else checkNoDynptr(v, pointedFrame(v, pointer), { number, least, greatest, sizeBytes }, indirectly(v))
  if (!isConstantScalar(pointer.scalar)) checkVariable(v, number, pointer)
  if (fills) {
    notes.filled = { number, sizeBytes }
    return
  }
  checkReadable(v, number, least, greatest - least + sizeBytes)
  for (let at = least; at < greatest + sizeBytes; at++) noteSlotRead(v, pointer.frameNumber, slotIndex(at))
  const mayWrite = writes || uninitialised || v.profile.helperReadsClobber
  if (mayWrite) clobberStack(v, number, least, greatest + sizeBytes)
}

function accessWords(v: Verification, { writes, uninitialised }: MemoryArgument): StackAccessKind {
  if (v.profile.helperAccessWords === 'indirect') return 'indirect access to'
  return writes || uninitialised ? 'write to' : 'read from'
}

/** Said before "read from stack" and "variable offset" of an access by a helper. */
function indirectly(v: Verification): string {
  return v.profile.helperAccessWords === 'indirect' ? ' indirect' : ''
}

function checkVariable(v: Verification, number: number, { scalar }: RegisterState): void {
  const where = `var_off=${tnumText(scalar.tnum)}`
  if (v.profile.variableStack === 'nobody') {
    v.refuse('VERIFIER_STACK_VARIABLE_OFFSET', 'EACCES', `invalid variable stack read R${number} ${where}`)
  }
  if (v.isTrusted) return
  const message = `R${number}${indirectly(v)} variable offset stack access prohibited for !root, ${where}`
  v.refuse('VERIFIER_STACK_VARIABLE_OFFSET', 'EACCES', message)
}

/** A helper may tell what it reads: of who is not trusted with them neither pointers nor what was never written. */
function checkReadable(v: Verification, number: number, from: number, sizeBytes: number): void {
  const frame = pointedFrame(v, v.register(number))
  const mayReadPointers = v.isTrusted && v.profile.handsOverPointers
  if (mayReadPointers && v.mayReadUnwritten) return
  for (let index = 0; index < sizeBytes; index++) {
    const at = from + index
    const slot = frame.slot(slotIndex(at))
    const kind = byteKind(slot, byteIndex(at))
    if (kind === BYTE_MISC || kind === BYTE_ZERO || (kind === BYTE_INVALID && v.mayReadUnwritten)) continue
    // A number that was spilled stands for its whole slot, of however many bytes it is.
    if (isSpill(slot) && (mayReadPointers || slot.spilled?.type === SCALAR)) continue
    const message = `invalid${indirectly(v)} read from stack R${number} off ${from}+${index} size ${sizeBytes}`
    v.refuse('VERIFIER_UNINITIALISED_STACK', 'EACCES', message)
  }
}

function clobberStack(v: Verification, number: number, from: number, to: number): void {
  const frame = pointedFrame(v, v.register(number))
  for (let at = from; at < to; at++) {
    const index = slotIndex(at)
    const slot = frame.slot(index)
    const kind = byteKind(slot, byteIndex(at))
    if (kind === BYTE_MISC) continue
    if (kind === BYTE_SPILL) frame.stack[index] = scrubbed(slot)
    frame.stack[index] = withByte(frame.slot(index), byteIndex(at), BYTE_MISC)
  }
}

/** A size argument after its pointer: bounded, and all of that memory there. */
export function checkMemorySize(
  v: Verification,
  number: number,
  writes: boolean,
  zeroAllowed: boolean,
  uninitialised: boolean,
  notes: CallNotes,
): void {
  const { scalar } = v.register(number)
  notes.largestSize = scalar.umax
  if (scalar.smin.hi < 0) {
    const message = `R${number} min value is negative, either use unsigned or 'var &= const'`
    v.refuse('VERIFIER_ARGUMENT_SIZE', 'EACCES', message)
  }
  const argument = {
    number: number - 1,
    sizeBytes: toUnsignedNumber(scalar.umax),
    writes,
    zeroAllowed,
    // Of memory whose size varies, the part that the helper leaves must be initialised.
    uninitialised: uninitialised && isConstantScalar(scalar),
  }
  const mayBeZero = isZero(scalar.umin)
  if (mayBeZero && v.profile.zeroSizes === 'tried') checkHelperMemory(v, { ...argument, sizeBytes: 0 }, notes)
  else if (mayBeZero && !zeroAllowed) {
    const range = `u64=[${toSignedDecimal(scalar.umin)},${toSignedDecimal(scalar.umax)}]`
    v.refuse('VERIFIER_ARGUMENT_SIZE', 'EACCES', `R${number} invalid zero-sized read: ${range}`)
  }
  if (toUnsignedNumber(scalar.umax) >= MAX_VARIABLE_OFFSET) {
    const advice = "use 'var &= const' or 'if (var < const)'"
    v.refuse('VERIFIER_ARGUMENT_SIZE', 'EACCES', `R${number} unbounded memory access, ${advice}`)
  }
  checkHelperMemory(v, argument, notes)
  markPrecise(v, number)
}
