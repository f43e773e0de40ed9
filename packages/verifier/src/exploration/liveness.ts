/**
 * Who reads and writes registers and stack slots, as kernels before 6.18 find it while they explore: a read is marked from
 * the last state that was kept backwards, up to where the register was written. The longest such walk is `mark_read` of the
 * log's last line.
 *
 * @see mark_reg_read, propagate_liveness and the end of is_state_visited in kernel/bpf/verifier.c of 6.12
 */
import { BPF_ALU, BPF_ALU64, BPF_DW, BPF_END, BPF_JMP32, BPF_STX, type Insn } from '@bpfoundry/isa'
import type { FrameState } from '../state/frame-state.ts'
import { FrameMarks, type ReadWidth } from '../state/liveness-marks.ts'
import { SCALAR } from '../state/register-type.ts'

const FRAME_POINTER = 10
/** The first register that a caller finds again after a call. */
const FIRST_SAVED = 6

/** How much the instruction reads of a register of that type. @see is_reg64 */
export function widthRead({ opcode, imm }: Insn, type: number): ReadWidth {
  const operation = opcode & 0xf0
  switch (opcode & 0x07) {
    case BPF_ALU64:
      return operation !== BPF_END || imm === 64 ? 64 : 32
    case BPF_ALU:
      return operation === BPF_END && imm === 64 ? 64 : 32
    case BPF_JMP32:
      return 32
    case BPF_STX:
      return type !== SCALAR || (opcode & 0x18) === BPF_DW ? 64 : 32
    default:
      return 64
  }
}

function marksOf(frame: FrameState): FrameMarks {
  frame.marks ??= new FrameMarks()
  return frame.marks
}

export class Liveness {
  /** States that the longest walk went back over. */
  longestWalk = 0

  readRegister({ marks }: FrameState, number: number, width: ReadWidth): void {
    if (marks !== undefined && number !== FRAME_POINTER) this.#walk(marks, number, width, 0)
  }

  writeRegister(frame: FrameState, number: number): void {
    marksOf(frame).write(number)
  }

  readSlot({ marks }: FrameState, index: number): void {
    if (marks !== undefined) this.#walkSlot(marks, index, 0)
  }

  /** All eight bytes are others now. */
  writeSlot(frame: FrameState, index: number): void {
    marksOf(frame).writeSlot(index)
  }

  /** Register `number` of a frame becomes register `as` of another one, with where it comes from. */
  hand(from: FrameState, number: number, to: FrameState, as: number): void {
    if (from.marks !== undefined) marksOf(to).take(from.marks, number, as)
  }

  /** `kept` is a copy of `now`, which goes on from there. */
  keep(kept: readonly FrameState[], now: readonly FrameState[]): void {
    now.forEach((frame, index) => {
      marksOf(frame).goOnFrom(marksOf(kept[index] as FrameState), frame.stack.length, index === now.length - 1)
    })
  }

  /** The path is covered by `kept`: what is read from there on is read from here on. */
  adopt(kept: readonly FrameState[], now: readonly FrameState[]): void {
    now.forEach((frame, index) => {
      const own = marksOf(frame)
      const { marks: old, stack } = kept[index] as FrameState
      if (old === undefined) return
      for (let number = index < now.length - 1 ? FIRST_SAVED : 0; number < FRAME_POINTER; number++) {
        const width = old.readWidth(number)
        if (width !== undefined && own.read(number, width)) this.#walk(own, number, width, 1)
      }
      for (let slot = 0; slot < Math.min(frame.stack.length, stack.length); slot++) {
        if (old.isSlotRead(slot) && own.readSlot(slot)) this.#walkSlot(own, slot, 1)
      }
    })
  }

  /** Marks the read in the states that the register comes from; `steps` are marked already. */
  #walk(marks: FrameMarks, number: number, width: ReadWidth, steps: number): void {
    let [from, register, count] = [marks, number, steps]
    while (!from.isWritten(register)) {
      const origin = from.origin(register)
      if (origin === undefined) break
      register = from.numberInOrigin(register)
      if (!origin.read(register, width)) break
      from = origin
      count++
    }
    this.longestWalk = Math.max(this.longestWalk, count)
  }

  #walkSlot(marks: FrameMarks, index: number, steps: number): void {
    let [from, count] = [marks, steps]
    while (!from.isSlotWritten(index)) {
      const origin = from.slotOrigin(index)
      if (origin === undefined || !origin.readSlot(index)) break
      from = origin
      count++
    }
    this.longestWalk = Math.max(this.longestWalk, count)
  }
}
