import type { Insn } from '@bpfoundry/isa'
import { type CodeProgram, type CodeRange, subprogramsOf } from './code-program.ts'
import { type ControlFlowGraph, controlFlowGraph } from './control-flow-graph.ts'
import { BYTE_LOADS_OPCODES, joinByteLoads } from './passes/byte-loads.ts'
import { removeDeadCode } from './passes/dead-code.ts'
import { type Draft, writeDraft } from './passes/draft.ts'
import { removeFallingGotos } from './passes/falling-gotos.ts'
import { threadJumps } from './passes/jump-threading.ts'
import { narrowValues } from './passes/narrow-values.ts'
import { joinShiftPairs, SHIFT_PAIRS_OPCODES } from './passes/shift-pairs.ts'
import { bringSwapsToLoads, SWAP_OPCODES } from './passes/swap-after-load.ts'
import { removeUnreachable } from './passes/unreachable.ts'
import { type RewrittenProgram, sameProgram } from './rewritten-program.ts'
import { initialWeights, type Weights } from './weights.ts'

/** Options of {@link optimise}. */
export interface OptimiseOptions {
  /** Whether executed instructions are counted; on by default. Without, all weights are 0 and more can be dropped. */
  readonly count?: boolean
}

/**
 * What every back end would do to BPF instructions, done once: see `passes/`, each file with its argument. Results,
 * memory, calls with their arguments, and by its weights the count of executed instructions are those of the program
 * before.
 *
 * Relied upon is what a verifier guarantees: loads don't fault, and nobody reads r1 to r5 behind a call.
 *
 * @throws CodegenError as `controlFlowGraphs`
 */
export function optimise(program: CodeProgram, options: OptimiseOptions = {}): RewrittenProgram {
  const subprograms = subprogramsOf(program)
  const insns = program.insns.slice()
  const weights = weightsFor(program, subprograms, options.count ?? true)
  for (const range of subprograms) threadJumps(insns, weights, range)
  const graphs = subprograms.map((range) => controlFlowGraph(insns, range))
  const draft: Draft = { insns, weights, subprograms, graphs }
  const has = opcodesOf(insns)
  for (const cfg of graphs) improve(draft, cfg, has)
  return isChanged(program.insns, insns) ? writeDraft(draft) : sameProgram(program.insns, subprograms, weights)
}

/** Passes put new instructions in place of old ones, so that it is enough to compare which they are. */
function isChanged(before: readonly Insn[], after: readonly Insn[]): boolean {
  for (let pc = 0; pc < before.length; pc++) if (before[pc] !== after[pc]) return true
  return false
}

function weightsFor({ insns, weights }: CodeProgram, subprograms: readonly CodeRange[], count: boolean): Weights {
  if (!count) return new Uint32Array(insns.length)
  return weights?.slice() ?? initialWeights(insns, subprograms)
}

/**
 * The order matters: shifts become masks before masks are judged, and what the earlier passes leave unread is dropped.
 * Most programs have no instruction that some passes look for; those are not run.
 */
function improve(draft: Draft, cfg: ControlFlowGraph, has: (opcodes: readonly number[]) => boolean): void {
  const { insns, weights } = draft
  removeUnreachable(draft, cfg)
  if (has(SHIFT_PAIRS_OPCODES)) for (const block of cfg.blocks) joinShiftPairs(insns, block)
  narrowValues(insns, cfg)
  if (has(BYTE_LOADS_OPCODES)) for (const block of cfg.blocks) joinByteLoads(insns, block)
  removeDeadCode(insns, cfg)
  if (has(SWAP_OPCODES)) for (const block of cfg.blocks) bringSwapsToLoads(insns, weights, block)
  removeFallingGotos(draft, cfg)
}

/** Whether a program has an instruction with one of some opcodes. */
function opcodesOf(insns: readonly Insn[]): (opcodes: readonly number[]) => boolean {
  const seen = new Uint8Array(256)
  for (let pc = 0; pc < insns.length; pc++) seen[insns[pc]!.opcode] = 1
  return (opcodes) => opcodes.some((opcode) => seen[opcode] === 1)
}
