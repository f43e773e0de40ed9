/**
 * Control-flow graphs of programs, one a subprogram. A call is an instruction like others: the flow comes back behind
 * it. A tail call ends its block, for it may not come back.
 */
import {
  BPF_JMP,
  BPF_TAIL_CALL,
  fallsThrough,
  type Insn,
  insnSlots,
  isConditionalJump,
  jumpTarget,
} from '@bpfoundry/isa'
import { type CodeProgram, type CodeRange, subprogramsOf } from './code-program.ts'
import { CodegenError } from './codegen-error.ts'

/** Instructions that run one after the other: entered at the first, left after the last. */
export interface BasicBlock {
  /** Place in {@link ControlFlowGraph.blocks}. */
  readonly index: number
  /** First slot. */
  readonly start: number
  /** Slot behind the last. */
  readonly end: number
  /** Slot of the last instruction. */
  readonly last: number
  /**
   * Blocks that may follow. Of a conditional jump first the next block, then the jump's target, even where they are the
   * same.
   */
  readonly successors: readonly number[]
  /** Blocks that this one may follow, one entry an edge. */
  readonly predecessors: readonly number[]
}

/** The flow within one subprogram. */
export interface ControlFlowGraph {
  readonly range: CodeRange
  /** In order of their slots; the first is the entry. */
  readonly blocks: readonly BasicBlock[]
  /** Block by slot, counted from `range.start`. */
  readonly blockOf: Int32Array
  /** Indices of the blocks that the entry reaches, each before its successors but along retreating edges. */
  readonly reversePostorder: readonly number[]
  /** Place in {@link reversePostorder} by block, -1 for unreachable ones. */
  readonly orderOf: Int32Array
}

/** True where the flow can get to the block. */
export function isReachable(cfg: ControlFlowGraph, block: number): boolean {
  return (cfg.orderOf[block] as number) >= 0
}

/** True for a tail call as fix-ups make it: opcode 0xf5. */
export function isTailCall(insn: Insn): boolean {
  return insn.opcode === (BPF_JMP | BPF_TAIL_CALL)
}

/**
 * The graphs of all subprograms, in their order.
 *
 * @throws CodegenError CODEGEN_EMPTY, CODEGEN_SUBPROGRAM, CODEGEN_JUMP, CODEGEN_FALLS_OFF, CODEGEN_LD_IMM64
 */
export function controlFlowGraphs(program: CodeProgram): readonly ControlFlowGraph[] {
  return subprogramsOf(program).map((range) => controlFlowGraph(program.insns, range))
}

/**
 * The graph of one subprogram, also where part of it is unreachable.
 *
 * @throws CodegenError CODEGEN_JUMP, CODEGEN_FALLS_OFF, CODEGEN_LD_IMM64
 */
export function controlFlowGraph(insns: readonly Insn[], range: CodeRange): ControlFlowGraph {
  const leaders = findLeaders(insns, range)
  const { blocks, blockOf } = cutBlocks(insns, range, leaders)
  for (const block of blocks) connect(insns, range, blocks, blockOf, block)
  const reversePostorder = orderBlocks(blocks)
  const orderOf = new Int32Array(blocks.length).fill(-1)
  for (let place = 0; place < reversePostorder.length; place++) orderOf[reversePostorder[place] as number] = place
  return { range, blocks, blockOf, reversePostorder, orderOf }
}

const LEADER = 1
const SECOND_SLOT = 2

/** Marks the slots where a block begins, and those in the middle of an instruction. */
function findLeaders(insns: readonly Insn[], range: CodeRange): Uint8Array {
  const { start, end } = range
  const marks = new Uint8Array(end - start)
  marks[0] = LEADER
  for (let pc = start; pc < end; ) {
    const insn = insns[pc] as Insn
    const next = pc + insnSlots(insn)
    if (next === pc + 2) {
      if (next > end || insns[pc + 1]?.opcode !== 0) halfImmediate(pc)
      marks[pc + 1 - start] = marks[pc + 1 - start]! | SECOND_SLOT
    }
    const target = jumpTarget(insn, pc)
    if (target !== undefined) {
      if (target < start || target >= end) badJump(pc, target, range)
      marks[target - start] = marks[target - start]! | LEADER
    }
    if ((target !== undefined || endsBlock(insn)) && next < end) marks[next - start] = marks[next - start]! | LEADER
    if (next >= end && fallsThrough(insn)) fallsOff(pc)
    pc = next
  }
  requireWholeInsns(insns, range, marks)
  return marks
}

function endsBlock(insn: Insn): boolean {
  return !fallsThrough(insn) || isTailCall(insn)
}

/** A jump into the middle of an instruction is known only once all instructions are. */
function requireWholeInsns(insns: readonly Insn[], range: CodeRange, marks: Uint8Array): void {
  const middle = marks.indexOf(LEADER | SECOND_SLOT)
  if (middle < 0) return
  const target = range.start + middle
  for (let pc = range.start; pc < range.end; pc++) {
    if (jumpTarget(insns[pc] as Insn, pc) === target) badJump(pc, target, range)
  }
}

function badJump(pc: number, target: number, { start, end }: CodeRange): never {
  throw new CodegenError({
    code: 'CODEGEN_JUMP',
    message: 'jump to no instruction of its subprogram',
    where: { pc },
    got: `slot ${target}`,
    expected: `an instruction in slots ${start} to ${end - 1}`,
  })
}

function halfImmediate(pc: number): never {
  const message = '64-bit immediate without its second slot'
  throw new CodegenError({ code: 'CODEGEN_LD_IMM64', message, where: { pc }, expected: 'a slot of opcode 0 behind it' })
}

function fallsOff(pc: number): never {
  const message = 'flow leaves the subprogram behind its last instruction'
  throw new CodegenError({ code: 'CODEGEN_FALLS_OFF', message, where: { pc }, expected: 'exit or a jump' })
}

interface OpenBlock extends BasicBlock {
  readonly successors: number[]
  readonly predecessors: number[]
}

function cutBlocks(
  insns: readonly Insn[],
  { start, end }: CodeRange,
  marks: Uint8Array,
): { readonly blocks: readonly OpenBlock[]; readonly blockOf: Int32Array } {
  const blocks: OpenBlock[] = []
  const blockOf = new Int32Array(end - start)
  for (let from = start; from < end; ) {
    const index = blocks.length
    let [last, to] = [from, from]
    do {
      last = to
      to += insnSlots(insns[to] as Insn)
    } while (to < end && (marks[to - start]! & LEADER) === 0)
    blockOf.fill(index, from - start, to - start)
    blocks.push({ index, start: from, end: to, last, successors: [], predecessors: [] })
    from = to
  }
  return { blocks, blockOf }
}

function connect(
  insns: readonly Insn[],
  range: CodeRange,
  blocks: readonly OpenBlock[],
  blockOf: Int32Array,
  block: OpenBlock,
): void {
  const insn = insns[block.last] as Insn
  const edge = (to: number): void => {
    block.successors.push(to)
    blocks[to]!.predecessors.push(block.index)
  }
  if (fallsThrough(insn)) edge(block.index + 1)
  const target = jumpTarget(insn, block.last)
  if (target !== undefined) edge(blockOf[target - range.start] as number)
}

/** True where the block ends in a comparison or may_goto: two successors, the second when it jumps. */
export function endsInBranch(insns: readonly Insn[], block: BasicBlock): boolean {
  return isConditionalJump(insns[block.last] as Insn)
}

/** Depth first from the entry without recursion, for blocks of a program may be a chain of a million. */
function orderBlocks(blocks: readonly BasicBlock[]): number[] {
  const seen = new Uint8Array(blocks.length)
  const path = [0]
  const taken = new Int32Array(blocks.length)
  const postorder: number[] = []
  seen[0] = 1
  while (path.length > 0) {
    const block = path[path.length - 1] as number
    const { successors } = blocks[block] as BasicBlock
    const next = taken[block]!
    if (next === successors.length) {
      postorder.push(block)
      path.pop()
      continue
    }
    taken[block] = next + 1
    const to = successors[next] as number
    if (seen[to] === 0) {
      seen[to] = 1
      path.push(to)
    }
  }
  return postorder.reverse()
}
