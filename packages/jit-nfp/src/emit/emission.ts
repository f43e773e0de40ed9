import { ERRNO } from '@bpfoundry/kernel-abi'
import {
  type AluOp,
  alu,
  type BrCondition,
  br,
  brBit,
  CSRS,
  cmd,
  type ImmedForm,
  immed,
  imm as immediateOperand,
  ldField,
  ldFieldClear,
  loadImmediate,
  localCsrRead,
  localCsrWrite,
  type MemoryCommand,
  type MulStep,
  type MulType,
  mulStep,
  NO_OPERAND,
  nop,
  type Operand,
  RESTRICTED_IMMEDIATE_MAX,
  rtn,
  type ShfOp,
  type Shift,
  shf,
  UNRESTRICTED_IMMEDIATE_MAX,
  type Word,
} from '@bpfoundry/microcode'
import type { NfpRelocation, NfpRelocationKind } from '../nfp-program.ts'

/** Added to addresses that are put in later, so that a dump tells them from jumps within the program. */
const OFFSET_OF_ABSOLUTE = 15000

/** A branch that relocation leads elsewhere. */
interface FarBranch {
  readonly defer?: number
  readonly helper?: number
}

/**
 * Words of a program as they come, with their relocations. It never throws at a program that is too long: what follows
 * is dropped and the errno kept, as in the driver.
 */
export class Emission {
  readonly words: Word[] = []
  readonly relocations: Map<number, NfpRelocation> = new Map()
  /** Lines for the kernel's log. */
  readonly log: string[] = []
  /** Of what went wrong last; 0 while all is well. */
  errno = 0
  readonly #maxWords: number

  constructor(maxWords: number) {
    this.#maxWords = maxWords
  }

  /** Index of the next word. */
  get here(): number {
    return this.words.length
  }

  /** Gives up, with a positive errno. */
  refuse(errno: number, line?: string): void {
    this.errno = errno
    if (line !== undefined) this.log.push(line)
  }

  /** Checks an address that was computed before the words up to it were emitted. */
  expectHere(index: number): void {
    if (this.errno === 0 && this.here !== index) throw new Error(`word ${this.here} where ${index} was announced`)
  }

  #push(word: Word, kind?: NfpRelocationKind, helper?: number): void {
    if (this.words.length >= this.#maxWords) {
      this.refuse(ERRNO.ENOSPC, `instruction limit reached (${this.words.length} NFP instructions)`)
      return
    }
    if (kind !== undefined) {
      const at = this.words.length
      this.relocations.set(at, helper === undefined ? { at, kind } : { at, kind, helper })
    }
    this.words.push(word)
  }

  /** alu[dst, left, op, right] */
  alu(dst: Operand, left: Operand, op: AluOp, right: Operand): void {
    this.#push(alu(dst, left, op, right))
  }

  /** Compares: the condition codes of left - right. */
  compare(left: Operand, right: Operand): void {
    this.alu(NO_OPERAND, left, '-', right)
  }

  /** alu[dst, --, B, src] */
  move(dst: Operand, src: Operand): void {
    this.alu(dst, NO_OPERAND, 'B', src)
  }

  /** alu_shf or dbl_shf[dst, left, op, right, shift] */
  shf(dst: Operand, left: Operand, op: ShfOp, right: Operand, shift: Shift): void {
    this.#push(shf(dst, left, op, right, shift))
  }

  /** ld_field[dst, mask, src, shift]: bytes of dst from src, the others stay. */
  ldField(dst: Operand, byteMask: number, src: Operand, shift: Shift): void {
    this.#push(ldField(dst, byteMask, src, shift))
  }

  /** ld_field_w_clr[dst, mask, src, shift]: the other bytes become 0. */
  ldFieldClear(dst: Operand, byteMask: number, src: Operand, shift: Shift): void {
    this.#push(ldFieldClear(dst, byteMask, src, shift))
  }

  /** immed[dst, value], in two words where one does not suffice. */
  load(dst: Operand, value: number): void {
    for (const word of loadImmediate(dst, value)) this.#push(word)
  }

  /** One immed[dst, value] of 16 bits. */
  immed(dst: Operand, value: number, form?: ImmedForm): void {
    this.#push(immed(dst, value, form))
  }

  /** Loads an address within the program. */
  loadAddress(dst: Operand, index: number): void {
    if (index > 0xffff) this.refuse(ERRNO.EFAULT, 'relocation of a large immediate!')
    else this.#push(immed(dst, index), 'address')
  }

  /** The value as an operand of 10 bits, or in `spare` where it does not fit. */
  unrestricted(value: number, spare: Operand): Operand {
    return this.#operand(value, spare, UNRESTRICTED_IMMEDIATE_MAX)
  }

  /** The value as an operand of 8 bits, or in `spare` where it does not fit. */
  restricted(value: number, spare: Operand): Operand {
    return this.#operand(value, spare, RESTRICTED_IMMEDIATE_MAX)
  }

  #operand(value: number, spare: Operand, most: number): Operand {
    const unsigned = value >>> 0
    if (unsigned <= most) return immediateOperand(unsigned)
    this.load(spare, unsigned)
    return spare
  }

  /** A branch within the program, to a word's index. */
  branch(condition: BrCondition, index: number, defer = 0): void {
    this.#push(br(condition, index, defer), 'branch')
  }

  /** A branch to where an instruction will lie: its target is set when all is translated. */
  branchLater(condition: BrCondition, defer = 0): void {
    this.branch(condition, 0, defer)
  }

  /** A branch that relocation leads to the outro, to a subroutine or out of the program. */
  branchFar(kind: NfpRelocationKind, { defer = 0, helper }: FarBranch = {}, condition: BrCondition = 'br'): void {
    this.#push(br(condition, OFFSET_OF_ABSOLUTE + (helper ?? 0), defer), kind, helper)
  }

  /** br_bset[src, bit, index] */
  branchIfSet(src: Operand, bit: number, index: number): void {
    this.#push(brBit(src, bit, true, index), 'branch')
  }

  /** rtn[src] */
  returnTo(src: Operand, defer = 0): void {
    this.#push(rtn(src, defer))
  }

  /** mem[...]: the stored count has three bits, longer transfers override it. */
  memory(command: MemoryCommand): void {
    this.#push(cmd({ ...command, count: command.count & 7 }))
  }

  /** mul_step[left, right] */
  mul(left: Operand, type: MulType, step: MulStep, right: Operand): void {
    this.#push(mulStep(left, type, step, right))
  }

  /** local_csr_wr[csr, src] */
  writeCsr(csr: keyof typeof CSRS, src: Operand): void {
    this.#push(localCsrWrite(CSRS[csr], src))
  }

  /** local_csr_rd[csr]: the next word receives it. */
  readCsr(csr: keyof typeof CSRS): void {
    this.#push(localCsrRead(CSRS[csr]))
  }

  nops(count: number): void {
    for (let i = 0; i < count; i++) this.#push(nop())
  }
}
