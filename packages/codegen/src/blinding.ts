/**
 * Constant blinding: no number that a program's author chose stands in the code as it is, so that nobody can plant
 * machine code in immediates (JIT spraying). Each is made at run time of two random-looking ones, where that takes fewest
 * instructions: in the register that it is for, or in AX, a register that programs can't name (blinding/blinding-rules.ts):
 *
 * ```
 * r3 = 0x1234           ->   w3 = 0x1234 ^ key;  w3 ^= key
 * r3 = 1; r4 = 2        ->   w11 = base;  r3 = r11; r3 += 1 - base;  r4 = r11; r4 += 2 - base
 * r3 += 0x1234          ->   r3 += 0x1234 - key;  r3 += key
 * r3 ^= 0x1234          ->   r3 ^= 0x1234 ^ key;  r3 ^= key
 * r3 &= 0xff            ->   w3 <<= 24;  w3 >>= 24
 * r3 &= 0x1234          ->   w11 = 0x1234 ^ key;  w11 ^= key;  r3 &= r11
 * if r3 == 0x1234 goto  ->   r3 ^= 0x1234 ^ key;  if r3 == key goto        where r3 is not read again
 * if r3 > 0x1234 goto   ->   w11 = 0x1234 ^ key;  w11 ^= key;  if r3 > r11 goto
 * *(u32 *)(r3 +4) = 7   ->   w11 = 7 ^ key;  w11 ^= key;  *(u32 *)(r3 +4) = r11
 * r3 = 0x1234_5678_9 ll ->   r3 = ... ^ key64 ll;  r11 = key64 ll;  r3 ^= r11
 * ```
 *
 * In loops, constants are kept in registers that the subprogram has no use for (kept-constants.ts). A number that AX holds
 * already is not made again.
 *
 * What is blinded is what Linux blinds: ALU but shifts, conditional jumps, stores, all 64-bit immediates but addresses
 * of functions. Left as they are: 0, which says nothing; shift counts and byte-order widths, which the verifier bounds;
 * offsets of memory accesses and distances of jumps.
 *
 * @see bpf_jit_blind_constants in kernel/bpf/core.c (behaviour)
 */
import { BPF_CLASS, BPF_REG_AX, type Insn, type InstructionKind, insnSlots, lookupInsn } from '@bpfoundry/isa'
import { BLINDING_RULES, type Place } from './blinding/blinding-rules.ts'
import { type HiddenContent, HiddenRegister, type RandomU32 } from './blinding/hidden-register.ts'
import { type CodeProgram, subprogramsOf } from './code-program.ts'
import { type BasicBlock, type ControlFlowGraph, controlFlowGraphs } from './control-flow-graph.ts'
import { dominatorTree, loopDepths, loopStructure } from './dominators.ts'
import { type KeptConstants, keptConstants } from './kept-constants.ts'
import { liveRegisters, readsOf, writesOf } from './liveness.ts'
import { linkProgram, ProgramWriter, type RewrittenProgram } from './rewritten-program.ts'
import { initialWeights, type Weights } from './weights.ts'

export type { RandomU32 } from './blinding/hidden-register.ts'

/**
 * The program with all constants blinded. Runs of it give the same results; its weights keep the count.
 *
 * @param program as loaded, or what an earlier rewrite made of it
 * @throws CodegenError as {@link controlFlowGraphs}
 */
export function blindConstants(program: CodeProgram, random: RandomU32): RewrittenProgram {
  const { insns } = program
  const subprograms = subprogramsOf(program)
  const weights = program.weights ?? initialWeights(insns, subprograms)
  const writer = new ProgramWriter(insns.length)
  const namesAx = insns.some(({ dst, src }) => dst === BPF_REG_AX || src === BPF_REG_AX)
  for (const cfg of controlFlowGraphs({ insns, subprograms })) {
    const kept = keptConstants(insns, cfg, (insn, row) => insn.imm !== 0 && ruleKeeps(insn, row.name))
    const live = once(() => liveRegisters(insns, cfg))
    const depths = once(() => loopDepths(cfg, loopStructure(cfg, dominatorTree(cfg))))
    const hidden = new HiddenRegister(writer, random)
    blindSubprogram({ insns, weights, namesAx, cfg, live, depths, writer, kept, hidden })
  }
  return linkProgram(writer, subprograms)
}

/** Many programs need no such analysis. */
function once<Value>(analyse: () => Value): () => Value {
  let value: Value | undefined
  return () => (value ??= analyse())
}

const ruleKeeps = (insn: Insn, name: keyof typeof BLINDING_RULES): boolean => BLINDING_RULES[name]?.keeps(insn) === true

/** A subprogram, and what it is blinded with. */
interface Blinding {
  readonly insns: readonly Insn[]
  readonly weights: Weights
  readonly cfg: ControlFlowGraph
  /** Registers live before each slot, counted from the subprogram's first. */
  readonly live: () => Uint16Array
  /** Loops around each block. */
  readonly depths: () => Uint8Array
  /** Whether fix-ups left AX in the program. */
  readonly namesAx: boolean
  readonly writer: ProgramWriter
  readonly kept: KeptConstants
  readonly hidden: HiddenRegister
}

function blindSubprogram(blinding: Blinding): void {
  const { cfg, writer, kept, hidden } = blinding
  // The subprogram begins with the constants that it keeps.
  writer.begin(cfg.range.start)
  for (const [imm, register] of kept) hidden.makeConstant(register, imm, 64, 0)
  // What AX holds at the end of each block.
  const ends: (HiddenContent | undefined)[] = []
  for (const block of cfg.blocks) {
    hidden.content = block.predecessors.length === 1 ? ends[block.predecessors[0] as number] : undefined
    blindBlock(blinding, block)
    ends.push(hidden.content)
  }
}

function blindBlock(blinding: Blinding, block: BasicBlock): void {
  const { insns, weights, writer, hidden, cfg } = blinding
  for (let pc = block.start; pc < block.end; pc += insnSlots(insns[pc] as Insn)) {
    if (pc !== cfg.range.start) writer.begin(pc)
    const rule = ruleAt(blinding, pc)
    const weight = weights[pc] as number
    if (rule !== undefined) rule.blind(new BlindedInsn(blinding, block, pc))
    else keepInsn(writer, insns, pc, weight)
    if (mayWriteAx(blinding, pc)) hidden.content = undefined
    else if (hidden.content?.kind === 'copy') hidden.written(writesOf(insns[pc] as Insn))
  }
}

/** The rule for an instruction; undefined where nothing is to be blinded, or where AX holds something of a fix-up's. */
function ruleAt(blinding: Blinding, pc: number): (typeof BLINDING_RULES)[keyof typeof BLINDING_RULES] {
  const { insns } = blinding
  const insn = insns[pc] as Insn
  const row = lookupInsn(insn)
  const saysNothing = insn.imm === 0 && (insnSlots(insn) === 1 || insns[pc + 1]?.imm === 0)
  return row === undefined || saysNothing || isAxBusy(blinding, pc) ? undefined : BLINDING_RULES[row.name]
}

/** Whether AX holds a value across the instruction, or is named by it: fix-ups may use it, too, and take care of that. */
function isAxBusy({ insns, namesAx, live, cfg }: Blinding, pc: number): boolean {
  if (!namesAx) return false
  const insn = insns[pc] as Insn
  return ((live()[pc - cfg.range.start]! | readsOf(insn) | writesOf(insn)) & AX) !== 0
}

const AX = 1 << BPF_REG_AX

/** Kinds of instructions that leave AX alone in every engine. */
const LEAVES_AX: ReadonlySet<InstructionKind> = new Set<InstructionKind>(['alu', 'jump', 'load', 'store'])

function mayWriteAx(blinding: Blinding, pc: number): boolean {
  const row = lookupInsn(blinding.insns[pc] as Insn)
  if (row?.name === 'LD_IMM64') return isAxBusy(blinding, pc)
  return row === undefined || !LEAVES_AX.has(row.kind) || isAxBusy(blinding, pc)
}

/** One instruction that a rule works on. Fields are set one by one: this is made for every number of a program. */
class BlindedInsn implements Place {
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

  dstIsDead(): boolean {
    return isDead(this.#blinding, this.#block, this.insn.dst)
  }

  movesAhead(): boolean {
    return movesAhead(this.#blinding, this.#block, this.pc)
  }

  comparesAhead(): boolean {
    return comparesAhead(this.#blinding, this.#block, this.insn)
  }

  isInLoop(): boolean {
    return isInLoop(this.#blinding, this.#block)
  }
}

const isInLoop = ({ depths }: Blinding, { index }: BasicBlock): boolean => depths()[index]! > 0

/** Whether a register is read nowhere behind a block. */
function isDead({ live, cfg }: Blinding, { successors }: BasicBlock, register: number): boolean {
  return successors.every((next) => ((live()[cfg.blocks[next]!.start - cfg.range.start]! >> register) & 1) === 0)
}

function movesAhead(blinding: Blinding, block: BasicBlock, pc: number): boolean {
  const { insns, kept } = blinding
  for (let at = pc + insnSlots(insns[pc] as Insn); at < block.end; at += insnSlots(insns[at] as Insn)) {
    const insn = insns[at] as Insn
    const rule = ruleAt(blinding, at)
    if (rule?.moves(insn, insnSlots(insn) === 2 ? insns[at + 1] : undefined) && !kept.has(insn.imm)) return true
    if (mayWriteAx(blinding, at)) return false
    if (rule !== undefined && (rule.needsAx(insn) || isInLoop(blinding, block)) && !kept.has(insn.imm)) return false
  }
  return false
}

/** Whether a block behind the comparison, and behind nothing else, is another one of the same register with a number. */
function comparesAhead(blinding: Blinding, { index, successors }: BasicBlock, { dst, opcode }: Insn): boolean {
  const { insns, cfg, kept } = blinding
  return successors.some((next) => {
    const { start, last, predecessors } = cfg.blocks[next]!
    const insn = insns[last] as Insn
    const isOnlyWay = predecessors.length === 1 && next > index
    if (!isOnlyWay || start !== last || insn.dst !== dst || kept.has(insn.imm)) return false
    return BPF_CLASS(insn.opcode) === BPF_CLASS(opcode) && isEquality(insn) && ruleAt(blinding, last) !== undefined
  })
}

const isEquality = (insn: Insn): boolean => ['jeq', 'jne'].includes(lookupInsn(insn)?.operation ?? '')

function keepInsn(writer: ProgramWriter, insns: readonly Insn[], pc: number, weight: number): void {
  writer.keep(insns[pc] as Insn, pc, weight)
  if (insnSlots(insns[pc] as Insn) === 1) return
  writer.begin(pc + 1)
  writer.second(insns[pc + 1] as Insn)
}
