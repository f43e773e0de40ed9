/** Bounds of stack accesses. */
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import { tnumText } from '../report/state-text.ts'
import { type FrameState, MAX_STACK_BYTES } from '../state/frame-state.ts'
import type { RegisterState } from '../state/register-state.ts'
import { SLOT_BYTES } from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import { MAX_VARIABLE_OFFSET } from './region-access.ts'

/** How an access is called in messages. */
export type StackAccessKind = 'read from' | 'write to' | 'indirect access to'

/** Offsets from the frame pointer that an access of one byte may start at. */
export interface StackSpan {
  readonly least: number
  readonly greatest: number
}

/** The frame that a stack pointer points into. */
export function pointedFrame(v: Verification, pointer: RegisterState): FrameState {
  return v.state.frames[pointer.frameNumber] as FrameState
}

/** Where `offset` from the pointer may lie, the variable part included. */
export function stackSpan(pointer: RegisterState, offset: number): StackSpan {
  const { scalar } = pointer
  if (isConstantScalar(scalar)) {
    const at = toSignedNumber(scalar.tnum.value) + offset
    return { least: at, greatest: at }
  }
  return { least: toSignedNumber(scalar.smin) + offset, greatest: toSignedNumber(scalar.smax) + offset }
}

/** Bytes of its frame that the program wrote to so far: below them there is nothing for it to read. */
function touchedBytes(v: Verification, pointer: RegisterState): number {
  return pointedFrame(v, pointer).stack.length * SLOT_BYTES
}

/** Refuses an access that may leave the frame's 512 bytes; otherwise makes the frame large enough for it. */
export function checkStackBounds(
  v: Verification,
  number: number,
  offset: number,
  sizeBytes: number,
  kind: StackAccessKind,
  isDirect: boolean = true,
): void {
  const pointer = v.register(number)
  const isFixed = isConstantScalar(pointer.scalar)
  const { least, greatest } = stackSpan(pointer, offset)
  if (!isFixed) {
    const { smin, smax } = pointer.scalar
    if (toSignedNumber(smax) >= MAX_VARIABLE_OFFSET || toSignedNumber(smin) <= -MAX_VARIABLE_OFFSET) {
      const message = `invalid unbounded variable-offset ${kind} stack R${number}`
      v.refuse('VERIFIER_STACK_BOUNDS', 'EACCES', message)
    }
  }
  const lowest = kind === 'read from' && isDirect && !v.mayReadUnwritten ? -touchedBytes(v, pointer) : -MAX_STACK_BYTES
  const below = least < lowest || least > -1
  const above = greatest + sizeBytes > 0
  if (below || above || sizeBytes < 0) {
    const errno = below ? 'EACCES' : above ? 'EINVAL' : 'EFAULT'
    const variable = isFixed ? '' : ` var_off=${tnumText(pointer.scalar.tnum)}`
    const shape = isFixed ? 'invalid' : 'invalid variable-offset'
    const message = `${shape} ${kind} stack R${number}${variable} off=${offset} size=${sizeBytes}`
    v.refuse('VERIFIER_STACK_BOUNDS', errno, message)
  }
  const frame = pointedFrame(v, pointer)
  v.notes.fastcall?.noteAccess(frame.subprogram, v.pc, least)
  v.requireStack(frame, -least)
}
