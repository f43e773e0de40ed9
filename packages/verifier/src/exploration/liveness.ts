/**
 * Who reads and writes registers and stack slots, as kernels before 6.18 find it while they explore: a read is marked from
 * the last state that was kept backwards, up to where the register was written. The longest such walk is `mark_read` of the
 * log's last line.
 *
 * @see mark_reg_read, propagate_liveness and the end of is_state_visited in kernel/bpf/verifier.c of 6.12
 */
import { BPF_ALU, BPF_ALU64, BPF_DW, BPF_END, BPF_JMP32, BPF_STX, type Insn } from '@bpfoundry/isa'
import type { FrameState } from '../state/frame-state.ts'
import { FrameMarks, LivenessMark, READ, READ_32, READ_64, WRITTEN } from '../state/liveness-marks.ts'
import { SCALAR } from '../state/register-type.ts'

const FRAME_POINTER = 10
/** The first register that a caller finds again after a call. */
const FIRST_SAVED = 6

/** The instruction reads more than the lower half of a register of that type. @see is_reg64 */
export function readsWhole({ opcode, imm }: Insn, type: number): boolean {
  const operation = opcode & 0xf0
  switch (opcode & 0x07) {
    case BPF_ALU64:
      return operation !== BPF_END || imm === 64
    case BPF_ALU:
      return operation === BPF_END && imm === 64
    case BPF_JMP32:
      return false
    case BPF_STX:
      return type !== SCALAR || (opcode & 0x18) === BPF_DW
    default:
      return true
  }
}

function marksOf(frame: FrameState): FrameMarks {
  frame.marks ??= new FrameMarks()
  return frame.marks
}

export class Liveness {
  /** States that the longest walk went back over. */
  longestWalk = 0

  readRegister(frame: FrameState, number: number, isWhole: boolean): void {
    if (number === FRAME_POINTER) return
    const mark = marksOf(frame).register(number)
    this.#walk(mark, mark.parent, isWhole ? READ_64 : READ_32)
  }

  writeRegister(frame: FrameState, number: number): void {
    marksOf(frame).register(number).live |= WRITTEN
  }

  readSlot(frame: FrameState, index: number): void {
    const mark = marksOf(frame).slot(index)
    this.#walk(mark, mark.parent, READ_64)
  }

  /** All eight bytes are others now. */
  writeSlot(frame: FrameState, index: number): void {
    marksOf(frame).slot(index).live |= WRITTEN
  }

  /** Register `number` of a frame becomes the register of another one, with where it comes from. */
  hand(from: FrameState, number: number, to: FrameState, as: number = number): void {
    marksOf(to).registers[as] = marksOf(from).registers[number]?.copy()
  }

  /** `kept` is a copy of `now`, which goes on from there. */
  keep(kept: readonly FrameState[], now: readonly FrameState[]): void {
    now.forEach((frame, index) => {
      const { registers, slots } = marksOf(frame)
      const before = marksOf(kept[index] as FrameState)
      // Registers that a caller doesn't find again keep the parents that they have.
      for (let number = 0; number < FRAME_POINTER; number++) {
        const parent =
          index < now.length - 1 && number < FIRST_SAVED ? registers[number]?.parent : before.register(number)
        registers[number] = new LivenessMark(0, parent)
      }
      for (let slot = 0; slot < frame.stack.length; slot++) slots[slot] = new LivenessMark(0, before.slot(slot))
    })
  }

  /** The path is covered by `kept`: what is read from there on is read from here on. */
  adopt(kept: readonly FrameState[], now: readonly FrameState[]): void {
    now.forEach((frame, index) => {
      const old = marksOf(kept[index] as FrameState)
      const own = marksOf(frame)
      for (let number = index < now.length - 1 ? FIRST_SAVED : 0; number < FRAME_POINTER; number++) {
        this.#adopt(old.registers[number], own.register(number))
      }
      const slots = Math.min(frame.stack.length, (kept[index] as FrameState).stack.length)
      for (let slot = 0; slot < slots; slot++) this.#adopt(old.slots[slot], own.slot(slot))
    })
  }

  #adopt(old: LivenessMark | undefined, own: LivenessMark): void {
    const flag = (old?.live ?? 0) & READ
    const known = own.live & READ
    if (old === undefined || flag === 0 || known === flag || known === READ_64) return
    this.#walk(old, own, flag)
  }

  /** Marks `parent` and what it came from. Writes to `mark` count only where it came from `parent`. */
  #walk(mark: LivenessMark, parent: LivenessMark | undefined, flag: number): void {
    let from = mark
    let to = parent
    let heedsWrites = parent === mark.parent
    let steps = 0
    while (to !== undefined) {
      if (heedsWrites && (from.live & WRITTEN) !== 0) break
      if ((to.live & READ) === flag || (to.live & READ_64) !== 0) break
      to.live = flag === READ_64 ? (to.live & ~READ_32) | READ_64 : to.live | flag
      from = to
      to = from.parent
      heedsWrites = true
      steps++
    }
    if (steps > this.longestWalk) this.longestWalk = steps
  }
}
