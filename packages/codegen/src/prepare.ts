import { blindConstants, type RandomU32 } from './blinding.ts'
import { type CodeProgram, subprogramsOf } from './code-program.ts'
import { controlFlowGraphs } from './control-flow-graph.ts'
import { optimise } from './optimise.ts'
import { composeRewrites, type RewrittenProgram, sameProgram } from './rewritten-program.ts'
import { initialWeights } from './weights.ts'

/** What a back end may have done to a program before it translates it. */
export interface PrepareOptions {
  /** Run the passes; on by default. */
  readonly optimise?: boolean
  /** Whether executed instructions are counted; on by default. Without, all weights are 0. */
  readonly count?: boolean
  /** Blind constants with these random numbers. */
  readonly blind?: RandomU32
}

/**
 * The program that a back end translates: optimised, then blinded, as asked for. With neither it is the same program
 * with its weights.
 *
 * @throws CodegenError as `controlFlowGraphs`
 */
export function prepareProgram(program: CodeProgram, options: PrepareOptions = {}): RewrittenProgram {
  const count = options.count ?? true
  const first = options.optimise === false ? asItIs(program, count) : optimise(program, { count })
  return options.blind === undefined ? first : composeRewrites(first, blindConstants(first, options.blind))
}

function asItIs(program: CodeProgram, count: boolean): RewrittenProgram {
  const { insns } = program
  controlFlowGraphs(program)
  const subprograms = subprogramsOf(program)
  const weights = count ? (program.weights ?? initialWeights(insns, subprograms)) : new Uint32Array(insns.length)
  return sameProgram(insns, subprograms, weights)
}
