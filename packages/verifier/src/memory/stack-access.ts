/**
 * Loads from and stores to the stack by instructions.
 *
 * A register stored whole to an aligned slot keeps its state there and gets it back when loaded whole; so does a narrower
 * store at the slot's start, for numbers. Any other store leaves bytes that are 0 or some number. At a variable offset a
 * store may hit any slot of its span, which then holds some number, and a load finds the join of its span.
 */

import { isConstantScalar, isConstantZero, sameScalar, UNKNOWN } from '../domain/scalar.ts'
import { bitLength } from '../domain/word64.ts'
import { markPrecise } from '../exploration/precision.ts'
import { noteSlotRead, noteSlotWritten } from '../exploration/stack-liveness.ts'
import { tnumText } from '../report/state-text.ts'
import { byteIndex, type FrameState, slotIndex } from '../state/frame-state.ts'
import {
  immediateRegister,
  isNull,
  type RegisterState,
  scalarRegister,
  UNKNOWN_SCALAR,
  ZERO_SCALAR,
} from '../state/register-state.ts'
import { baseType, CONST_PTR_TO_DYNPTR, PTR_TO_STACK, PTR_TO_TP_BUFFER, SCALAR } from '../state/register-type.ts'
import {
  BYTE_DYNPTR,
  BYTE_INVALID,
  BYTE_ITERATOR,
  BYTE_MISC,
  BYTE_SPILL,
  BYTE_ZERO,
  byteKind,
  isSpill,
  SLOT_BYTES,
  StackSlot,
  scrubbed,
  spillBytes,
  uniformBytes,
  withByte,
  withBytes,
} from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import { type Access, loaded } from './access.ts'
import { checkNoDynptr, destroyDynptr } from './dynptr-slots.ts'
import { checkStackBounds, pointedFrame, stackSpan } from './stack-bounds.ts'

const FRAME_POINTER = 10

export function accessStack(v: Verification, access: Access): void {
  const { pointerNumber, offset, sizeBytes, isWrite } = access
  checkStackBounds(v, pointerNumber, offset, sizeBytes, isWrite ? 'write to' : 'read from')
  const { least } = stackSpan(access.pointer, offset)
  const fixed = isConstantScalar(access.pointer.scalar)
  if (!fixed && v.profile.variableStack !== 'instructions') {
    const where = `var_off=${tnumText(access.pointer.scalar.tnum)} off=${offset} size=${sizeBytes}`
    v.refuse('VERIFIER_STACK_VARIABLE_OFFSET', 'EACCES', `variable stack access ${where}`)
  }
  const frame = pointedFrame(v, access.pointer)
  if (!isWrite && !fixed && access.valueNumber < 0) {
    const where = `var_off=${tnumText(access.pointer.scalar.tnum)} off=${offset} size=${sizeBytes}`
    const message = `variable offset stack pointer cannot be passed into helper function; ${where}`
    v.refuse('VERIFIER_STACK_VARIABLE_OFFSET', 'EACCES', message)
  }
  if (isWrite && fixed) storeFixed(v, frame, least, access)
  else if (isWrite) storeVariable(v, frame, access)
  else if (fixed) loadFixed(v, frame, least, access)
  else loadVariable(v, frame, access)
}

// ---- stores --------------------------------------------------------------------------------------------------------

/** Bits that the number may need. */
function width(register: RegisterState): number {
  return bitLength(register.scalar.umax)
}

/** A number that is copied is linked with its copy: what is learnt of one holds for the other. */
export function linkScalar(v: Verification, number: number): RegisterState {
  const register = v.register(number)
  if (register.type !== SCALAR || v.profile.links === 'none') return register
  const linked = linkedScalar(v, register)
  if (linked !== register) v.frame.registers[number] = linked
  return linked
}

function linkedScalar(v: Verification, register: RegisterState): RegisterState {
  const constant = isConstantScalar(register.scalar)
  // A number at a distance from its origin can't be the origin of others.
  const id = register.hasDelta ? 0 : register.id
  if (id !== 0) return register
  if (constant) return register.hasDelta ? scalarRegister(register.scalar) : register
  return scalarRegister(register.scalar, v.newId())
}

/** Bytes above a narrow spill: zeros may stay, bytes never written stay (privileged), others become some number. */
function bytesAboveSpill(bytes: number, spilled: number, keepsZeros: boolean): number {
  let result = bytes
  for (let index = spilled; index < SLOT_BYTES; index++) {
    const kind = (bytes >>> (4 * index)) & 0xf
    if ((kind !== BYTE_ZERO || !keepsZeros) && kind !== BYTE_INVALID)
      result = withBytes(result, index, index + 1, BYTE_MISC)
  }
  return withBytes(result, 0, spilled, BYTE_SPILL)
}

function spill(v: Verification, frame: FrameState, index: number, register: RegisterState, sizeBytes: number): void {
  const bytes = bytesAboveSpill(frame.slot(index).bytes, sizeBytes, v.profile.spills === 'any')
  v.writeSlot(frame, index, new StackSlot(bytes, register))
}

/** A pointer is stored, or over something else than numbers: a load that overtakes the store would tell of it. */
function hidesSecret(v: Verification, frame: FrameState, at: number, { sizeBytes, valueNumber }: Access): boolean {
  if (valueNumber >= 0 && v.register(valueNumber).type !== SCALAR) return true
  const slot = frame.slot(slotIndex(at))
  for (let index = 0; index < sizeBytes; index++) {
    const kind = byteKind(slot, byteIndex(at + index))
    if (kind !== BYTE_MISC && kind !== BYTE_ZERO) return true
  }
  return false
}

/** What is left of a spilled pointer after a part was overwritten would tell an address. */
function checkSpilledPointer(v: Verification, slot: StackSlot, sizeBytes: number): void {
  if (v.isTrusted || sizeBytes === SLOT_BYTES || !isSpill(slot)) return
  if (slot.spilled === undefined || slot.spilled.type === SCALAR) return
  v.refuse('VERIFIER_SPILLED_POINTER', 'EACCES', 'attempt to corrupt spilled pointer on stack')
}

/** An iterator of which a part is overwritten is none any more. */
function scrubIterator(frame: FrameState, index: number): void {
  if (frame.slot(index).iterator === undefined) return
  frame.stack[index] = new StackSlot(uniformBytes(BYTE_MISC), undefined)
}

function storeFixed(v: Verification, frame: FrameState, at: number, access: Access): void {
  const { sizeBytes, valueNumber, immediate } = access
  const index = slotIndex(at)
  checkSpilledPointer(v, frame.slot(index), sizeBytes)
  if (!v.isTrusted && hidesSecret(v, frame, at, access)) v.sanitation.putBarrierAfter(v.pc)
  destroyDynptr(v, frame, index)
  scrubIterator(frame, index)
  v.showSlot(index)
  if (sizeBytes === SLOT_BYTES) noteSlotWritten(v, frame, index)
  const value = valueNumber >= 0 ? v.register(valueNumber) : undefined
  const aligned = byteIndex(at) === 0
  if (aligned && value?.type === SCALAR && v.isCapable && keepsNumber(v, value, sizeBytes)) {
    const fits = width(value) <= 8 * sizeBytes
    spill(v, frame, index, fits ? spilledCopy(v, valueNumber) : value.unlinked(), sizeBytes)
    v.noteStackStep(frame.frameNumber, index)
  } else if (aligned && immediate !== undefined && v.isCapable && keepsImmediate(v, immediate)) {
    spill(v, frame, index, immediateRegister(immediate), sizeBytes)
    v.noteStackStep(frame.frameNumber, index)
  } else if (value !== undefined && value.type !== SCALAR && !NOT_SPILLED.has(baseType(value.type))) {
    spillPointer(v, frame, index, value, access)
  } else {
    storeBytes(v, frame, index, at, access)
  }
}

/** The number is known when it is loaded again. Zeros were bytes of their own before all numbers were kept. */
function keepsNumber({ profile: { spills } }: Verification, value: RegisterState, sizeBytes: number): boolean {
  if (spills === 'any') return true
  if (spills === 'none' || isNull(value)) return false
  if (spills === 'whole constants') return sizeBytes === SLOT_BYTES && isConstantScalar(value.scalar)
  return !sameScalar(value.scalar, UNKNOWN)
}

function keepsImmediate({ profile }: Verification, immediate: number): boolean {
  return profile.spills === 'any' || (profile.knowsStoredConstants && immediate !== 0)
}

/** Before spills had ids of their own, they had those of the register. */
function spilledCopy(v: Verification, number: number): RegisterState {
  return v.profile.links === 'moves' ? v.register(number) : linkScalar(v, number)
}

/** Of these, a copy on the stack is just some bytes. @see is_spillable_regtype in kernel/bpf/verifier.c */
const NOT_SPILLED: ReadonlySet<number> = new Set([CONST_PTR_TO_DYNPTR, PTR_TO_TP_BUFFER])

function spillPointer(v: Verification, frame: FrameState, index: number, value: RegisterState, access: Access): void {
  if (access.sizeBytes !== SLOT_BYTES) {
    v.printSourceLine(v.pc)
    v.refuse('VERIFIER_SPILL_SIZE', 'EACCES', 'invalid size of register spill')
  }
  if (frame !== v.frame && value.type === PTR_TO_STACK) {
    const message = 'cannot spill pointers to stack into stack frame of the caller'
    v.refuse('VERIFIER_SPILL_TO_CALLER', 'EINVAL', message)
  }
  spill(v, frame, index, value, SLOT_BYTES)
  v.noteStackStep(frame.frameNumber, index)
}

function storesZero(v: Verification, access: Access): boolean {
  if (access.valueNumber >= 0) return isNull(v.register(access.valueNumber))
  return access.immediate === 0 && v.profile.knowsStoredConstants
}

function storeBytes(v: Verification, frame: FrameState, index: number, at: number, access: Access): void {
  const zero = storesZero(v, access)
  if (zero && access.valueNumber >= 0) markPrecise(v, access.valueNumber)
  const from = byteIndex(at)
  const { bytes } = scrubbed(frame.slot(index))
  const stored = withBytes(bytes, from, from + access.sizeBytes, zero ? BYTE_ZERO : BYTE_MISC)
  v.writeSlot(frame, index, new StackSlot(stored, undefined))
}

function storeVariable(v: Verification, frame: FrameState, access: Access): void {
  const { least, greatest } = stackSpan(access.pointer, access.offset)
  const zero = storesZero(v, access)
  let zeroKept = false
  for (let at = least; at < greatest + access.sizeBytes; at++) destroyDynptr(v, frame, slotIndex(at))
  for (let at = least; at < greatest + access.sizeBytes; at++) {
    const index = slotIndex(at)
    const slot = frame.slot(index)
    const kind = byteKind(slot, byteIndex(at))
    const holdsZero = slot.spilled?.type === SCALAR && isConstantZero(slot.spilled.scalar)
    if (zero && kind === BYTE_SPILL && holdsZero) {
      zeroKept = true
      v.showSlot(index)
      continue
    }
    const keepsZero = zero && kind === BYTE_ZERO
    zeroKept ||= keepsZero
    const base = scrubbed(slot)
    v.writeSlot(frame, index, keepsZero ? base : withByte(base, byteIndex(at), BYTE_MISC))
  }
  if (zeroKept && access.valueNumber >= 0) markPrecise(v, access.valueNumber)
}

// ---- loads ---------------------------------------------------------------------------------------------------------

function take(v: Verification, access: Access, found: RegisterState): void {
  if (access.valueNumber < 0) return
  v.write(access.valueNumber, loaded(found, access.sizeBytes, access.signExtends))
}

function loadFixed(v: Verification, frame: FrameState, at: number, access: Access): void {
  const index = slotIndex(at)
  const slot = frame.slot(index)
  v.showSlot(index)
  noteSlotRead(v, frame.frameNumber, index)
  if (!isSpill(slot) || slot.spilled === undefined) {
    checkWritten(v, frame, at, access.sizeBytes)
    take(v, access, spanIsZero(frame, at, at + access.sizeBytes) ? ZERO_SCALAR : UNKNOWN_SCALAR)
    // Older kernels looked for the number in any slot that was loaded by the frame pointer.
    const isAsked = v.profile.precision !== 'frames' && access.pointerNumber === FRAME_POINTER
    if (isAsked && access.valueNumber >= 0) v.noteStackStep(frame.frameNumber, index)
    return
  }
  const kept = spillBytes(slot)
  if (access.sizeBytes === SLOT_BYTES && kept === SLOT_BYTES) {
    if (access.valueNumber < 0 && !v.isTrusted && slot.spilled.type !== SCALAR) {
      v.refuse('VERIFIER_LEAK', 'EACCES', `leaking pointer from stack off ${at}`)
    }
    take(v, access, slot.spilled)
    if (access.valueNumber >= 0) v.noteStackStep(frame.frameNumber, index)
    return
  }
  if (slot.spilled.type !== SCALAR) {
    v.printSourceLine(v.pc)
    v.refuse('VERIFIER_FILL_SIZE', 'EACCES', 'invalid size of register fill')
  }
  if (access.valueNumber >= 0) loadPart(v, frame, at, access, slot, kept)
}

/** Part of a spilled number: its low bytes are those of the number, other parts only known if all zero. */
function loadPart(v: Verification, frame: FrameState, at: number, access: Access, slot: StackSlot, kept: number): void {
  const index = slotIndex(at)
  const spilled = slot.spilled as RegisterState
  const { sizeBytes } = access
  const isKept = v.profile.loadsSpilledParts ? sizeBytes <= kept : sizeBytes === kept
  if (byteIndex(at) === 0 && isKept) {
    const narrows = width(spilled) > 8 * sizeBytes
    take(v, access, narrows ? spilled.unlinked() : spilled)
    v.noteStackStep(frame.frameNumber, index)
    return
  }
  const from = byteIndex(at)
  const inSpill = v.profile.loadsSpilledParts && from + sizeBytes <= kept
  if (inSpill && isConstantZero(spilled.scalar)) {
    take(v, access, ZERO_SCALAR)
    v.noteStackStep(frame.frameNumber, index)
  } else {
    checkWritten(v, frame, at, sizeBytes)
    take(v, access, spanIsZero(frame, at, at + sizeBytes) ? ZERO_SCALAR : UNKNOWN_SCALAR)
  }
}

/** Bytes that were never written may hold anything of the kernel's; those of a dynptr are for helpers. */
function checkWritten(v: Verification, frame: FrameState, at: number, sizeBytes: number): void {
  for (let index = 0; index < sizeBytes; index++) {
    const byte = at + index
    const kind = byteKind(frame.slot(slotIndex(byte)), byteIndex(byte))
    if (kind !== BYTE_DYNPTR && kind !== BYTE_ITERATOR && (kind !== BYTE_INVALID || v.mayReadUnwritten)) continue
    const message = `invalid read from stack off ${at}+${index} size ${sizeBytes}`
    v.refuse('VERIFIER_UNINITIALISED_STACK', 'EACCES', message)
  }
}

function spanIsZero(frame: FrameState, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (byteKind(frame.slot(slotIndex(at)), byteIndex(at)) !== BYTE_ZERO) return false
  }
  return true
}

/** Also scrubs nothing: a load leaves the stack as it was. Spilled pointers in the span can't be had this way. */
function loadVariable(v: Verification, frame: FrameState, access: Access): void {
  const { least, greatest } = stackSpan(access.pointer, access.offset)
  const end = greatest + access.sizeBytes
  checkNoDynptr(v, frame, { number: access.pointerNumber, least, greatest, sizeBytes: access.sizeBytes })
  for (let at = least; at < end; at++) {
    v.showSlot(slotIndex(at))
    noteSlotRead(v, frame.frameNumber, slotIndex(at))
  }
  take(v, access, spanIsZero(frame, least, end) ? ZERO_SCALAR : UNKNOWN_SCALAR)
}
