import { type Insn, insnSlots } from '@bpfoundry/isa'
import type { CodeRange } from './code-program.ts'

/**
 * How many executed instructions each slot stands for. Rewrites add, drop and join instructions; what a run counts must
 * stay as the interpreter counts it on the program before. So each slot has a weight, and the sum over a basic block is
 * what a back end adds once whenever the block is entered. The second slot of a 64-bit immediate weighs nothing, and
 * neither do hidden subprograms; a call of one weighs 1 in the program's own code.
 */
export type Weights = Uint32Array

/** The weights of a program that no rewrite has changed yet. */
export function initialWeights(insns: readonly Insn[], subprograms: readonly CodeRange[]): Weights {
  const weights = new Uint32Array(insns.length)
  for (const { start, end, hidden } of subprograms) {
    if (hidden === true) continue
    for (let pc = start; pc < end; pc += insnSlots(insns[pc] as Insn)) weights[pc] = 1
  }
  return weights
}

/** Executed instructions that the slots from `start` up to `end` stand for, when all of them run. */
export function weightOf(weights: Weights, start: number, end: number): number {
  let sum = 0
  for (let pc = start; pc < end; pc++) sum += weights[pc] as number
  return sum
}
