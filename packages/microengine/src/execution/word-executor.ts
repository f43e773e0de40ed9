/**
 * Words, executed one at a time by a table of functions: the specification of the core. Generated code (generation/) gives the
 * same registers, the same memory and the same cycles, only faster.
 */
import type { Instruction, WordClass } from '@bpfoundry/microcode'
import type { ControlStore } from '../control-store.ts'
import { type Machine, STOP, type Stop } from '../machine.ts'
import type { CoreTiming } from '../timing.ts'
import { takenBubbles } from './branch-timing.ts'
import { CONDITIONS } from './conditions.ts'
import { readControlRegister } from './control-registers.ts'
import { executeAlu, executeImmed, executeLdField, executeMul, executeShf } from './data-words.ts'
import { canExecute, LM_INDEX_OF_CSR } from './executable.ts'
import { readOperand } from './operands.ts'

/** What execution needs besides the context. */
export interface Surroundings {
  readonly store: ControlStore
  readonly timing: CoreTiming
}

type Execute<C extends WordClass> = (
  machine: Machine,
  instruction: Extract<Instruction, { readonly cls: C }>,
  around: Surroundings,
) => Stop | undefined

/** A word that only calculates: one cycle, then the next word. */
const data =
  <I extends Instruction>(execute: (machine: Machine, instruction: I, around: Surroundings) => void) =>
  (machine: Machine, instruction: I, around: Surroundings): undefined => {
    execute(machine, instruction, around)
    machine.cycle += 1
    machine.pc += 1
  }

const EXECUTORS: { readonly [C in WordClass]: Execute<C> } = {
  alu: data(executeAlu),
  shf: data(executeShf),
  ldField: data(executeLdField),
  mul: data(executeMul),
  immed: data((machine, instruction, { store }) => {
    executeImmed(machine, instruction, readsCsr(store.instructions[machine.pc - 1]))
  }),
  localCsr: data((machine, instruction, { timing }) => {
    if (instruction.write) writeIndex(machine, instruction.csrBytes, readOperand(machine, instruction.src), timing)
    else machine.csr = readControlRegister(instruction.csrBytes, machine)
  }),
  br: (machine, instruction, around) =>
    branch(machine, CONDITIONS[instruction.condition]?.(machine, instruction.state) ?? false, instruction, around),
  brBit: (machine, instruction, around) => {
    const bit = (readOperand(machine, instruction.src) >>> instruction.bit) & 1
    return branch(machine, bit === Number(instruction.set), instruction, around)
  },
  brByte: (machine, instruction, around) => {
    const byte = (readOperand(machine, instruction.src) >>> (8 * instruction.byte)) & 0xff
    return branch(machine, (byte === instruction.value) === instruction.equal, instruction, around)
  },
  brAlu: (machine, instruction, around) => {
    const target = ((readOperand(machine, instruction.src) + instruction.offset) >>> 0) % BRANCH_SPACE
    return branch(machine, true, { target, defer: instruction.defer }, around)
  },
  ctxArb: (machine, instruction, around) => {
    machine.waitsFor = instruction.kill ? -1 : instruction.events
    machine.waitsForAny = instruction.any
    machine.cycle += Math.max(around.timing.contextArbitrationCycles - instruction.defer, 1)
    machine.pc += 1
    shadow(machine, instruction.defer, around)
    return STOP.arbitration
  },
  cmd: (machine, instruction, around) => {
    const form = around.store.form(instruction)
    if (form === undefined) return STOP.fault
    const a = readOperand(machine, instruction.a)
    const b = readOperand(machine, instruction.b)
    machine.sink.issueCommand(machine, form, a, b)
    machine.pc += 1
    if (!form.swaps) return undefined
    shadow(machine, form.defer, around)
    return STOP.command
  },
}

/** Addresses that a branch can name. */
export const BRANCH_SPACE: number = 2 ** 14

/** Whether the next word takes what a control register held. */
export const readsCsr = (before: Instruction | undefined): boolean => before?.cls === 'localCsr' && !before.write

/** A write of an index register is on its way; one that was before it takes hold at once. */
export function writeIndex(machine: Machine, csrBytes: number, value: number, timing: CoreTiming): void {
  const index = LM_INDEX_OF_CSR.get(csrBytes) ?? 0
  machine.settle(index)
  machine.lmAddrNext[index] = value
  machine.lmAddrFrom[index] = machine.base + machine.cycle + 1 + timing.localMemoryAddressCycles
}

/** The words in the shadow of a branch or swap; they were checked before. */
function shadow(machine: Machine, words: number, around: Surroundings): void {
  for (let left = words; left > 0; left--) executeWord(machine, around)
}

function branch(
  machine: Machine,
  taken: boolean,
  { target, defer }: { readonly target: number; readonly defer: number },
  around: Surroundings,
): Stop | undefined {
  const from = machine.pc
  machine.cycle += around.timing.branchNotTakenCycles
  machine.pc += 1
  shadow(machine, defer, around)
  if (!taken) return undefined
  machine.cycle += takenBubbles(around.store, from, around.timing, defer)
  machine.pc = target
  return target <= from && machine.cycle > machine.limit ? STOP.limit : undefined
}

function executeWord(machine: Machine, around: Surroundings): Stop | undefined {
  const instruction = around.store.instructions[machine.pc]
  if (instruction === undefined || !canExecute(around.store, machine.pc)) return STOP.fault
  const execute = EXECUTORS[instruction.cls] as (m: Machine, i: Instruction, a: Surroundings) => Stop | undefined
  return execute(machine, instruction, around)
}

/** Executes words until the context stops, or until `stopAt` says so of the next word's address. */
export function executeWords(
  machine: Machine,
  around: Surroundings,
  stopAt: (pc: number) => boolean = () => false,
): Stop | undefined {
  for (;;) {
    if (around.store.words[machine.pc] === undefined) return STOP.outside
    const stop = executeWord(machine, around)
    if (stop !== undefined) return stop
    if (stopAt(machine.pc)) return undefined
  }
}
