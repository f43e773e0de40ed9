import { XDP_MD } from '@bpfoundry/kernel-abi'
import { acceptedPrograms } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { imageOf, type Outcome, observe, Twins } from './twins.ts'

/** `PROGRAMS=100000` for the long form, with other programs each time. The short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 300)

describe('random programs that the verifier accepts', () => {
  it(`${PROGRAMS} give the interpreter’s result, memory and counts`, { timeout: 3_600_000 }, () => {
    const twins = new Twins()
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
      { numRuns: PROGRAMS, ...(FULL === undefined ? { seed: 42 } : {}) },
    )
  })
})
