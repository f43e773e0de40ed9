import { prepareProgram, type RandomU32 } from '@bpfoundry/codegen'
import { CALL_STACK_BYTES, type ProgramImage } from '@bpfoundry/engine'
import { XDP_MD } from '@bpfoundry/kernel-abi'
import { acceptedPrograms, type GeneratedProgram } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bench, CANNOT_RUN, createBenches, imageOf, type Outcome, runImage } from './harness.ts'

/** `PROGRAMS=100000` for the long form; other ones each time. The short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 200)

const CONTEXT_OFFSET = 2048

/** Keys that repeat: a linear congruential generator (Numerical Recipes). */
function keys(seed: number): RandomU32 {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state
  }
}

/** As bpf_jit_harden has it: the interpreter runs what was loaded, compilers a blinded form that counts the same. */
function blinded({ insns, subprograms }: ProgramImage): ProgramImage {
  const form = prepareProgram({ insns, subprograms }, { blind: keys(insns.length) })
  const named = form.subprograms.map((range) => ({ name: 'blinded', stackDepthBytes: 0, ...range }))
  return imageOf(insns, { inlined: { insns: form.insns, subprograms: named, lines: [], weights: form.weights } })
}

/** Runs on a `struct xdp_md` in the buffer, the packet before it. */
function run(bench: Bench, { insns, packet }: GeneratedProgram, harden = false): Outcome {
  const { memory, cpu, buffer } = bench
  const ctx = buffer + CONTEXT_OFFSET
  memory.write(buffer, packet)
  memory.u32[(ctx + XDP_MD.data) >>> 2] = buffer
  memory.u32[(ctx + XDP_MD.dataEnd) >>> 2] = buffer + packet.length
  memory.u8.fill(0, cpu.stackTop - CALL_STACK_BYTES, cpu.stackTop)
  const image = imageOf(insns)
  return runImage(bench, harden ? blinded(image) : image, ctx)
}

describe('random programs', () => {
  it('give the interpreter’s result, memory and count, blinded, too', { timeout: 3_600_000 }, (ctx) => {
    if (CANNOT_RUN !== undefined) return ctx.skip(`${PROGRAMS} random programs: ${CANNOT_RUN}`)
    const { interpreter, natives } = createBenches()
    fc.assert(
      fc.property(acceptedPrograms({ linux: '6.18' }), (program) => {
        const expected = run(interpreter, program)
        for (const [name, bench] of natives) expect({ name, ...run(bench, program) }).toEqual({ name, ...expected })
        const [, bench] = natives[1]!
        expect(run(bench, program, true)).toEqual(expected)
      }),
      { numRuns: PROGRAMS, ...(FULL === undefined ? { seed: 42 } : {}) },
    )
    console.log(`${PROGRAMS} random programs equal to the interpreter`)
  })
})
