import { BPF_CALL_REL, BPF_JA, BPF_JMP_A, BPF_JMP32, type Insn, isCall } from '@bpfoundry/isa'

/** An instruction whose offset is not known yet: a jump's, in `off`, or a call's, in `imm`. */
interface Reference {
  readonly at: number
  readonly label: string
}

/**
 * A piece of BPF that drivers run themselves, written with the builders of `@bpfoundry/isa` and names for places.
 *
 * ```ts
 * new Routine().label('again').add(BPF_ALU64_IMM(BPF_SUB, 1, 1)).jump(BPF_JMP_IMM(BPF_JNE, 1, 0, 0), 'again')
 * ```
 */
export class Routine {
  readonly #insns: Insn[] = []
  readonly #labels = new Map<string, number>()
  readonly #references: Reference[] = []

  /** Slots so far. */
  get length(): number {
    return this.#insns.length
  }

  add(...insns: readonly Insn[]): this {
    this.#insns.push(...insns)
    return this
  }

  /** Names the place of the next instruction. */
  label(name: string): this {
    if (this.#labels.has(name)) throw new Error(`label ${name} stands twice`)
    this.#labels.set(name, this.#insns.length)
    return this
  }

  /** A jump to `label`, whose offset is filled in: the one given, or an unconditional one. */
  jump(label: string, insn: Insn = BPF_JMP_A(0)): this {
    this.#references.push({ at: this.#insns.length, label })
    return this.add(insn)
  }

  /** A BPF-to-BPF call of `label`, which may lie outside: see {@link link}. */
  call(label: string): this {
    return this.jump(label, BPF_CALL_REL(0))
  }

  /**
   * The instructions with all references resolved.
   *
   * @param outside places outside the routine, by label, in slots from the routine's start
   */
  link(outside: Readonly<Record<string, number>> = {}): readonly Insn[] {
    const insns = [...this.#insns]
    for (const { at, label } of this.#references) {
      const target = this.#labels.get(label) ?? outside[label]
      if (target === undefined) throw new Error(`no label ${label}`)
      const insn = insns[at] as Insn
      const distance = target - at - 1
      insns[at] = farReaching(insn) ? { ...insn, imm: distance } : { ...insn, off: distance }
    }
    return insns
  }
}

/** Calls and `gotol` have their distance in imm. */
function farReaching(insn: Insn): boolean {
  return isCall(insn) || insn.opcode === (BPF_JMP32 | BPF_JA)
}
