import { ExecutionFault } from '@bpfoundry/engine'
import { PROG_TYPE, XDP_MD } from '@bpfoundry/kernel-abi'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { acceptedPrograms, type GeneratedProgram } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHarness } from './harness.ts'

/** `PROGRAMS=20000` for the full comparison, a minute; other ones each time. The short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 1000)
/** The kernel finds a rare one too complex; the generator's promise is for nearly all. */
const REFUSED_AT_MOST = PROGRAMS / 50
const PROGRAM_FUEL = 5_000_000

interface Outcome {
  readonly retval: number
  readonly packet: string
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Runs a program on a `struct xdp_md` as it stands, whose packet addresses are guest addresses. */
function createRunner(): (program: GeneratedProgram) => Outcome {
  const harness = createHarness({ fuel: PROGRAM_FUEL, access: 'regions' })
  const { memory, cpu } = harness
  const ctx = memory.allocate('xdp_md', 'ctx', XDP_MD.sizeBytes).address
  const packet = memory.allocate('packet', 'packet', 4096).address
  return ({ insns, packet: bytes }) => {
    memory.write(packet, bytes)
    memory.u32[(ctx + XDP_MD.data) >>> 2] = packet
    memory.u32[(ctx + XDP_MD.dataEnd) >>> 2] = packet + bytes.length
    const retval = harness.compile(insns).run(cpu, ctx)
    return { retval, packet: hex(memory.read(packet, bytes.length)) }
  }
}

describe('random programs', () => {
  it('give the running kernel’s result and packet', { timeout: 1_800_000 }, (ctx) => {
    const oracle = kernelOracle()
    if ('unavailable' in oracle) return ctx.skip(`${PROGRAMS} random programs: ${oracle.unavailable}`)
    const linux = oracle.release.split('.').slice(0, 2).join('.')
    const run = createRunner()
    let refused = 0
    fc.assert(
      fc.property(acceptedPrograms({ linux }), (program) => {
        const { insns, packet } = program
        const { ok, fd } = oracle.loadProgram({ type: PROG_TYPE.XDP, insns, logLevel: 0 })
        if (!ok) refused++
        fc.pre(ok)
        const { retval, dataOut } = oracle.testRun(fd, { dataIn: packet })
        oracle.close(fd)
        expect(run(program)).toEqual({ retval, packet: hex(dataOut) })
      }),
      { numRuns: PROGRAMS, ...(FULL === undefined ? { seed: 42 } : {}) },
    )
    oracle.close()
    console.log(`${PROGRAMS} random programs equal to Linux ${linux}; ${refused} more refused by it`)
    expect(refused).toBeLessThanOrEqual(REFUSED_AT_MOST)
  })

  it('end by a result, without a fault, under the strict access rules', () => {
    const run = createRunner()
    fc.assert(
      fc.property(acceptedPrograms(), (program) => {
        expect(() => run(program)).not.toThrow(ExecutionFault)
      }),
      { numRuns: 100 },
    )
  })
})
