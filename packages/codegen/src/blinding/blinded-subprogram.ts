/** A subprogram that is being blinded, and what is asked of it: what AX may be used for, and what is gained by that. */
import {
  BPF_ALU32_REG,
  BPF_ALU64_REG,
  BPF_MOV,
  BPF_REG_AX,
  BPF_REG_FP,
  type Insn,
  type InstructionKind,
  insnSlots,
  lookupInsn,
} from '@bpfoundry/isa'
import type { BasicBlock, ControlFlowGraph } from '../control-flow-graph.ts'
import type { KeptConstants } from '../kept-constants.ts'
import { readsOf, writesOf } from '../liveness.ts'
import type { ProgramWriter } from '../rewritten-program.ts'
import type { Weights } from '../weights.ts'
import type { BlindingRule } from './blinding-rule.ts'
import { BLINDING_RULES } from './blinding-rules.ts'
import type { HiddenRegister } from './hidden-register.ts'

/** A subprogram, and what it is blinded with. */
export interface Blinding {
  readonly insns: readonly Insn[]
  readonly weights: Weights
  readonly cfg: ControlFlowGraph
  /** Registers live before each slot, counted from the subprogram's first. */
  readonly live: () => Uint16Array
  /** Loops around each block. */
  readonly depths: () => Uint8Array
  /** How many low bits of dst may be set before each slot, counted likewise. */
  readonly widths: () => Uint8Array
  /** Whether fix-ups left AX in the program. */
  readonly namesAx: boolean
  readonly writer: ProgramWriter
  readonly kept: KeptConstants
  readonly hidden: HiddenRegister
}

/** The rule for an instruction; undefined where nothing is to be blinded, or where AX holds something of a fix-up's. */
export function ruleAt(blinding: Blinding, pc: number): BlindingRule | undefined {
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
const LEAVES_AX: ReadonlySet<InstructionKind> = new Set<InstructionKind>([
  'alu',
  'neg',
  'movsx',
  'swap',
  'jump',
  'load',
  'store',
])

/** Whether AX may hold something else behind an instruction. */
export function mayWriteAx(blinding: Blinding, pc: number): boolean {
  const row = lookupInsn(blinding.insns[pc] as Insn)
  if (row?.name === 'LD_IMM64') return isAxBusy(blinding, pc)
  return row === undefined || !LEAVES_AX.has(row.kind) || isAxBusy(blinding, pc)
}

export const isInLoop = ({ depths }: Blinding, { index }: BasicBlock): boolean => depths()[index]! > 0

/** Registers that nobody expects anything of, in order: the ones that native back ends name in fewest bytes first. */
const SCRATCH: readonly number[] = [0, 1, 2, 3, 4, 5]

/** The register itself, else another one, that is read nowhere behind a block; AX where there is none. */
export function scratchRegister({ live, cfg, kept }: Blinding, { successors }: BasicBlock, dst: number): number {
  let taken = 1 << BPF_REG_FP
  for (const next of successors) taken |= live()[cfg.blocks[next]!.start - cfg.range.start]!
  for (const register of kept.values()) taken |= 1 << register
  const isFree = (register: number): boolean => ((taken >> register) & 1) === 0
  return isFree(dst) ? dst : (SCRATCH.find((register) => register !== dst && isFree(register)) ?? BPF_REG_AX)
}

/** How far is looked for another use of a base. */
const WINDOW_SLOTS = 24

/** Whether a base serves another instruction behind `pc`, as they stand one behind the other, before AX is written. */
export function baseServesAhead(blinding: Blinding, block: BasicBlock, pc: number): boolean {
  const { insns, kept, cfg } = blinding
  const end = Math.min(cfg.range.end, pc + WINDOW_SLOTS)
  for (let at = pc + insnSlots(insns[pc] as Insn); at < end; at += insnSlots(insns[at] as Insn)) {
    const insn = insns[at] as Insn
    const rule = ruleAt(blinding, at)
    if (mayWriteAx(blinding, at)) return false
    if (rule === undefined || kept.has(insn.imm)) continue
    if (rule.fromBase(insn, insnSlots(insn) === 2 ? insns[at + 1] : undefined)) return true
    if (rule.needsAx(insn) || (at < block.end && isInLoop(blinding, block))) return false
  }
  return false
}

/** Whether a copy is made to be added to from a base: machines do both in one step, with nothing in between. */
export function isCopyToAddTo(blinding: Blinding, block: BasicBlock, pc: number): boolean {
  const { insns, hidden, kept } = blinding
  const [copy, add] = [insns[pc] as Insn, insns[pc + 1]]
  if (!isCopy(copy) || pc + 1 >= block.end || add?.dst !== copy.dst) return false
  if (hidden.base !== undefined || kept.has(add.imm) || isAxBusy(blinding, pc)) return false
  const serves = ruleAt(blinding, pc + 1)?.fromBase(add, undefined) === true
  return serves && !isInLoop(blinding, block) && baseServesAhead(blinding, block, pc + 1)
}

const COPIES: readonly number[] = [BPF_ALU64_REG(BPF_MOV, 0, 0).opcode, BPF_ALU32_REG(BPF_MOV, 0, 0).opcode]
const isCopy = ({ opcode, off }: Insn): boolean => off === 0 && COPIES.includes(opcode)
