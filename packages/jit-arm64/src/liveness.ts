import { CodegenError, type CodeRange, controlFlowGraph, liveRegisters } from '@bpfoundry/codegen'
import type { Insn } from '@bpfoundry/isa'

const NOTHING_KNOWN = new Uint16Array()

/** Live registers of the subprogram at hand, found out when something asks: most code does not. */
export class Liveness {
  readonly #insns: readonly Insn[]
  #range: CodeRange = { start: 0, end: 0 }
  #live: Uint16Array | undefined

  constructor(insns: readonly Insn[]) {
    this.#insns = insns
  }

  enter(range: CodeRange): void {
    this.#range = range
    this.#live = undefined
  }

  /** Whether a register may be read from the slot on before it is written. */
  isLiveBefore(slot: number, bpf: number): boolean {
    this.#live ??= this.#find()
    const live = this.#live[slot - this.#range.start]
    return live === undefined || (live & (1 << bpf)) !== 0
  }

  /** In a subprogram whose flow leaves it, which no verified program has, everything is taken to be live. */
  #find(): Uint16Array {
    try {
      return liveRegisters(this.#insns, controlFlowGraph(this.#insns, this.#range))
    } catch (error) {
      if (error instanceof CodegenError) return NOTHING_KNOWN
      throw error
    }
  }
}
