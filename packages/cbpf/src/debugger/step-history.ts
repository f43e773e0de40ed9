import type { ClassicInsn } from '../classic-insn.ts'
import type { ClassicState } from '../classic-state.ts'
import { lookupClassic } from '../instruction-table.ts'

/** What a step overwrites: registers, and the cell of a store. */
interface Overwritten {
  readonly pc: number
  readonly a: number
  readonly x: number
  /** -1: no cell. */
  readonly cell: number
  readonly value: number
}

/** What the steps of a run overwrote, so that it can go back: a program changes at most one cell a step. */
export class StepHistory {
  readonly #steps: Overwritten[] = []

  /** Steps that can be taken back. */
  get length(): number {
    return this.#steps.length
  }

  /** Before `insn` is executed. */
  push({ pc, a, x, cells }: ClassicState, { code, k }: ClassicInsn): void {
    const cell = lookupClassic(code)?.kind === 'store' ? k : -1
    this.#steps.push({ pc, a, x, cell, value: cells[cell] ?? 0 })
  }

  /** Takes the last step back; false where there is none. */
  undo(state: ClassicState): boolean {
    const step = this.#steps.pop()
    if (step === undefined) return false
    state.pc = step.pc
    state.a = step.a
    state.x = step.x
    if (step.cell >= 0) state.cells[step.cell] = step.value
    state.executed--
    state.result = undefined
    return true
  }

  clear(): void {
    this.#steps.length = 0
  }
}
