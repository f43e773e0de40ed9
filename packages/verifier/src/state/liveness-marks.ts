/**
 * Marks of who reads and who writes: kernels before 6.18 keep them beside each register and stack slot, prune by them and
 * show them in the log. Here they are kept for the log alone, and only where there is one.
 *
 * A read is marked in the states kept on the way here, so that a register of the path itself is only ever marked as
 * written. What it was in the state that was kept last is its parent; after a call that may be a register of another frame.
 * The mark that nothing will change any more (`D`) is given to states that no path comes from: the log shows none of those.
 *
 * @see enum bpf_reg_liveness in include/linux/bpf_verifier.h of 6.12
 */
import { SlotSet } from './slot-set.ts'

/** How much of a register is read: its lower half, or all of it. */
export type ReadWidth = 32 | 64

/** A register of a kept state. */
interface MarkedRegister {
  readonly marks: FrameMarks
  readonly number: number
}

const ALL_REGISTERS = 0x3ff
/** r6 to r9, which a caller finds again after a call. */
const SAVED_REGISTERS = 0x3c0

/** Those of one frame: registers by one bit each, r10 apart, and slots. */
export class FrameMarks {
  /** Registers of which the path from here on depends on the lower half, and on the whole; none is in both. */
  #read32 = 0
  #read64 = 0
  /** Written since the last state was kept: what was there before can't be read behind it. */
  #written = 0
  readonly #readSlots: SlotSet
  readonly #writtenSlots: SlotSet
  /** The frame in the state kept last. */
  #parent: FrameMarks | undefined = undefined
  /** Registers, and the number of slots, that it has. */
  #inParent = 0
  #slotsInParent = 0
  /** Registers that were handed over by another frame since: where they come from. */
  #handed: (MarkedRegister | undefined)[] | undefined = undefined

  constructor(readSlots: SlotSet = new SlotSet(), writtenSlots: SlotSet = new SlotSet()) {
    this.#readSlots = readSlots
    this.#writtenSlots = writtenSlots
  }

  copy(): FrameMarks {
    const copy = new FrameMarks(this.#readSlots.copy(), this.#writtenSlots.copy())
    copy.#read32 = this.#read32
    copy.#read64 = this.#read64
    copy.#written = this.#written
    copy.#parent = this.#parent
    copy.#inParent = this.#inParent
    copy.#slotsInParent = this.#slotsInParent
    copy.#handed = this.#handed?.slice()
    return copy
  }

  /** A copy of these was kept: nothing happened since. @param isRunning of callers only some registers are found again */
  goOnFrom(kept: FrameMarks, slots: number, isRunning: boolean): void {
    this.#read32 = 0
    this.#read64 = 0
    this.#written = 0
    this.#readSlots.clear()
    this.#writtenSlots.clear()
    this.#parent = kept
    this.#inParent = isRunning ? ALL_REGISTERS : SAVED_REGISTERS
    this.#slotsInParent = slots
    this.#handed = undefined
  }

  // ---- registers -----------------------------------------------------------------------------------------------------

  isWritten(number: number): boolean {
    return (this.#written & (1 << number)) !== 0
  }

  write(number: number): void {
    this.#written |= 1 << number
  }

  readWidth(number: number): ReadWidth | undefined {
    const bit = 1 << number
    return (this.#read64 & bit) !== 0 ? 64 : (this.#read32 & bit) !== 0 ? 32 : undefined
  }

  /** Marks a read; false where that was known. */
  read(number: number, width: ReadWidth): boolean {
    const known = this.readWidth(number)
    if (known === width || known === 64) return false
    const bit = 1 << number
    if (width === 32) this.#read32 |= bit
    else this.#read64 |= bit
    if (width === 64) this.#read32 &= ~bit
    return true
  }

  /** The frame of a kept state in which the register was; undefined where none has it. */
  origin(number: number): FrameMarks | undefined {
    if ((this.#inParent & (1 << number)) !== 0) return this.#parent
    return this.#handed?.[number]?.marks
  }

  /** Which register it was there. */
  numberInOrigin(number: number): number {
    return (this.#inParent & (1 << number)) !== 0 ? number : (this.#handed?.[number]?.number ?? number)
  }

  /** Register `as` becomes register `number` of another frame. */
  take(from: FrameMarks, number: number, as: number): void {
    const bit = 1 << as
    this.#read32 &= ~bit
    this.#read64 &= ~bit
    this.#written = from.isWritten(number) ? this.#written | bit : this.#written & ~bit
    this.#inParent &= ~bit
    const marks = from.origin(number)
    this.#handed ??= []
    this.#handed[as] = marks === undefined ? undefined : { marks, number: from.numberInOrigin(number) }
  }

  // ---- slots ---------------------------------------------------------------------------------------------------------

  isSlotRead(index: number): boolean {
    return this.#readSlots.has(index)
  }

  isSlotWritten(index: number): boolean {
    return this.#writtenSlots.has(index)
  }

  writeSlot(index: number): void {
    this.#writtenSlots.add(index)
  }

  /** Marks a read; false where that was known. */
  readSlot(index: number): boolean {
    if (this.#readSlots.has(index)) return false
    this.#readSlots.add(index)
    return true
  }

  /** The frame in a kept state that has the slot. */
  slotOrigin(index: number): FrameMarks | undefined {
    return index < this.#slotsInParent ? this.#parent : undefined
  }
}

function text(isRead: boolean, isWritten: boolean): string {
  return isRead || isWritten ? `_${isRead ? 'r' : ''}${isWritten ? 'w' : ''}` : ''
}

/** `_rw`, behind the name of a register; nothing where nothing is marked. */
export function registerMark(marks: FrameMarks | undefined, number: number): string {
  return marks === undefined ? '' : text(marks.readWidth(number) !== undefined, marks.isWritten(number))
}

/** The same for a slot. */
export function slotMark(marks: FrameMarks | undefined, index: number): string {
  return marks === undefined ? '' : text(marks.isSlotRead(index), marks.isSlotWritten(index))
}
