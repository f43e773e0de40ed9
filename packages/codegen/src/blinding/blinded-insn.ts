import { type Insn, insnSlots } from '@bpfoundry/isa'
import type { BasicBlock } from '../control-flow-graph.ts'
import type { KeptConstants } from '../kept-constants.ts'
import type { ProgramWriter } from '../rewritten-program.ts'
import { type Blinding, baseServesAhead, isInLoop, scratchRegister } from './blinded-subprogram.ts'
import type { Place } from './blinding-rule.ts'
import type { HiddenRegister } from './hidden-register.ts'

/** One instruction that a rule works on. Fields are set one by one: this is made for every number of a program. */
export class BlindedInsn implements Place {
  readonly insn: Insn
  readonly next: Insn | undefined
  readonly pc: number
  readonly weight: number
  readonly writer: ProgramWriter
  readonly hidden: HiddenRegister
  readonly kept: KeptConstants
  readonly #blinding: Blinding
  readonly #block: BasicBlock

  constructor(blinding: Blinding, block: BasicBlock, pc: number) {
    const { insns } = blinding
    this.insn = insns[pc] as Insn
    this.next = insnSlots(this.insn) === 2 ? insns[pc + 1] : undefined
    this.pc = pc
    this.weight = blinding.weights[pc] as number
    this.writer = blinding.writer
    this.hidden = blinding.hidden
    this.kept = blinding.kept
    this.#blinding = blinding
    this.#block = block
  }

  dstWidth(): number {
    return this.#blinding.widths()[this.pc - this.#blinding.cfg.range.start]!
  }

  scratch(): number {
    return scratchRegister(this.#blinding, this.#block, this.insn.dst)
  }

  baseServesAhead(): boolean {
    return baseServesAhead(this.#blinding, this.#block, this.pc)
  }

  isInLoop(): boolean {
    return isInLoop(this.#blinding, this.#block)
  }
}
