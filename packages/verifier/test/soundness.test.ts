/**
 * What a verdict promises, held against runs: a program that was accepted does nothing that the checking interpreter
 * forbids, runs only instructions that were explored, and each number that an instruction uses lies in the range claimed.
 *
 * The kernel and the interpreter are of higher layers: tests may, sources may not.
 */
import { disassembleKernel, type Insn } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cpu, ProgramImage } from '../../engine/src/index.ts'
import { createInterpreter } from '../../interpreter/src/index.ts'
import { Kernel } from '../../kernel/src/index.ts'
import { type InsnFact, type RegisterFact, type VerifierMap, verify } from '../src/index.ts'
import { randomProgram } from './support/random-program.ts'
import { repetitions } from './support/repetitions.ts'

const PROGRAMS = repetitions('VERIFIER_SOUNDNESS_PROGRAMS', 1500, 500)
const COMPLEXITY_LIMIT = 20_000
/** By whose rules; the default of the verifier without it. */
const PROFILE = process.env['VERIFIER_SOUNDNESS_PROFILE']
const RELEASE = PROFILE === undefined ? {} : { profile: PROFILE }

const common = { keySizeBytes: 4, maxEntries: 4, flags: 0 }
const ARRAY = { ...common, name: 'array', type: MAP_TYPE.ARRAY, valueSizeBytes: 64 }
const HASH = { ...common, name: 'hash', type: MAP_TYPE.HASH, valueSizeBytes: 16 }

/** Lengths and contents of packets that reach both sides of most comparisons. */
const PACKETS: readonly Uint8Array[] = [14, 15, 21, 34, 60, 300].map((length, salt) =>
  Uint8Array.from({ length }, (_, index) => (index * 37 + salt * 101) ^ (index % 5 === 0 ? 0xff : 0)),
)

/** A number that programs read, for each packet. */
const QUEUES = [0, 1, 7, 17, 255, 70_000] as const

/** struct xdp_md of a test run: the whole packet, from queue `queue` of the loopback device. */
function contextOf(packet: Uint8Array, queue: number): Uint8Array {
  const words = new Uint32Array(6)
  words[1] = packet.length
  words[3] = 1
  words[4] = queue
  return new Uint8Array(words.buffer)
}

/** Holds what runs against what was claimed. */
class Watch {
  readonly violations: string[] = []
  checked = 0
  #facts: readonly InsnFact[] = []
  #original: ReadonlyMap<number, number> = new Map()

  /** Begins with a program: one line of source was claimed for each slot, so that rewritten slots tell where they are from. */
  begin(facts: readonly InsnFact[], image: ProgramImage): void {
    this.#facts = facts
    this.#original = new Map(image.lines.map(({ pc, line }) => [pc, line - 1]))
    this.violations.length = 0
  }

  observe(pc: number, cpu: Cpu): void {
    const original = this.#original.get(pc)
    const fact = original === undefined ? undefined : this.#facts[original]
    if (fact === undefined) return
    if (!fact.visited) this.violations.push(`slot ${original} was not explored`)
    for (const [number, register] of fact.registers) {
      if (register.kind !== 'scalar' || register.mixed) continue
      this.checked++
      if (!holds(register, cpu, number)) this.violations.push(`slot ${original}: r${number} is outside of its range`)
    }
  }
}

function holds(fact: RegisterFact, cpu: Cpu, number: number): boolean {
  const low = BigInt((cpu.regs[2 * number] as number) >>> 0)
  const value = (BigInt((cpu.regs[2 * number + 1] as number) >>> 0) << 32n) | low
  const signed = BigInt.asIntN(64, value)
  return value >= fact.umin && value <= fact.umax && signed >= fact.smin && signed <= fact.smax
}

function linesFor(insns: readonly Insn[]): { pc: number; file: string; text: string; line: number; column: number }[] {
  return insns.map((_, pc) => ({ pc, file: 'random.c', text: '', line: pc + 1, column: 1 }))
}

describe('accepted random programs', () => {
  it('never fault, and keep to what was claimed of them', () => {
    const watch = new Watch()
    const engine = createInterpreter({
      access: 'regions',
      fuel: 1_000_000,
      onInsn: (_image, pc, cpu) => watch.observe(pc, cpu),
    })
    const kernel = Kernel.create({ engine, ...RELEASE })
    kernel.addNetDevice({ ifindex: 1, name: 'lo', rxQueues: 100_000 })
    const [array, hash] = [kernel.createMap(ARRAY), kernel.createMap(HASH)]
    for (let key = 0; key < 4; key++) hash.update(Uint8Array.of(key, 0, 0, 0), new Uint8Array(16).fill(key * 77))
    const maps = new Map<number, VerifierMap>([
      [array.fd, { ...ARRAY, id: array.id }],
      [hash.fd, { ...HASH, id: hash.id }],
    ])
    let runs = 0
    const property = fc.property(fc.integer(), (seed) => {
      const insns = randomProgram(seed, { array: array.fd, hash: hash.fd })
      const lineInfo = linesFor(insns)
      const base = { name: 'random', type: PROG_TYPE.XDP, expectedAttachType: 0, insns, lineInfo, flags: 0 }
      const options = { ...RELEASE, complexityLimit: COMPLEXITY_LIMIT, exactFacts: true }
      const result = verify({ ...base, gplCompatible: true, maps }, options)
      if (!result.ok) return
      const program = kernel.loadProgram({ ...base, license: 'GPL' })
      watch.begin(result.verified.facts, program.image)
      try {
        PACKETS.forEach((data, index) => {
          kernel.testRun(program, { data, ctx: contextOf(data, QUEUES[index] as number) })
          runs++
        })
      } catch (error) {
        throw new Error(`${error}\n${disassembleKernel(insns)}`, { cause: error })
      } finally {
        program.close()
      }
      if (watch.violations.length > 0) throw new Error(`${watch.violations[0]}\n${disassembleKernel(insns)}`)
    })
    fc.assert(property, { numRuns: PROGRAMS })
    expect(runs).toBeGreaterThan(PROGRAMS / 4)
    expect(watch.checked).toBeGreaterThan(PROGRAMS)
  })
})
