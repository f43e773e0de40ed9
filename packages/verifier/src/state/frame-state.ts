import type { FrameMarks } from './liveness-marks.ts'
import { framePointer, type RegisterState, UNINITIALISED } from './register-state.ts'
import { SlotSet } from './slot-set.ts'
import { EMPTY_SLOT, SLOT_BYTES, type StackSlot } from './stack-slot.ts'

/** Registers r0..r10. */
export const REGISTER_COUNT = 11
/** Bytes of stack that one function may use. @see MAX_BPF_STACK in include/linux/filter.h */
export const MAX_STACK_BYTES = 512

/**
 * One function's registers and stack on the path being explored. The arrays are the frame's own and change as the path
 * goes on; what they hold is immutable, so that a copy of a frame is two shallow array copies.
 */
export class FrameState {
  readonly frameNumber: number
  /** Index of the subprogram that runs in it. */
  readonly subprogram: number
  /** Slot of the call, -1 in the entry frame. */
  readonly callSite: number
  /** A helper called it: its end goes back to the call, which may call it again. */
  readonly isCallback: boolean
  /** Rounds of the callback that the running call of this frame has made on this path. */
  callbackDepth = 0
  /** Of a callback that runs by itself, later: how many such callbacks led here, one setting the next. 0 for others. */
  asyncEntry = 0
  readonly registers: RegisterState[]
  /** Slot i is the eight bytes from fp - 8 * (i + 1) on; as many as the path has touched. */
  readonly stack: StackSlot[]
  /** In a checkpoint, bit n: register n holds a scalar whose exact value the verdict rests on. */
  preciseRegisters = 0
  /** The same of spilled scalars: bit i of the first word for slot i, of the second for slot 32 + i. */
  preciseSlotsLow = 0
  preciseSlotsHigh = 0
  /** In a checkpoint: slots that some path from there on reads before it writes them. */
  readonly readSlots: SlotSet = new SlotSet()
  /** Slots written whole since the last checkpoint. */
  readonly writtenSlots: SlotSet
  /** Marks for the log; undefined where none are kept, or nothing is marked. */
  marks: FrameMarks | undefined = undefined

  constructor(
    frameNumber: number,
    subprogram: number,
    callSite: number,
    isCallback: boolean = false,
    registers: RegisterState[] = initialRegisters(frameNumber),
    stack: StackSlot[] = [],
    writtenSlots: SlotSet = new SlotSet(),
  ) {
    this.frameNumber = frameNumber
    this.subprogram = subprogram
    this.callSite = callSite
    this.isCallback = isCallback
    this.registers = registers
    this.stack = stack
    this.writtenSlots = writtenSlots
  }

  /** A frame with the same contents, without marks. */
  copy(): FrameState {
    const { frameNumber, subprogram, callSite, isCallback, registers } = this
    const stack = this.stack.length === 0 ? [] : this.stack.slice()
    const copy = new FrameState(
      frameNumber,
      subprogram,
      callSite,
      isCallback,
      registers.slice(),
      stack,
      this.writtenSlots.copy(),
    )
    copy.callbackDepth = this.callbackDepth
    copy.asyncEntry = this.asyncEntry
    if (this.marks !== undefined) copy.marks = this.marks.copy()
    return copy
  }

  isPreciseRegister(number: number): boolean {
    return (this.preciseRegisters & (1 << number)) !== 0
  }

  isPreciseSlot(index: number): boolean {
    return ((index < 32 ? this.preciseSlotsLow : this.preciseSlotsHigh) & (1 << (index & 31))) !== 0
  }

  markPreciseRegister(number: number): void {
    this.preciseRegisters |= 1 << number
  }

  markPreciseSlot(index: number): void {
    if (index < 32) this.preciseSlotsLow |= 1 << index
    else this.preciseSlotsHigh |= 1 << (index & 31)
  }

  register(number: number): RegisterState {
    return this.registers[number] as RegisterState
  }

  slot(index: number): StackSlot {
    return this.stack[index] ?? EMPTY_SLOT
  }

  /** Makes `bytes` below the frame pointer part of the frame. */
  growStack(bytes: number): void {
    const slots = Math.ceil(bytes / SLOT_BYTES)
    while (this.stack.length < slots) this.stack.push(EMPTY_SLOT)
  }
}

function initialRegisters(frameNumber: number): RegisterState[] {
  const registers: RegisterState[] = new Array(REGISTER_COUNT).fill(UNINITIALISED)
  registers[10] = framePointer(frameNumber)
  return registers
}

/** Index of the stack slot that holds the byte at `offset` (negative) from the frame pointer. */
export function slotIndex(offset: number): number {
  return (-offset - 1) >> 3
}

/** Place of the byte at `offset` (negative) within its slot, 0..7 from the lowest address up. */
export function byteIndex(offset: number): number {
  return offset & (SLOT_BYTES - 1)
}
