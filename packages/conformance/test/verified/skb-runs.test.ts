import { helperByName, programTypeName } from '@bpfoundry/kernel-abi'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { engineByName } from '@bpfoundry/testbench'
import { describe, expect, test } from 'vitest'
import { askVector, createEmulatedKernel, createRunningKernel, differences, vectorRecord } from '../../src/index.ts'
import { CALLED_HELPERS, type Random, randomSkbVector, SKB_TYPES } from './random-skb-program.ts'

const PROGRAMS = Number(process.env['PROGRAMS'] ?? 120)
const SEED = Number(process.env['SEED'] ?? 1)
const ENGINES = ['interpreter', 'wasm'] as const

const HELPER_CALL = 0x85

/** Numbers of a linear congruential generator, the upper bits of 48. */
function generator(seed: number): Random {
  let state = BigInt(seed)
  return (below) => {
    state = (state * 0x5deece66dn + 0xbn) & 0xffff_ffff_ffffn
    return Number((state >> 16n) % BigInt(below))
  }
}

describe('programs on a socket buffer', () => {
  test('answer as in the running kernel', { timeout: 600_000 }, ({ skip }) => {
    const asked = kernelOracle()
    if ('unavailable' in asked) skip(asked.unavailable)
    else {
      const kernels = ENGINES.map((name) => createEmulatedKernel(engineByName(name)))
      const running = createRunningKernel(asked)
      const ran = new Map<number, number>()
      const called = new Set<number>()
      for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
        const vector = randomSkbVector(seed, generator(seed))
        const theirs = askVector(running, vector)
        for (const kernel of kernels) {
          const ours = askVector(kernel, vector)
          const text = JSON.stringify(vectorRecord(vector))
          expect(
            differences(ours, theirs),
            `seed ${seed}: ${text}\n${ours.verifier_log}\n${theirs.verifier_log}`,
          ).toEqual([])
        }
        if (theirs.load_ok) {
          ran.set(vector.type, (ran.get(vector.type) ?? 0) + 1)
          for (const { opcode, imm } of vector.insns) if (opcode === HELPER_CALL) called.add(imm)
        }
      }
      // By and by all helpers are called.
      const silent = CALLED_HELPERS.filter((name) => !called.has(helperByName(name)?.id as number))
      expect(silent.length).toBeLessThan(PROGRAMS < 1000 ? 8 : 1)
      // Of every type a good part is accepted, and run.
      for (const type of SKB_TYPES) expect(ran.get(type), programTypeName(type)).toBeGreaterThan(PROGRAMS / 40)
    }
  })
})
