import { disassembleKernel, type Insn } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type VerifierMap, type VerifierProgram, verify } from '../src/index.ts'
import { randomProgram } from './support/random-program.ts'
import { repetitions } from './support/repetitions.ts'

const PROGRAMS = repetitions('VERIFIER_RANDOM_PROGRAMS', 1500, 500)

const common = { keySizeBytes: 4, maxEntries: 4, flags: 0 }
const ARRAY = { ...common, name: 'array', type: MAP_TYPE.ARRAY, valueSizeBytes: 64 }
const HASH = { ...common, name: 'hash', type: MAP_TYPE.HASH, valueSizeBytes: 16 }

function programOf(insns: readonly Insn[], maps: ReadonlyMap<number, VerifierMap>): VerifierProgram {
  return { name: 'random', type: PROG_TYPE.XDP, expectedAttachType: 0, insns, gplCompatible: true, maps }
}

/** Loops with branches multiply states: what is not decided by then is not compared. */
const COMPLEXITY_LIMIT = 20_000

describe('random programs', () => {
  const LOADERS: readonly (readonly [who: string, runs: number, capabilities?: readonly ['CAP_BPF']])[] = [
    ['', PROGRAMS],
    [' without CAP_PERFMON', PROGRAMS / 2, ['CAP_BPF']],
  ]
  it.for(LOADERS)(
    'none%s that the running kernel refuses is accepted, and nearly none that it accepts is refused',
    ([, runs, capabilities], ctx) => {
      const oracle = kernelOracle()
      if ('unavailable' in oracle) return ctx.skip(oracle.unavailable)
      const [array, hash] = [oracle.createMap(ARRAY).fd, oracle.createMap(HASH).fd]
      const maps = new Map([
        [array, { ...ARRAY, id: 1 }],
        [hash, { ...HASH, id: 2 }],
      ])
      const privilege = capabilities === undefined ? 'full' : 'no-perfmon'
      const counts = { accepted: 0, refusedByUsOnly: 0 }
      const property = fc.property(fc.integer(), (seed) => {
        const insns = randomProgram(seed, { array, hash })
        const ours = verify(programOf(insns, maps), {
          profile: '6.18',
          complexityLimit: COMPLEXITY_LIMIT,
          ...(capabilities === undefined ? {} : { capabilities }),
        })
        if (!ours.ok && ours.rejection.code === 'VERIFIER_TOO_COMPLEX') return
        const kernel = oracle.loadProgram({ type: PROG_TYPE.XDP, insns, logLevel: 0, privilege })
        if (kernel.fd >= 0) oracle.close(kernel.fd)
        if (ours.ok && !kernel.ok) throw new Error(`accepted by us only:\n${disassembleKernel(insns)}`)
        if (ours.ok) counts.accepted++
        else if (kernel.ok) counts.refusedByUsOnly++
      })
      try {
        fc.assert(property, { numRuns: runs })
      } finally {
        oracle.close()
      }
      expect(counts.accepted).toBeGreaterThan(runs / (capabilities === undefined ? 20 : 100))
      expect(counts.refusedByUsOnly).toBeLessThanOrEqual(runs / 500)
    },
  )
})
