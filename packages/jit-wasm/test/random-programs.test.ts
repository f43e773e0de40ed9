import { XDP_MD } from '@bpfoundry/kernel-abi'
import { acceptedPrograms } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WasmEngineOptions } from '../src/index.ts'
import { imageOf, type Outcome, observe, Twins } from './twins.ts'

/** `PROGRAMS=100000` for the long form, with other programs each time. The short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 300)
const TIMEOUT = { timeout: 3_600_000 }

/** Not random at all, so that a run repeats; what is blinded by it is blinded as by others. */
const randomness = (): (() => number) => {
  let state = 1
  return () => (state = (Math.imul(state, 0x5bd1e995) + 0x3c6ef372) >>> 0)
}

// biome-ignore format: table
const CONFIGURATIONS: readonly (readonly [string, number, Partial<WasmEngineOptions>])[] = [
  ['as they are', PROGRAMS,               {}],
  ['optimised',   Math.ceil(PROGRAMS / 3), { optimise: true }],
  ['blinded',     Math.ceil(PROGRAMS / 3), { blind: randomness() }],
]

describe('random programs that the verifier accepts', () => {
  it.each(CONFIGURATIONS)(
    '%s: %i give the interpreter’s result, memory and counts',
    TIMEOUT,
    (_, programs, options) => {
      const twins = new Twins([], options)
      const packetOffset = 64
      fc.assert(
        fc.property(acceptedPrograms({ linux: '6.18' }), ({ insns, packet }) => {
          const [expected, got] = twins.both.map((machine): Outcome => {
            const content = new Uint8Array(packetOffset + packet.length)
            const view = new DataView(content.buffer)
            view.setUint32(XDP_MD.data, machine.scratch + packetOffset, true)
            view.setUint32(XDP_MD.dataEnd, machine.scratch + content.length, true)
            content.set(packet, packetOffset)
            return observe(machine, machine.install(imageOf(insns)), machine.scratch, content)
          })
          expect(got).toEqual(expected)
        }),
        { numRuns: programs, ...(FULL === undefined ? { seed: 42 } : {}) },
      )
    },
  )
})
