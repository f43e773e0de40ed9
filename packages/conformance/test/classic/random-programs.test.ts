import { type ClassicInsn, ClassicMachine, disassembleClassic } from '@bpfoundry/cbpf'
import { ENGINE_NAMES, engineByName } from '@bpfoundry/testbench'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CLASSIC_INSTRUCTIONS } from '../../../cbpf/src/index.ts'
import { checkedPrograms } from '../../../cbpf/test/arbitrary-insns.ts'
import { type ClassicRunner, createClassicRunner, createTranslatedRunner } from '../../src/index.ts'
import { nextOf, randomBuffers } from './random-buffers.ts'

/** `PROGRAMS=10000` puts a million packets to programs; SEED repeats a run. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 60)
const PACKETS = FULL === undefined ? 20 : 100
const SEED = Number(process.env['SEED'] ?? 4)
const MOST_INSNS = 40

const engines = ENGINE_NAMES.filter((name) => name !== 'auto')

/** Where a translated program does something else, with all that it takes to see it again. */
function difference(
  program: readonly ClassicInsn[],
  runners: readonly ClassicRunner[],
  buffers: ReturnType<typeof randomBuffers>,
): unknown {
  const loaded = runners.map((runner) => runner.load(program))
  try {
    for (let count = 0; count < PACKETS; count++) {
      const buffer = nextOf(buffers)
      const results = loaded.map((one) => one.run(buffer))
      if (new Set(results).size > 1) return { results, program: disassembleClassic(program), buffer }
    }
    return undefined
  } finally {
    for (const one of loaded) one.release()
  }
}

test(`translated, random programs return what the machine returns (seed ${SEED})`, { timeout: 3_600_000 }, () => {
  const runners = [createClassicRunner(), ...engines.map((name) => createTranslatedRunner(engineByName(name)))]
  const buffers = randomBuffers(SEED)
  const programs = fc.sample(checkedPrograms(MOST_INSNS), { seed: SEED, numRuns: PROGRAMS })
  for (const program of programs) expect(difference(program, runners, buffers)).toBeUndefined()
  for (const runner of runners) runner.close()
  const codes = new Set(programs.flatMap((program) => program.map(({ code }) => code)))
  expect(codes.size).toBe(CLASSIC_INSTRUCTIONS.length)
})

test('random programs execute every opcode, and go on for a while', () => {
  const buffers = randomBuffers(SEED)
  const programs = fc.sample(checkedPrograms(MOST_INSNS), { seed: SEED, numRuns: 400 })
  const codes = new Set<number>()
  let executed = 0
  for (const program of programs) {
    const machine = new ClassicMachine(program)
    const state = machine.start(nextOf(buffers))
    for (; state.result === undefined; machine.step(state)) codes.add(program[state.pc]?.code ?? -1)
    executed += state.executed
  }
  expect(codes.size).toBe(CLASSIC_INSTRUCTIONS.length)
  expect(executed / programs.length).toBeGreaterThan(6)
})
