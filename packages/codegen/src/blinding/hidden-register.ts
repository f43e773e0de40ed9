/**
 * AX, which programs can't name, as blinding uses it: it holds a constant that an instruction takes from there, or a random
 * number that others start from; what it holds is known until something else may have written it.
 */
import { BPF_ADD, BPF_ALU32_IMM, BPF_ALU32_REG, BPF_ALU64_IMM, BPF_MOV, BPF_REG_AX, BPF_XOR } from '@bpfoundry/isa'
import type { ProgramWriter } from '../rewritten-program.ts'

/** 32 random bits, unpredictable to who loads programs: of a cryptographic generator, other ones each load. */
export type RandomU32 = () => number

/** What AX holds: a program's number, sign-extended to so many bits; or a random number from 0 to 2^31 - 1. */
export type HiddenContent =
  | { readonly kind: 'constant'; readonly imm: number; readonly bits: 32 | 64 }
  | { readonly kind: 'base'; readonly value: number }

/** Makes a program's numbers of random-looking ones. */
export class HiddenRegister {
  readonly #writer: ProgramWriter
  readonly #random: RandomU32
  /** Undefined where nobody knows. */
  content: HiddenContent | undefined

  constructor(writer: ProgramWriter, random: RandomU32) {
    this.#writer = writer
    this.#random = random
  }

  /** A number to hide another one with. */
  key(): number {
    return this.#random() | 0
  }

  /**
   * `register` = imm in two steps, 32 bits or 64 bits sign-extended: the sign extension of an xor is the xor of both. Of a
   * number that is not negative both are the same, and 32 bits are shorter.
   */
  makeConstant(register: number, imm: number, bits: 32 | 64, weight: number): void {
    const aluImm = bits === 32 || imm >= 0 ? BPF_ALU32_IMM : BPF_ALU64_IMM
    const key = this.key()
    this.#writer.make(aluImm(BPF_MOV, register, imm ^ key), weight)
    this.#writer.make(aluImm(BPF_XOR, register, key), 0)
    if (register === BPF_REG_AX) this.content = { kind: 'constant', imm, bits: imm >= 0 ? 64 : bits }
  }

  /** Whether AX holds imm, of which the low 32 bits at least are right. */
  holds(imm: number, bits: 32 | 64): boolean {
    const held = this.content
    return held?.kind === 'constant' && held.imm === imm && held.bits >= bits
  }

  /** AX = imm, whose low 32 bits at least are right; nothing is to be done where it holds that, little where it is a base. */
  hold(imm: number, bits: 32 | 64): void {
    if (this.holds(imm, bits)) return
    const { base } = this
    if (base !== undefined && (imm >= 0 || bits === 32)) {
      const aluImm = imm >= 0 ? BPF_ALU64_IMM : BPF_ALU32_IMM
      this.#writer.make(aluImm(BPF_ADD, BPF_REG_AX, imm - base), 0)
      this.content = { kind: 'constant', imm, bits: imm >= 0 ? 64 : 32 }
    } else this.makeConstant(BPF_REG_AX, imm, bits, 0)
  }

  /** The random number that AX holds to start from, from 0 to 2^31 - 1; undefined where it holds none. */
  get base(): number | undefined {
    return this.content?.kind === 'base' ? this.content.value : undefined
  }

  /** The base, made where AX holds none: it hides numbers until AX is needed for something else. */
  needBase(): number {
    return this.base ?? this.#makeBase()
  }

  /** `w1 = imm   ->   w1 = w11; w1 += imm - base`, which machines do in one step. */
  moveFromBase(register: number, imm: number, weight: number): void {
    const base = this.needBase()
    this.#writer.make(BPF_ALU32_REG(BPF_MOV, register, BPF_REG_AX), weight)
    this.#writer.make(BPF_ALU32_IMM(BPF_ADD, register, imm - base), 0)
  }

  #makeBase(): number {
    const value = this.#random() >>> 1
    this.#writer.make(BPF_ALU32_IMM(BPF_MOV, BPF_REG_AX, value), 0)
    this.content = { kind: 'base', value }
    return value
  }
}
