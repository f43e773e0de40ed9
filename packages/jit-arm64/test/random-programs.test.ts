import { prepareProgram } from '@bpfoundry/codegen'
import type { ProgramImage } from '@bpfoundry/engine'
import { XDP_MD } from '@bpfoundry/kernel-abi'
import { acceptedPrograms, type GeneratedProgram } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ARM64,
  type Bench,
  CANNOT_RUN,
  createBench,
  INTERPRETER,
  imageOf,
  OPTIMISED,
  type Outcome,
  WITHOUT_LSE,
} from './harness.ts'

/** `PROGRAMS=20000` for the long form; other ones each time. The short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 200)

const CONTEXT_OFFSET = 2048

/** Not random at all, so that a run repeats; what is blinded by it is blinded as by others. */
let state = 1
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0
  return state >>> 0
}

/** The program with its constants blinded, as the kernel hands it to engines that compile. */
function blinded(image: ProgramImage): ProgramImage {
  const { insns, subprograms, weights } = prepareProgram(image, { blind: random })
  const named = subprograms.map(({ start, end }) => ({ name: `f${start}`, start, end, stackDepthBytes: 0 }))
  return { ...image, inlined: { insns, subprograms: named, lines: [], weights } }
}

/** Runs on a `struct xdp_md` in the buffer, the packet before it. */
function run(bench: Bench, image: ProgramImage, { packet }: GeneratedProgram): Outcome {
  const { memory, buffer } = bench
  const ctx = buffer + CONTEXT_OFFSET
  memory.write(buffer, packet)
  memory.u32[(ctx + XDP_MD.data) >>> 2] = buffer
  memory.u32[(ctx + XDP_MD.dataEnd) >>> 2] = buffer + packet.length
  return bench.outcome(bench.install(image), ctx)
}

describe('random programs', () => {
  it('give the interpreter’s result, memory and count', { timeout: 3_600_000 }, (ctx) => {
    if (CANNOT_RUN !== undefined) return ctx.skip(`${PROGRAMS} random programs: ${CANNOT_RUN}`)
    const interpreter = createBench(INTERPRETER)
    const plain = createBench(ARM64)
    /** Each program is run by one of these as well. */
    const others: readonly (readonly [string, Bench, (image: ProgramImage) => ProgramImage])[] = [
      ['without LSE', createBench(WITHOUT_LSE), (image) => image],
      ['optimised', createBench(OPTIMISED), (image) => image],
      ['blinded', plain, blinded],
    ]
    fc.assert(
      fc.property(acceptedPrograms({ linux: '6.18' }), fc.constantFrom(...others), (program, other) => {
        const image = imageOf(program.insns)
        const expected = run(interpreter, image, program)
        expect(run(plain, image, program)).toEqual(expected)
        const [name, bench, change] = other
        expect({ name, ...run(bench, change(image), program) }).toEqual({ name, ...expected })
      }),
      { numRuns: PROGRAMS, ...(FULL === undefined ? { seed: 42 } : {}) },
    )
    console.log(`${PROGRAMS} random programs equal to the interpreter`)
  })
})
