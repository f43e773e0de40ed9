import { CPU_BLOCK, type Engine } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { Kernel, type KernelMap, type KernelProgram, ProgramRejected } from '@bpfoundry/kernel'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { ENGINE_NAMES, engineByName } from '@bpfoundry/testbench'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  acceptedPrograms,
  GENERATED_MAPS,
  GENERATED_PROG_ARRAY,
  type GeneratedProgram,
  withMapFds,
} from '../src/index.ts'

/** `PROGRAMS=100000` for the long form, 2000 in CI, other programs each time; the short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 20)
/** A program, and those that its tail calls may lead to. */
const TARGETS = 2

interface Outcome {
  readonly retval: number
  readonly packet: string
  readonly maps: readonly string[]
  /** Instructions and helper calls, as the CPU block counts them. */
  readonly counted: readonly number[]
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** One engine with a machine of its own; equal histories give equal addresses, so that even pointers are the same. */
class Rig {
  readonly name: string
  readonly #kernel: Kernel

  constructor(name: string, engine: Engine, harden: 0 | 2) {
    this.name = harden === 0 ? name : `${name}, blinded`
    this.#kernel = Kernel.create({ engine, harden, memory: GuestMemory.create({ maximumBytes: 1 << 25 }) })
    this.#kernel.setTimeNs(1_234_567_890_123)
  }

  /** Loads the programs, the last one with the others in its program array, and runs it twice. */
  run(programs: readonly GeneratedProgram[]): Outcome[] | 'refused' {
    const maps = [...GENERATED_MAPS, GENERATED_PROG_ARRAY].map((attributes) => this.#kernel.createMap(attributes))
    const loaded: KernelProgram[] = []
    try {
      for (const { insns } of programs) loaded.push(this.#load(insns, maps))
      this.#fillSlots(maps.at(-1) as KernelMap, loaded)
      return [0, 1].map(() =>
        this.#once(loaded.at(-1) as KernelProgram, (programs.at(-1) as GeneratedProgram).packet, maps),
      )
    } catch (error) {
      if (error instanceof ProgramRejected) return 'refused'
      throw error
    } finally {
      for (const one of [...loaded, ...maps]) one.close()
    }
  }

  #load(insns: GeneratedProgram['insns'], maps: readonly KernelMap[]): KernelProgram {
    const fds = maps.map(({ fd }) => fd)
    const options = { name: 'generated', type: PROG_TYPE.XDP, expectedAttachType: 0, license: 'GPL', flags: 0 }
    return this.#kernel.loadProgram({ ...options, insns: withMapFds(insns, fds), logLevel: 0 })
  }

  #fillSlots(array: KernelMap, loaded: readonly KernelProgram[]): void {
    for (const [slot, { fd }] of loaded.entries()) array.update(Uint8Array.of(slot, 0, 0, 0), word(fd))
  }

  #once(program: KernelProgram, packet: Uint8Array, maps: readonly KernelMap[]): Outcome {
    const cpu = this.#kernel.cpus[0]!
    const count = (field: 'executedInsns' | 'helperCalls'): number =>
      this.#kernel.memory.f64[(cpu.block + CPU_BLOCK.fields[field].offsetBytes) >>> 3]!
    const before = [count('executedInsns'), count('helperCalls')]
    const { retval, data } = this.#kernel.testRun(program, { data: packet })
    return {
      retval,
      packet: hex(data),
      maps: maps.slice(0, -1).map(contentsOf),
      counted: [count('executedInsns') - before[0]!, count('helperCalls') - before[1]!],
    }
  }
}

const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)
const contentsOf = (map: KernelMap): string =>
  [...map.entries()].map(([key, value]) => `${hex(key)}=${hex(value)}`).join(' ')

const rigs = ENGINE_NAMES.filter((name) => name !== 'auto').flatMap((name) =>
  ([0, 2] as const).map((harden) => new Rig(name, engineByName(name), harden)),
)

const suites = fc.array(acceptedPrograms({ linux: '6.8', maps: true, tailCalls: true }), {
  minLength: 1,
  maxLength: 1 + TARGETS,
})

it('gives the same result, packet, maps and counts on every engine, blinded or not', { timeout: 7_200_000 }, () => {
  let refused = 0
  fc.assert(
    fc.property(suites, (programs) => {
      const [first, ...others] = rigs
      const expected = first!.run(programs)
      if (expected === 'refused') refused++
      for (const rig of others)
        expect({ engine: rig.name, outcome: rig.run(programs) }).toEqual({ engine: rig.name, outcome: expected })
    }),
    { numRuns: PROGRAMS, ...(FULL === undefined ? { seed: 42 } : {}) },
  )
  console.log(
    `${PROGRAMS} programs on ${rigs.map(({ name }) => name).join('; ')}: equal; ${refused} refused by the verifier`,
  )
  expect(refused).toBeLessThanOrEqual(PROGRAMS / 10)
})
