import { CPU_BLOCK, type Engine } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { Kernel, type KernelMap, type KernelProgram, ProgramRejected } from '@bpfoundry/kernel'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
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

/** What the kernel of a rig made of programs: the same for every engine, since equal histories give equal addresses. */
interface Suite {
  readonly programs: readonly KernelProgram[]
  readonly packet: Uint8Array
}

/** One engine with a machine of its own. */
class Rig {
  readonly name: string
  readonly #kernel: Kernel

  constructor(name: string, engine: Engine, harden: 0 | 2) {
    this.name = harden === 0 ? name : `${name}, blinded`
    this.#kernel = Kernel.create({ engine, harden, memory: GuestMemory.create({ maximumBytes: 1 << 25 }) })
    this.#kernel.setTimeNs(1_234_567_890_123)
  }

  /** Loads the programs, runs the last one, and then has `others` do the same. @returns outcomes, the own first */
  lead(programs: readonly GeneratedProgram[], others: readonly Rig[]): Outcome[][] | 'refused' {
    const maps = this.#createMaps()
    const loaded: KernelProgram[] = []
    try {
      for (const { insns } of programs) loaded.push(this.#load(insns, maps))
      const suite = { programs: loaded, packet: (programs.at(-1) as GeneratedProgram).packet }
      return [this.#outcomes(suite, maps), ...others.map((rig) => rig.#follow(suite))]
    } catch (error) {
      if (!(error instanceof ProgramRejected)) throw error
      for (const rig of others) rig.#follow(undefined)
      return 'refused'
    } finally {
      for (const one of [...loaded, ...maps]) one.close()
    }
  }

  /** Runs what another rig's kernel verified and fixed up. */
  #follow(suite: Suite | undefined): Outcome[] {
    const { engine, runtime } = this.#kernel
    const maps = this.#createMaps()
    const translations = (suite?.programs ?? []).map(({ image }) => engine.translate(image))
    try {
      for (const translation of translations) runtime.install(translation)
      return suite === undefined ? [] : this.#outcomes(suite, maps)
    } finally {
      for (const translation of translations) {
        runtime.remove(translation.image.id)
        engine.release?.(translation)
      }
      for (const map of maps) map.close()
    }
  }

  #createMaps(): KernelMap[] {
    return [...GENERATED_MAPS, GENERATED_PROG_ARRAY].map((attributes) => this.#kernel.createMap(attributes))
  }

  #load(insns: GeneratedProgram['insns'], maps: readonly KernelMap[]): KernelProgram {
    const fds = maps.map(({ fd }) => fd)
    const options = { name: 'generated', type: PROG_TYPE.XDP, expectedAttachType: 0, license: 'GPL', flags: 0 }
    return this.#kernel.loadProgram({ ...options, insns: withMapFds(insns, fds), logLevel: 0 })
  }

  /** Two runs of the last program, with all of them in the program array. */
  #outcomes({ programs, packet }: Suite, maps: readonly KernelMap[]): Outcome[] {
    const array = (maps.at(-1) as KernelMap).storage.address + PROG_ARRAY_LAYOUT.slotsOffsetBytes
    for (const [slot, { id }] of programs.entries()) this.#kernel.memory.u32[(array >>> 2) + slot] = id
    return [0, 1].map(() => this.#once(programs.at(-1) as KernelProgram, packet, maps))
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

const contentsOf = (map: KernelMap): string =>
  [...map.entries()].map(([key, value]) => `${hex(key)}=${hex(value)}`).join(' ')

const names = ENGINE_NAMES.filter((name) => name !== 'auto')
/** By hardening: the interpreter, whose kernel loads the programs, and the others. */
const teams = ([0, 2] as const).map((harden) => names.map((name) => new Rig(name, engineByName(name), harden)))

const suites = fc.array(acceptedPrograms({ linux: '6.8', maps: true, tailCalls: true }), {
  minLength: 1,
  maxLength: 1 + TARGETS,
})

it('gives the same result, packet, maps and counts on every engine, blinded or not', { timeout: 7_200_000 }, () => {
  let refused = 0
  fc.assert(
    fc.property(suites, (programs) => {
      const [expected, blinded] = teams.map(([first, ...others]) => (first as Rig).lead(programs, others))
      if (expected === 'refused') refused++
      if (expected === undefined || expected === 'refused' || blinded === undefined || blinded === 'refused') {
        expect(blinded).toBe(expected)
        return
      }
      const [wanted] = expected
      const rigs = teams.flat()
      for (const [index, outcome] of [...expected, ...blinded].entries())
        expect({ engine: rigs[index]?.name, outcome }).toEqual({ engine: rigs[index]?.name, outcome: wanted })
    }),
    { numRuns: PROGRAMS, ...(FULL === undefined ? { seed: 42 } : {}) },
  )
  console.log(
    `${PROGRAMS} programs on ${teams
      .flat()
      .map(({ name }) => name)
      .join('; ')}: equal; ${refused} refused by the verifier`,
  )
  expect(refused).toBeLessThanOrEqual(PROGRAMS / 20)
})
