import { gprA, immed, type Word, withEcc } from '@bpfoundry/microcode'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  type Execution,
  ImmediateMemory,
  Microengine,
  MicroengineError,
  PARKED,
  SINGLE_PATH_TIMING,
} from '../src/index.ts'
import { ADDRESS_REGISTER, PROGRAM_START, randomProgram } from './random-program.ts'

const RUNS = Number(process.env['PROGRAMS'] ?? 60)
const TIMEOUT_MS = 60_000 + RUNS * 500
const MEMORY_BYTES = 2 ** 16
const CONTEXTS = 4

/** A number that stands for all words of an array. */
function digest(array: Int32Array | Float64Array): number {
  let hash = 0
  for (const word of array) hash = (Math.imul(hash, 31) + word) | 0
  return hash
}

/** Everything that can be seen of a run: registers, memory, cycles, how it ended. */
function run(words: readonly Word[], fill: number, execution: Execution): unknown {
  const memory = { bytes: Uint8Array.from({ length: MEMORY_BYTES }, (_, index) => (index * 31 + fill) & 0xff) }
  const core = new Microengine({
    memory: new ImmediateMemory(memory, 60),
    timing: SINGLE_PATH_TIMING,
    execution,
    runawayCycles: 3000,
  })
  for (const [index, array] of [core.state.gpr, core.state.xferOut, core.state.localMemory].entries()) {
    for (let at = 0; at < array.length; at++) array[at] = Math.imul(at + index * 1000 + 1, fill | 1)
  }
  for (let context = 0; context < CONTEXTS; context++)
    core.context(context).a[ADDRESS_REGISTER] = (fill + context) & 0x7f
  core.load(PROGRAM_START, words.map(withEcc))
  core.setRoutine(PROGRAM_START + words.length, { name: 'end', enter: () => [], leave: () => PARKED })
  const trail: string[] = []
  for (let context = 0; context < CONTEXTS; context++) core.start(context, PROGRAM_START, context * 7)
  // Small steps interrupt loops, in both executions at the same words; a program that reaches no end is stopped.
  try {
    for (let until = 50; until < 8000 && core.nextCycle() !== Number.POSITIVE_INFINITY; until += 50) core.run(until)
  } catch (error) {
    if (!(error instanceof MicroengineError)) throw error
    trail.push(`${error.code} at ${error.where?.pc}`)
  }
  return {
    trail,
    gpr: [...core.state.gpr],
    transfers: [digest(core.state.xferIn), digest(core.state.xferOut), digest(core.state.neighbour)],
    local: digest(core.state.localMemory),
    indexes: [...core.state.lmAddr, ...core.state.lmAddrNext, ...core.state.lmAddrFrom],
    bytes: digest(new Int32Array(memory.bytes.buffer)),
    cycle: core.cycle,
    counters: core.counters,
    pcs: Array.from({ length: CONTEXTS }, (_, context) => core.context(context).pc),
  }
}

describe('generated code and the table of words', () => {
  it(
    `do the same to registers, memory and cycles in ${RUNS} random programs`,
    () => {
      fc.assert(
        fc.property(randomProgram, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (words, fill) => {
          expect(run(words, fill, 'generated')).toEqual(run(words, fill, 'table'))
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )

  it('random programs come to their end, to memory and to branches often enough to tell', () => {
    const samples = fc.sample(randomProgram, { numRuns: 200, seed: 1 })
    const ends = samples.map((words) => run(words, 7, 'table') as { counters: { commands: number }; trail: string[] })
    expect(ends.filter(({ trail }) => trail.length === 0).length).toBeGreaterThan(30)
    expect(ends.filter(({ counters }) => counters.commands > 0).length).toBeGreaterThan(100)
  })

  it('are chosen between by themselves: a page that forbids functions of text gets the table', () => {
    const make = (): Microengine => new Microengine({ memory: new ImmediateMemory({ bytes: new Uint8Array(64) }, 60) })
    expect(make().execution).toBe('generated')
    vi.stubGlobal('Function', () => {
      throw new EvalError('Refused to evaluate a string as JavaScript')
    })
    try {
      expect(make().execution).toBe('table')
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it.each(['generated', 'table'] as const)('execute what was loaded last, each core its own (%s)', (execution) => {
    const cores = [0, 1].map((id) => {
      const core = new Microengine({ id, memory: new ImmediateMemory({ bytes: new Uint8Array(64) }, 60), execution })
      core.setRoutine(PROGRAM_START + 1, { name: 'end', enter: () => [], leave: () => PARKED })
      core.load(PROGRAM_START, [immed(gprA(3), 1)])
      return core
    })
    const results = (): (number | undefined)[] =>
      cores.map((core) => {
        core.start(0, PROGRAM_START)
        core.run(core.cycle + 100)
        return core.context(0).a[3]
      })
    expect(results()).toEqual([1, 1])
    cores[0]?.load(PROGRAM_START, [immed(gprA(3), 2)])
    expect(results()).toEqual([2, 1])
  })
})
