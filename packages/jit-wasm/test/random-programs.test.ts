import { prepareProgram } from '@bpfoundry/codegen'
import type { ProgramImage, Subprogram } from '@bpfoundry/engine'
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

const random = randomness()

/** The program with its constants blinded, as the kernel hands it to engines that compile. */
function blinded(image: ProgramImage): ProgramImage {
  const { insns, subprograms, weights } = prepareProgram(image, { blind: random })
  return { ...image, inlined: { insns, subprograms: subprograms as readonly Subprogram[], lines: [], weights } }
}

interface Configuration {
  readonly name: string
  readonly programs: number
  readonly options: Partial<WasmEngineOptions>
  readonly change?: (image: ProgramImage) => ProgramImage
}

const THIRD = Math.ceil(PROGRAMS / 3)
const CONFIGURATIONS: readonly Configuration[] = [
  { name: 'as they are', programs: PROGRAMS, options: {} },
  { name: 'optimised', programs: THIRD, options: { optimise: true } },
  { name: 'blinded', programs: THIRD, options: {}, change: blinded },
]

describe('random programs that the verifier accepts', () => {
  it.each(CONFIGURATIONS)(
    '$name: $programs give the interpreter’s result, memory and counts',
    TIMEOUT,
    ({ programs, options, change = (image) => image }) => {
      const twins = new Twins([], options)
      const packetOffset = 64
      fc.assert(
        fc.property(acceptedPrograms({ linux: '6.18' }), ({ insns, packet }) => {
          const image = change(imageOf(insns))
          const [expected, got] = twins.both.map((machine): Outcome => {
            const content = new Uint8Array(packetOffset + packet.length)
            const view = new DataView(content.buffer)
            view.setUint32(XDP_MD.data, machine.scratch + packetOffset, true)
            view.setUint32(XDP_MD.dataEnd, machine.scratch + content.length, true)
            content.set(packet, packetOffset)
            return observe(machine, machine.install(image), machine.scratch, content)
          })
          expect(got).toEqual(expected)
        }),
        { numRuns: programs, ...(FULL === undefined ? { seed: 42 } : {}) },
      )
    },
  )
})
