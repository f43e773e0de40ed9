import { XDP_MD } from '@bpfoundry/kernel-abi'
import { acceptedPrograms, type GeneratedProgram } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Bench, CANNOT_RUN, createBench, createBenches, imageOf, OPTIMISED, type Outcome } from './harness.ts'

/** `PROGRAMS=20000` for the long form; other ones each time. The short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 200)

const CONTEXT_OFFSET = 2048

/** Runs on a `struct xdp_md` in the buffer, the packet before it. */
function run(bench: Bench, { insns, packet }: GeneratedProgram): Outcome {
  const { memory, buffer } = bench
  const ctx = buffer + CONTEXT_OFFSET
  memory.write(buffer, packet)
  memory.u32[(ctx + XDP_MD.data) >>> 2] = buffer
  memory.u32[(ctx + XDP_MD.dataEnd) >>> 2] = buffer + packet.length
  return bench.outcome(bench.install(imageOf(insns)), ctx)
}

describe('random programs', () => {
  it('give the interpreter’s result, memory and count', { timeout: 3_600_000 }, (ctx) => {
    if (CANNOT_RUN !== undefined) return ctx.skip(`${PROGRAMS} random programs: ${CANNOT_RUN}`)
    const { interpreter, arm64 } = createBenches()
    const others = [...arm64, ['optimised', createBench(OPTIMISED)] as const]
    fc.assert(
      fc.property(acceptedPrograms({ linux: '6.18' }), (program) => {
        const expected = run(interpreter, program)
        for (const [name, bench] of others) expect({ name, ...run(bench, program) }).toEqual({ name, ...expected })
      }),
      { numRuns: PROGRAMS, ...(FULL === undefined ? { seed: 42 } : {}) },
    )
    console.log(`${PROGRAMS} random programs equal to the interpreter`)
  })
})
