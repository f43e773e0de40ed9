import type { Instruction } from '@bpfoundry/microcode'
import type { ControlStore } from '../control-store.ts'
import type { CoreTiming } from '../timing.ts'

/** Whether a word sets condition codes: a branch right behind it is decided later than others. */
export function setsConditions(instruction: Instruction | undefined): boolean {
  return instruction !== undefined && 'setsConditions' in instruction && instruction.setsConditions
}

/**
 * Cycles that pass after a taken branch and the words in its shadow, before the word at the target: the branch's cost, less
 * its own cycle, less the shadow. That the word before it by address sets condition codes stands for "executed before".
 */
export function takenBubbles(store: ControlStore, pc: number, timing: CoreTiming, defer: number): number {
  const instruction = store.instructions[pc]
  const conditional = instruction?.cls === 'br' && instruction.condition !== 'br'
  const late = setsConditions(store.instructions[pc - 1])
  const cost = conditional
    ? late
      ? timing.branchTakenCycles
      : timing.branchTakenEarlyCycles
    : timing.branchAlwaysCycles
  return Math.max(cost - 1 - defer, 0)
}
