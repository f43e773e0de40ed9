import { nop, type Word } from '@bpfoundry/microcode'
import { type CoreTiming, type Execution, ImmediateMemory, Microengine, PARKED } from '../src/index.ts'

/** Where test programs begin. */
export const START = 100
export const LATENCY_CYCLES = 60

/** A finished run of one context. */
export interface Finished {
  readonly core: Microengine
  /** Cycles from the first word to the end, waiting included. */
  readonly cycles: number
  readonly bytes: Uint8Array
}

export interface Setup {
  readonly execution?: Execution
  readonly timing?: CoreTiming
  /** Registers before the first word, by bank and number. */
  readonly a?: Readonly<Record<number, number>>
  readonly b?: Readonly<Record<number, number>>
  readonly bytes?: Uint8Array
}

/** The address behind a program of so many words: what ends it. */
export const endOf = (words: readonly Word[]): number => START + words.length

/** Runs words on one context until execution leaves them at their end. */
export function runWords(words: readonly Word[], setup: Setup = {}): Finished {
  const bytes = setup.bytes ?? new Uint8Array(4096)
  const core = new Microengine({
    memory: new ImmediateMemory({ bytes }, LATENCY_CYCLES),
    ...(setup.execution === undefined ? {} : { execution: setup.execution }),
    ...(setup.timing === undefined ? {} : { timing: setup.timing }),
  })
  const machine = core.context(0)
  for (const [n, value] of Object.entries(setup.a ?? {})) machine.a[Number(n)] = value
  for (const [n, value] of Object.entries(setup.b ?? {})) machine.b[Number(n)] = value
  core.load(START, words)
  let end = 0
  core.setRoutine(endOf(words), {
    name: 'end',
    enter: () => {
      end = machine.base + machine.cycle
      return []
    },
    leave: () => PARKED,
  })
  core.start(0, START)
  while (!core.isParked(0)) core.run(core.nextCycle() + 1000)
  return { core, bytes, cycles: end }
}

/** So many words that do nothing. */
export const nops = (count: number): Word[] => Array.from({ length: count }, () => nop())
