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

/** Read, the lower half of it at least: a part of what the path from here on depends on. */
export const READ_32 = 1
/** Read whole. */
export const READ_64 = 2
export const READ: number = READ_32 | READ_64
/** Written whole since the last state was kept: what was there before can't be read behind it. */
export const WRITTEN = 4

export class LivenessMark {
  live: number
  parent: LivenessMark | undefined

  constructor(live: number = 0, parent: LivenessMark | undefined = undefined) {
    this.live = live
    this.parent = parent
  }

  copy(): LivenessMark {
    return new LivenessMark(this.live, this.parent)
  }
}

function markAt(marks: (LivenessMark | undefined)[], index: number): LivenessMark {
  const known = marks[index]
  if (known !== undefined) return known
  const mark = new LivenessMark()
  marks[index] = mark
  return mark
}

/** Those of one frame; what has none was neither read nor written. */
export class FrameMarks {
  readonly registers: (LivenessMark | undefined)[]
  readonly slots: (LivenessMark | undefined)[]

  constructor(registers: (LivenessMark | undefined)[] = [], slots: (LivenessMark | undefined)[] = []) {
    this.registers = registers
    this.slots = slots
  }

  register(number: number): LivenessMark {
    return markAt(this.registers, number)
  }

  slot(index: number): LivenessMark {
    return markAt(this.slots, index)
  }

  copy(): FrameMarks {
    const copies = (marks: readonly (LivenessMark | undefined)[]): (LivenessMark | undefined)[] =>
      marks.map((mark) => mark?.copy())
    return new FrameMarks(copies(this.registers), copies(this.slots))
  }
}

/** `_rw`, behind the name of a register or slot; nothing where nothing is marked. */
export function markText(mark: LivenessMark | undefined): string {
  const live = mark?.live ?? 0
  if (live === 0) return ''
  return `_${(live & READ) === 0 ? '' : 'r'}${(live & WRITTEN) === 0 ? '' : 'w'}`
}
