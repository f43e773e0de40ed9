import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_CALL,
  BPF_DW,
  BPF_END,
  BPF_EXIT,
  BPF_IMM,
  BPF_IND,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_LDX,
  BPF_MOV,
  BPF_NEG,
  BPF_PSEUDO_CALL,
  BPF_ST,
  BPF_STX,
  BPF_X,
  type Insn,
} from '@bpfoundry/isa'
import { helperPrototype, PROG_TYPE } from '@bpfoundry/kernel-abi'

/** What an instruction does to registers, as bits by register number. */
interface RegisterUse {
  /** Read as 64-bit numbers. */
  readonly wide: number
  /** Written: what was there before does not matter any more. */
  readonly written: number
  /** The register whose low half alone is written; -1 for none. */
  readonly narrow: number
}

const R0 = 1
const CALLER_SAVED = 0b11_1111
const ARGUMENTS = 0b11_1110

/** r1 to rn, as far as any program type's prototype of the helper has arguments. */
function argumentsOf(helper: number): number {
  const prototype = helperPrototype(PROG_TYPE.XDP, helper) ?? helperPrototype(PROG_TYPE.SCHED_CLS, helper)
  return prototype === undefined ? ARGUMENTS : ((1 << prototype.args.length) - 1) << 1
}

const NOTHING: RegisterUse = { wide: 0, written: 0, narrow: -1 }

function aluUse(insn: Insn): RegisterUse {
  const operation = insn.opcode & 0xf0
  const written = 1 << insn.dst
  if (operation === BPF_END) {
    const isWide = (insn.opcode & 7) === BPF_ALU64 || insn.imm === 64
    return { wide: isWide ? written : 0, written, narrow: isWide ? -1 : insn.dst }
  }
  if ((insn.opcode & 7) === BPF_ALU) return { wide: 0, written, narrow: insn.dst }
  const reads = operation === BPF_MOV ? 0 : written
  const source = operation !== BPF_NEG && (insn.opcode & BPF_X) !== 0 ? 1 << insn.src : 0
  return { wide: reads | source, written, narrow: -1 }
}

function loadUse(insn: Insn): RegisterUse {
  const narrow = (insn.opcode & 0x18) === BPF_DW ? -1 : insn.dst
  return { wide: 1 << insn.src, written: 1 << insn.dst, narrow }
}

function packetLoadUse(insn: Insn): RegisterUse {
  const mode = insn.opcode & 0xe0
  if (mode !== BPF_ABS && mode !== BPF_IND) return { wide: 0, written: 1 << insn.dst, narrow: -1 }
  return { wide: 1 << 6, written: CALLER_SAVED, narrow: 0 }
}

function storeUse(insn: Insn): RegisterUse {
  const source = (insn.opcode & 0x18) === BPF_DW ? 1 << insn.src : 0
  return { wide: (1 << insn.dst) | source, written: 0, narrow: -1 }
}

function jumpUse(insn: Insn): RegisterUse {
  const operation = insn.opcode & 0xf0
  if (operation === BPF_EXIT) return { wide: R0, written: 0, narrow: -1 }
  if (operation === BPF_CALL) return { wide: argumentsOf(insn.imm), written: CALLER_SAVED, narrow: -1 }
  if (operation === BPF_JA) return NOTHING
  return { wide: (1 << insn.dst) | ((insn.opcode & BPF_X) !== 0 ? 1 << insn.src : 0), written: 0, narrow: -1 }
}

/** By instruction class. @see is_reg64 in kernel/bpf/verifier.c */
const USES: Readonly<Record<number, (insn: Insn) => RegisterUse>> = {
  [BPF_ALU]: aluUse,
  [BPF_ALU64]: aluUse,
  [BPF_LD]: packetLoadUse,
  [BPF_LDX]: loadUse,
  [BPF_ST]: (insn) => ({ wide: 1 << insn.dst, written: 0, narrow: -1 }),
  [BPF_STX]: storeUse,
  [BPF_JMP]: jumpUse,
  [BPF_JMP32]: () => NOTHING,
}

const isCall = ({ opcode, src }: Insn): boolean => opcode === (BPF_JMP | BPF_CALL) && src === BPF_PSEUDO_CALL
const isExit = ({ opcode }: Insn): boolean => opcode === (BPF_JMP | BPF_EXIT)
const isWideLoad = ({ opcode }: Insn): boolean => opcode === (BPF_LD | BPF_IMM | BPF_DW)
const isJump = ({ opcode }: Insn): boolean =>
  ((opcode & 7) === BPF_JMP || (opcode & 7) === BPF_JMP32) &&
  (opcode & 0xf0) !== BPF_CALL &&
  (opcode & 0xf0) !== BPF_EXIT

/**
 * Instructions that write a low half whose register is later read as a whole: the upper half has to be cleared. The
 * verifier notes it along the paths that it explores; this is the same by data flow, over the instructions that some path
 * reached, so it may name one more where a branch is decided by numbers.
 *
 * Wide reads go backwards: those after an instruction, less what it writes, and its own. A called function's are those of
 * its caller's arguments, and what reads R0 after the call reads it at the function's exits.
 *
 * @see mark_insn_zext in kernel/bpf/verifier.c
 */
export function zeroExtended(insns: readonly Insn[], seen: (pc: number) => boolean): ReadonlySet<number> {
  const flow = new WideReads(insns, seen)
  flow.settle()
  return flow.narrowWritesReadWide()
}

class WideReads {
  readonly #insns: readonly Insn[]
  readonly #seen: (pc: number) => boolean
  readonly #uses: readonly RegisterUse[]
  /** Registers that are read as a whole from the slot on, before they are written. */
  readonly #before: Uint16Array
  /** Of a function by its start: what is read of R0 where it returns to. */
  readonly #results = new Map<number, number>()
  readonly #functionOf: Int32Array
  #changed = true

  constructor(insns: readonly Insn[], seen: (pc: number) => boolean) {
    this.#insns = insns
    this.#seen = seen
    this.#uses = insns.map((insn) => (USES[insn.opcode & 7] as (insn: Insn) => RegisterUse)(insn))
    this.#before = new Uint16Array(insns.length + 1)
    this.#functionOf = functionStarts(insns)
  }

  settle(): void {
    while (this.#changed) {
      this.#changed = false
      for (let pc = this.#insns.length - 1; pc >= 0; pc--) if (this.#seen(pc)) this.#step(pc)
    }
  }

  narrowWritesReadWide(): ReadonlySet<number> {
    const found = new Set<number>()
    for (const [pc, { narrow }] of this.#uses.entries()) {
      if (narrow >= 0 && this.#seen(pc) && (this.#after(pc) & (1 << narrow)) !== 0) found.add(pc)
    }
    return found
  }

  #step(pc: number): void {
    const insn = this.#insns[pc] as Insn
    const before = isCall(insn) ? this.#beforeCall(pc, insn) : this.#beforeOther(pc, insn)
    if (before === this.#before[pc]) return
    this.#before[pc] = before
    this.#changed = true
  }

  #beforeOther(pc: number, insn: Insn): number {
    const { wide, written } = this.#uses[pc] as RegisterUse
    const start = this.#functionOf[pc] as number
    // Returning reads nothing: the caller does, later.
    if (isExit(insn) && start !== 0) return this.#results.get(start) ?? 0
    return (this.#after(pc) & ~written) | wide
  }

  #beforeCall(pc: number, insn: Insn): number {
    const callee = pc + 1 + insn.imm
    const after = this.#after(pc)
    const results = (this.#results.get(callee) ?? 0) | (after & R0)
    if (results !== this.#results.get(callee)) {
      this.#results.set(callee, results)
      this.#changed = true
    }
    return (after & ~CALLER_SAVED) | ((this.#before[callee] as number) & ARGUMENTS)
  }

  #after(pc: number): number {
    const insn = this.#insns[pc] as Insn
    if (isExit(insn)) return 0
    const next = pc + (isWideLoad(insn) ? 2 : 1)
    if (!isJump(insn)) return this.#before[next] as number
    const target = this.#at(pc + 1 + insn.off)
    return (insn.opcode & 0xf0) === BPF_JA ? target : target | this.#at(next)
  }

  #at(pc: number): number {
    return this.#seen(pc) ? (this.#before[pc] as number) : 0
  }
}

/** By slot: where the function that it belongs to starts. */
function functionStarts(insns: readonly Insn[]): Int32Array {
  const starts = new Set(insns.flatMap((insn, pc) => (isCall(insn) ? [pc + 1 + insn.imm] : [])))
  let start = 0
  return Int32Array.from(insns, (_, pc) => {
    if (starts.has(pc)) start = pc
    return start
  })
}
