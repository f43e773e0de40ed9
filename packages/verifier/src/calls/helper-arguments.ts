/** The five registers of a helper call, held against the helper's prototype. */
import { type ArgumentType, type HelperPrototype, type HelperValue, MAP_TYPE, TYPE_FLAG } from '@bpfoundry/kernel-abi'
import { isConstantScalar } from '../domain/scalar.ts'
import { toUnsignedNumber } from '../domain/word64.ts'
import { markPrecise } from '../exploration/precision.ts'
import { checkUnmodified } from '../memory/context-access.ts'
import { checkAligned } from '../memory/memory-access.ts'
import { mayPassPacket } from '../memory/packet-access.ts'
import { unsupported } from '../report/refusal.ts'
import { isNull, type RegisterState } from '../state/register-state.ts'
import {
  baseType,
  isPacketPointer,
  MEM_ALLOC,
  MEM_PERCPU,
  PTR_TO_BTF_ID,
  PTR_TO_STACK,
  typeName,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { mayHaveFixedOffset, mayHaveOffset, mismatch } from './argument-types.ts'
import type { CallNotes } from './call-notes.ts'
import { constantKey } from './constant-key.ts'
import { constantString } from './constant-string.ts'
import { takeDynptr } from './dynptr.ts'
import { checkHelperMemory, checkMemorySize } from './helper-memory.ts'
import { checkExchanged, pointerSlot } from './kernel-pointer-slot.ts'
import { checkFieldMap, fieldMap, TIMER } from './map-field-pointer.ts'
import { transferLock } from './spin-lock.ts'
import { checkStructArgument } from './struct-argument.ts'

/** One argument of one call. */
interface Argument {
  readonly number: number
  readonly register: RegisterState
  readonly value: HelperValue<ArgumentType>
  readonly prototype: HelperPrototype
}

type Rule = (v: Verification, argument: Argument, notes: CallNotes) => void

function has(value: HelperValue<ArgumentType> | undefined, flag: keyof typeof TYPE_FLAG): boolean {
  return value !== undefined && (value.flags & TYPE_FLAG[flag]) !== 0
}

/** What is checked beyond the register's type. Types without a row here and in {@link PLAIN} are not covered yet. */
// biome-ignore format: table
const RULES: ReadonlyMap<ArgumentType, Rule> = new Map<ArgumentType, Rule>([
  ['ARG_CONST_MAP_PTR',            takeMap],
  ['ARG_PTR_TO_MAP_KEY',           takeMapKey],
  ['ARG_PTR_TO_MAP_VALUE',         takeMapValue],
  ['ARG_PTR_TO_MEM',               takeMemory],
  ['ARG_CONST_SIZE',               (v, argument, notes) => takeSize(v, argument, notes, false)],
  ['ARG_CONST_SIZE_OR_ZERO',       (v, argument, notes) => takeSize(v, argument, notes, true)],
  ['ARG_CONST_ALLOC_SIZE_OR_ZERO', takeAllocationSize],
  ['ARG_PTR_TO_FUNC',              takeFunction],
  ['ARG_PTR_TO_SPIN_LOCK',         takeLock],
  ['ARG_PTR_TO_TIMER',             takeTimer],
  ['ARG_KPTR_XCHG_DEST',           takePointerSlot],
  ['ARG_PTR_TO_DYNPTR',            (v, { number, value }, notes) => takeDynptr(v, number, value.flags, notes)],
  ['ARG_PTR_TO_CONST_STR',         (v, { number }) => void constantString(v, number)],
  ['ARG_PTR_TO_BTF_ID',            takeStruct],
  ['ARG_PTR_TO_BTF_ID_SOCK_COMMON', (v, { number, prototype }) => checkStructArgument(v, number, prototype, 'sock_common')],
])

const PLAIN: ReadonlySet<ArgumentType> = new Set<ArgumentType>([
  'ARG_PTR_TO_CTX',
  'ARG_SCALAR',
  'ARG_PTR_TO_STACK',
  'ARG_PTR_TO_RINGBUF_MEM',
  'ARG_PTR_TO_SOCK_COMMON',
  'ARG_PTR_TO_SOCKET',
  'ARG_PTR_TO_PERCPU_BTF_ID',
])

/** Checks argument `index` (0 is r1) and notes what it says. */
export function checkArgument(v: Verification, prototype: HelperPrototype, index: number, notes: CallNotes): void {
  const value = resolved(v, prototype.args[index] as HelperValue<ArgumentType>, notes)
  const number = index + 1
  const register = v.read(number)
  v.facts.record(v.pc, number, register)
  if (value.type === 'ARG_ANYTHING') {
    if (v.leaks(number)) v.refuse('VERIFIER_LEAK', 'EACCES', `R${number} leaks addr into helper function`)
    return
  }
  if (isPacketPointer(register.type) && !mayPassPacket(v, prototype.packetAccess)) {
    v.refuse('VERIFIER_PACKET_ARGUMENT', 'EACCES', 'helper access to the packet is not allowed')
  }
  const isAbsent = isNull(register) && has(value, 'PTR_MAYBE_NULL')
  if (isAbsent) markPrecise(v, number)
  else checkType(v, register, number, value, prototype, notes)
  noteReference(v, register, number, value, notes)
  const rule = RULES.get(value.type)
  if (rule === undefined && !PLAIN.has(value.type)) {
    throw v.noted(unsupported(`argument ${number} of ${prototype.name}#${prototype.id} (${value.type}) is`))
  }
  rule?.(v, { number, register, value, prototype }, notes)
}

const SOCKET_MAPS: ReadonlySet<number> = new Set([MAP_TYPE.SOCKMAP, MAP_TYPE.SOCKHASH])

/** A socket goes into such a map as what it is, not as bytes. @see resolve_map_arg_type in kernel/bpf/verifier.c */
function resolved(v: Verification, value: HelperValue<ArgumentType>, { map }: CallNotes): HelperValue<ArgumentType> {
  if (value.type !== 'ARG_PTR_TO_MAP_VALUE' || map === undefined || !SOCKET_MAPS.has(map.type)) return value
  if (value.flags !== 0) v.refuse('VERIFIER_MAP_TYPE', 'EINVAL', 'invalid arg_type for sockmap/sockhash')
  return { ...value, type: 'ARG_PTR_TO_BTF_ID_SOCK_COMMON' }
}

function checkType(
  v: Verification,
  register: RegisterState,
  number: number,
  value: HelperValue<ArgumentType>,
  prototype: HelperPrototype,
  notes: CallNotes,
): void {
  // An object of the program's own goes into a slot like one of the kernel's.
  const isOwn = notes.exchanged !== undefined && (register.type & MEM_ALLOC) !== 0
  const taken = isOwn ? register.with({ type: register.type & ~(MEM_ALLOC | MEM_PERCPU) }) : register
  const expected = mismatch(taken, value.type, value.flags)
  if (expected !== undefined) {
    const message = `R${number} type=${typeName(register.type)} expected=${expected}`
    v.refuse('VERIFIER_ARGUMENT_TYPE', 'EACCES', message)
  }
  if (value.type === 'ARG_PTR_TO_MEM' || value.type === 'ARG_PTR_TO_MAP_KEY' || value.type === 'ARG_PTR_TO_MAP_VALUE') {
    checkNotWritten(v, register, number, value, prototype)
  }
  if (notes.exchanged !== undefined) checkExchanged(v, number, notes.exchanged)
  if (has(value, 'OBJ_RELEASE') && register.type !== PTR_TO_STACK) {
    const isAny = v.profile.movedRelease === 'any'
    if (register.offset !== 0 && (isAny || baseType(register.type) === PTR_TO_BTF_ID)) {
      const message = `R${number} must have zero offset when passed to release func${isAny ? ' or trusted arg to kfunc' : ''}`
      v.refuse('VERIFIER_MODIFIED_POINTER', 'EINVAL', message)
    }
    checkUnmodified(v, number, false)
  } else if (!mayHaveOffset(register)) {
    checkUnmodified(v, number, mayHaveFixedOffset(register))
  }
}

/** The kernel's structures are no memory for a helper to write, nor for one that doesn't say that it only reads. */
function checkNotWritten(
  v: Verification,
  { type }: RegisterState,
  number: number,
  value: HelperValue<ArgumentType>,
  { name }: HelperPrototype,
): void {
  if (baseType(type) !== PTR_TO_BTF_ID || has(value, 'MEM_RDONLY')) return
  const message = `${name}() may write into memory pointed by R${number} type=${typeName(type)}`
  v.refuse('VERIFIER_READ_ONLY', 'EACCES', message)
}

function noteReference(
  v: Verification,
  register: RegisterState,
  number: number,
  value: HelperValue<ArgumentType>,
  notes: CallNotes,
): void {
  // What a dynptr refers to is told by the stack.
  if (has(value, 'OBJ_RELEASE') && value.type !== 'ARG_PTR_TO_DYNPTR') {
    if (register.referenceId === 0 && !isNull(register)) {
      const message = `R${number} must be referenced when passed to release function`
      v.refuse('VERIFIER_UNREFERENCED', 'EINVAL', message)
    }
    notes.releasedNumber = number
  }
  // The object that a slot lies in stays whose it is.
  if (register.referenceId === 0 || value.type === 'ARG_KPTR_XCHG_DEST') return
  if (notes.referenceId !== 0) {
    const message = `more than one arg with ref_obj_id R${number} ${register.referenceId} ${notes.referenceId}`
    v.refuse('VERIFIER_TWO_REFERENCES', 'EACCES', message)
  }
  notes.referenceId = register.referenceId
}

function takeMap(v: Verification, { register }: Argument, notes: CallNotes): void {
  if (notes.map !== undefined) checkFieldMap(v, TIMER, notes.map, register.map)
  notes.map = register.map
}

function takeTimer(v: Verification, { number }: Argument, notes: CallNotes): void {
  notes.map = fieldMap(v, number, TIMER)
}

function takeLock(v: Verification, { number, prototype }: Argument): void {
  transferLock(v, prototype.id, number)
}

function takePointerSlot(v: Verification, { number }: Argument, notes: CallNotes): void {
  const { map, field } = pointerSlot(v, number)
  if (map !== undefined) notes.map = map
  notes.exchanged = field
}

function takeStruct(v: Verification, { number, prototype, value }: Argument, notes: CallNotes): void {
  if (notes.exchanged === undefined) checkStructArgument(v, number, prototype, value.structName ?? '')
}

function takeFunction(_v: Verification, { register }: Argument, notes: CallNotes): void {
  notes.callback = register.subprogram
}

function takeMapKey(v: Verification, { number }: Argument, notes: CallNotes): void {
  if (notes.map === undefined) v.refuse('VERIFIER_NO_MAP', 'EACCES', 'invalid map_ptr to access map->key')
  const sizeBytes = notes.map.keySizeBytes
  if (v.profile.knowsConstantKeys && sizeBytes === 4) notes.constantKey = constantKey(v, number)
  checkHelperMemory(v, { number, sizeBytes, writes: false, zeroAllowed: false, uninitialised: false }, notes)
}

function takeMapValue(v: Verification, { number, register, value }: Argument, notes: CallNotes): void {
  if (isNull(register) && has(value, 'PTR_MAYBE_NULL')) return
  if (notes.map === undefined) v.refuse('VERIFIER_NO_MAP', 'EACCES', 'invalid map_ptr to access map->value')
  const sizeBytes = notes.map.valueSizeBytes
  const [writes, uninitialised] = [has(value, 'MEM_WRITE'), has(value, 'MEM_UNINIT')]
  checkHelperMemory(v, { number, sizeBytes, writes, zeroAllowed: false, uninitialised }, notes)
}

/** Memory of a size that the next argument gives is checked there. */
function takeMemory(v: Verification, { number, value }: Argument, notes: CallNotes): void {
  if (!has(value, 'MEM_FIXED_SIZE') || isNull(v.register(number))) return
  const [writes, uninitialised] = [has(value, 'MEM_WRITE'), has(value, 'MEM_UNINIT')]
  const sizeBytes = value.sizeBytes ?? 0
  checkHelperMemory(v, { number, sizeBytes, writes, zeroAllowed: false, uninitialised }, notes)
  if (has(value, 'MEM_ALIGNED')) checkAligned(v, number, sizeBytes)
}

/** Helpers that write to an argument of which 6.12 has no word, and its number; 6.12 forgets what any helper is handed. */
// biome-ignore format: table
const WRITTEN: ReadonlyMap<number, number> = new Map([
  [69,  2], // bpf_fib_lookup
  [101, 2], // bpf_sysctl_get_name
  [119, 2], // bpf_read_branch_records
  [147, 2], // bpf_d_path
  [149, 1], // bpf_snprintf_btf
  [165, 1], // bpf_snprintf
])

function takeSize(v: Verification, { number, prototype }: Argument, notes: CallNotes, zeroAllowed: boolean): void {
  const memory = prototype.args[number - 2]
  const writes = has(memory, 'MEM_WRITE') || WRITTEN.get(prototype.id) === number - 1
  checkMemorySize(v, number, writes, zeroAllowed, has(memory, 'MEM_UNINIT'), notes)
}

function takeAllocationSize(v: Verification, { number, register }: Argument, notes: CallNotes): void {
  if (!isConstantScalar(register.scalar)) {
    v.refuse('VERIFIER_ARGUMENT_SIZE', 'EACCES', `R${number} is not a known constant'`)
  }
  notes.allocatedBytes = toUnsignedNumber(register.scalar.tnum.value)
  markPrecise(v, number)
}
