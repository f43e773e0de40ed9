/**
 * Addition and subtraction of a number and a pointer.
 *
 * A known number goes into the fixed part of the offset; any other makes a new variable part, of which the result is a
 * new base: a packet pointer then gets a new id and loses the range that comparisons proved for the old base (subtracting
 * a non-negative number keeps it: what was readable above is still above). All parts are kept far below 2^31, so that no
 * sum of them overflows the machine's addresses.
 */
import { BPF_ADD, BPF_SUB, BPF_X, type Insn } from '@bpfoundry/isa'
import { repair, synchronise } from '../domain/bounds-deduction.ts'
import { forgetRange32, isConstantScalar, type KnownScalar } from '../domain/scalar.ts'
import { addRanges64, subtractRanges64 } from '../domain/scalar-arithmetic.ts'
import { tnumAdd, tnumSubtract } from '../domain/tnum.ts'
import { equals, S64_MIN, toSignedDecimal, toSignedNumber } from '../domain/word64.ts'
import { checkRegion, MAX_VARIABLE_OFFSET } from '../memory/region-access.ts'
import { checkNoFields } from '../memory/special-fields.ts'
import { isUntrustedMemory } from '../memory/untrusted-memory.ts'
import { Refusal } from '../report/refusal.ts'
import { tnumText } from '../report/state-text.ts'
import { MAX_STACK_BYTES } from '../state/frame-state.ts'
import { type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  baseType,
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  isPacketPointer,
  mayBeNull,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TO_TP_BUFFER,
  typeName,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'
import {
  closeWindow,
  type Move,
  needsSanitation,
  openWindow,
  type SanitationFailure,
  sanitationWords,
  type Window,
} from './sanitation.ts'

const CODE = 'VERIFIER_POINTER_ARITHMETIC'

/** Pointers that may be moved. A map pointer may only have 0 added, one to flow keys what is known. */
// biome-ignore format: table
const MOVABLE: ReadonlySet<number> = new Set([
  PTR_TO_CTX, PTR_TO_MAP_VALUE, PTR_TO_MAP_KEY, PTR_TO_STACK, PTR_TO_PACKET_META, PTR_TO_PACKET, PTR_TO_BTF_ID, PTR_TO_MEM,
  PTR_TO_BUF, PTR_TO_FUNC, CONST_PTR_TO_DYNPTR, PTR_TO_TP_BUFFER,
])

const OPERATOR_SYMBOLS: ReadonlyMap<number, string> = new Map([
  [0x00, '+='],
  [0x10, '-='],
  [0x20, '*='],
  [0x30, '/='],
  [0x40, '|='],
  [0x50, '&='],
  [0x60, '<<='],
  [0x70, '>>='],
  [0x80, 'neg'],
  [0x90, '%='],
  [0xa0, '^='],
  [0xb0, '='],
  [0xc0, 's>>='],
  [0xd0, 'endian'],
])

const BITWISE: ReadonlySet<string> = new Set(['&=', '|=', '^='])

/** The operator as the log names it: `+=`. */
export function operatorSymbol(operation: number): string {
  return OPERATOR_SYMBOLS.get(operation) ?? '?'
}

/** One operand of the sum is out of the range in which sums can't overflow. */
function checkSane(v: Verification, register: RegisterState, type: number): void {
  const { scalar, offset } = register
  const name = (): string => typeName(type)
  const known = toSignedNumber(scalar.tnum.value)
  if (isConstantScalar(scalar) && Math.abs(known) >= MAX_VARIABLE_OFFSET) {
    const value = toSignedDecimal(scalar.tnum.value)
    v.refuse(CODE, 'EINVAL', `math between ${name()} pointer and ${value} is not allowed`)
  }
  if (Math.abs(offset) >= MAX_VARIABLE_OFFSET) {
    v.refuse(CODE, 'EINVAL', `${name()} pointer offset ${offset} is not allowed`)
  }
  if (equals(scalar.smin, S64_MIN)) {
    const message = `math between ${name()} pointer and register with unbounded min value is not allowed`
    v.refuse(CODE, 'EINVAL', message)
  }
  if (Math.abs(toSignedNumber(scalar.smin)) >= MAX_VARIABLE_OFFSET) {
    v.refuse(CODE, 'EINVAL', `value ${toSignedDecimal(scalar.smin)} makes ${name()} pointer be out of bounds`)
  }
}

function checkMovable(
  v: Verification,
  number: number,
  pointer: RegisterState,
  operation: number,
  delta: KnownScalar,
): void {
  const name = (): string => v.typeText(pointer.type)
  if (mayBeNull(pointer.type)) {
    const message = `R${number} pointer arithmetic on ${name()} prohibited, null-check it first`
    v.refuse(CODE, 'EACCES', message)
  }
  const base = baseType(pointer.type)
  const isKnown = isConstantScalar(delta)
  const addsZero = operation === BPF_ADD && isKnown && toSignedNumber(delta.smin) === 0
  const isException = base === CONST_PTR_TO_MAP ? addsZero : base === PTR_TO_FLOW_KEYS && isKnown
  if (!MOVABLE.has(base) && !isException) {
    v.refuse(CODE, 'EACCES', `R${number} pointer arithmetic on ${name()} prohibited`)
  }
}

function fitsInt32(value: number): boolean {
  return value >= -0x80000000 && value <= 0x7fffffff
}

function addTo(v: Verification, pointer: RegisterState, delta: KnownScalar): RegisterState {
  const moved = pointer.offset + toSignedNumber(delta.smin)
  if (isConstantScalar(delta) && fitsInt32(moved)) return pointer.with({ offset: moved })
  const scalar = pointer.scalar.clone()
  addRanges64(scalar, delta)
  scalar.tnum = tnumAdd(pointer.scalar.tnum, delta.tnum)
  const packet = isPacketPointer(pointer.type) ? { id: v.newId(), packetRange: 0 } : {}
  return pointer.with({ scalar, ...packet })
}

function subtractFrom(v: Verification, number: number, pointer: RegisterState, delta: KnownScalar): RegisterState {
  if (pointer.type === PTR_TO_STACK) {
    v.refuse(CODE, 'EACCES', `R${number} subtraction from stack pointer prohibited`)
  }
  const moved = pointer.offset - toSignedNumber(delta.smin)
  if (isConstantScalar(delta) && fitsInt32(moved)) return pointer.with({ offset: moved })
  const scalar = pointer.scalar.clone()
  subtractRanges64(scalar, delta)
  scalar.tnum = tnumSubtract(pointer.scalar.tnum, delta.tnum)
  const packetRange = delta.smin.hi < 0 ? 0 : pointer.packetRange
  const packet = isPacketPointer(pointer.type) ? { id: v.newId(), packetRange } : {}
  return pointer.with({ scalar, ...packet })
}

/** The pointer's variable part, brought in step; of 32 bits nothing is tracked. */
function settled(pointer: RegisterState): RegisterState {
  if (isConstantScalar(pointer.scalar)) return pointer
  const scalar = pointer.scalar.clone()
  forgetRange32(scalar)
  synchronise(scalar)
  repair(scalar)
  return pointer.withScalar(scalar)
}

/**
 * `number op= ...` where one operand is a pointer and the other a number.
 *
 * @param pointerIsTarget false for `scalar op= pointer`
 */
export function movePointer(
  v: Verification,
  insn: Insn,
  is32: boolean,
  pointer: RegisterState,
  delta: RegisterState,
  pointerIsTarget: boolean,
): void {
  const number = insn.dst
  const operation = insn.opcode & 0xf0
  if (is32) {
    // Half of a pointer is a meaningless number; the difference of two is one that programs do take.
    if (operation !== BPF_SUB || !v.isTrusted) {
      v.refuse(CODE, 'EACCES', `R${number} 32-bit pointer arithmetic prohibited`)
    }
    v.write(number, UNKNOWN_SCALAR)
    return
  }
  if (isUntrustedMemory(pointer.type)) {
    v.write(number, pointer)
    return
  }
  checkMovable(v, number, pointer, operation, delta.scalar)
  checkSane(v, delta, pointer.type)
  checkSane(v, pointer, pointer.type)
  const move = { operation, pointer, delta, pointerIsTarget }
  const window = maskBefore(v, insn, move)
  const moved = moveBy(v, number, operation, pointer, delta.scalar, pointerIsTarget)
  checkSane(v, moved, pointer.type)
  v.write(number, settled(moved))
  if (v.isTrusted) return
  checkInside(v, number)
  if (window !== undefined) maskAfter(v, insn, window, pointerIsTarget)
}

// ---- guards against speculation ------------------------------------------------------------------------------------

/** Refuses an operation that can't be masked. `numberInTarget`: in `number += pointer`. */
export function refuseUnmasked(
  v: Verification,
  insn: Insn,
  failure: SanitationFailure,
  numberInTarget: boolean,
): never {
  const words = sanitationWords(failure, insn.dst, insn.src, insn.opcode & 0xf0, numberInTarget)
  return v.refuse('VERIFIER_SPECULATION', 'EACCES', words)
}

/** Asks for a mask, and queues the path on which the mask cut the number to 0. */
function maskBefore(v: Verification, insn: Insn, move: Move): Window | undefined {
  const usesRegister = (insn.opcode & 0x08) === BPF_X
  if (v.isTrusted || !usesRegister || !needsSanitation(move.operation)) return undefined
  const isConstant = isConstantScalar(move.delta.scalar)
  let window: Window | undefined
  if (!v.state.isSpeculative) {
    const opened = openWindow(move)
    if (typeof opened === 'string') refuseUnmasked(v, insn, opened, !move.pointerIsTarget)
    if (!isConstant) v.sanitation.exploresLimits = true
    window = opened
  }
  if (!isConstant) v.pushSpeculative(v.pc + 1).frame.registers[insn.dst] = move.pointer
  return window
}

function maskAfter(v: Verification, insn: Insn, window: Window, pointerIsTarget: boolean): void {
  const mask = closeWindow(window, v.register(insn.dst))
  const failure = typeof mask === 'string' ? mask : v.sanitation.ask(v.pc, mask)
  if (failure !== undefined) refuseUnmasked(v, insn, failure, !pointerIsTarget)
}

/** A pointer of an untrusted program stays inside its object, so that a mask can keep it there. */
function checkInside(v: Verification, number: number): void {
  const { type, scalar, offset } = v.register(number)
  if (type === PTR_TO_STACK) {
    const at = offset + toSignedNumber(scalar.tnum.value)
    if (!isConstantScalar(scalar)) {
      const where = `var_off=${tnumText(scalar.tnum)} off=${at}`
      v.refuse('VERIFIER_SPECULATION', 'EACCES', `R${number} variable stack access prohibited for !root, ${where}`)
    }
    if (at < 0 && at >= -MAX_STACK_BYTES) return
    const message = `R${number} stack pointer arithmetic goes out of range, prohibited for !root; off=${at}`
    v.refuse('VERIFIER_SPECULATION', 'EACCES', message)
  }
  if (type === PTR_TO_MAP_VALUE) checkInsideValue(v, number)
}

function checkInsideValue(v: Verification, number: number): void {
  const { offset, map } = v.register(number)
  try {
    checkRegion(v, number, offset, 1, (map as VerifierMap).valueSizeBytes, false)
    checkNoFields(v, number, offset, 1)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const message = `R${number} pointer arithmetic of map value goes out of range, prohibited for !root`
    v.refuse('VERIFIER_SPECULATION', 'EACCES', message)
  }
}

function moveBy(
  v: Verification,
  number: number,
  operation: number,
  pointer: RegisterState,
  delta: KnownScalar,
  pointerIsTarget: boolean,
): RegisterState {
  if (operation === BPF_ADD) return addTo(v, pointer, delta)
  if (operation === BPF_SUB && pointerIsTarget) return subtractFrom(v, number, pointer, delta)
  if (operation === BPF_SUB) {
    v.refuse(CODE, 'EACCES', `R${number} tried to subtract pointer from scalar`)
  }
  const symbol = operatorSymbol(operation)
  const message = BITWISE.has(symbol)
    ? `R${number} bitwise operator ${symbol} on pointer prohibited`
    : `R${number} pointer arithmetic with ${symbol} operator prohibited`
  return v.refuse(CODE, 'EACCES', message)
}
