// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/jit-x86_64/bench/jit-x86.bench.ts
// Nanoseconds per run: in a loop of machine code, and called from JavaScript; microseconds to translate. Best of rounds.
import { prepareProgram } from '@bpfoundry/codegen'
import {
  allocateCpu,
  type CompiledProgram,
  compileProgram,
  type Engine,
  type EngineEnvironment,
  type EngineOptions,
  type ProgramImage,
} from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import type { Insn } from '@bpfoundry/isa'
import { createEngineOf, x86Features } from '@bpfoundry/native-exec'
import { BENCH_PROGRAMS } from '../../interpreter/bench/programs.ts'
import { translateX86, type X86Options } from '../src/index.ts'
import { looped } from './native-loop.ts'

const PACKET_BYTES = 1500
/** Many and short: a round that nothing disturbs is the figure. */
const ROUNDS = 1000
const ROUND_NS = 1e5
/** About what a call from JavaScript costs. */
const CALL_NS = 60
const COMPILE_ROUNDS = 40
const ROUND_COMPILES = 200

const memory = GuestMemory.create()
const cpu = allocateCpu(memory, 0)
const packet = memory.allocate('packet', 'scratch', PACKET_BYTES).address
memory.u8.fill(0x5a, packet, packet + PACKET_BYTES)
memory.write(packet + 12, Uint8Array.of(8, 0, 0x45))
memory.u8[packet + 23] = 17
const environment: EngineEnvironment = { memory, helpers: [], tailCallTarget: () => undefined }
const features = x86Features()

function imageOf(name: string, insns: readonly Insn[]): ProgramImage {
  const subprograms = [{ name, start: 0, end: insns.length, stackDepthBytes: 0 }]
  const rest = { mapReferences: [], lines: [], gplCompatible: true, tag: '', type: 1, expectedAttachType: 0 }
  return { id: 1, name, insns, subprograms, ...rest }
}

const optionsOf = (count: boolean): X86Options => ({
  progArray: { maxEntriesOffsetBytes: 8, slotsOffsetBytes: 64 },
  count,
  features: { bmi2: features.has('bmi2'), movbe: features.has('movbe') },
})

function engineOf(options: EngineOptions, times: number): Engine {
  const translate = (image: ProgramImage): ReturnType<typeof translateX86> => {
    const code = translateX86(image, options)
    return times === 1 ? code : looped(code, times)
  }
  return createEngineOf({ name: 'bench', translate }, options)
}

/** Best time of one call, in ns. */
function best(call: () => void, rounds: number, ns: number): number {
  let times = 1
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; ) {
    const start = process.hrtime.bigint()
    for (let n = 0; n < times; n++) call()
    const took = Number(process.hrtime.bigint() - start)
    if (took < ns) times *= 2
    else {
      least = Math.min(least, took / times)
      round++
    }
  }
  return least
}

function inLoop(image: ProgramImage, options: X86Options): number {
  const estimate = best(() => single(image, options).run(cpu, packet), ROUNDS, ROUND_NS)
  const times = Math.max(2, Math.round(ROUND_NS / Math.max(estimate - CALL_NS, 2)))
  const program = compileProgram(engineOf(options, times), image, environment)
  return best(() => program.run(cpu, packet), ROUNDS, ROUND_NS) / times
}

const compiled = new Map<string, CompiledProgram>()
function single(image: ProgramImage, options: X86Options): CompiledProgram {
  const key = `${image.name} ${options.count}`
  const program = compiled.get(key) ?? compileProgram(engineOf(options, 1), image, environment)
  compiled.set(key, program)
  return program
}

/** CPU time, for others may want the processor, too. */
function compileUs(image: ProgramImage, options: X86Options): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < COMPILE_ROUNDS; round++) {
    const start = process.cpuUsage()
    for (let n = 0; n < ROUND_COMPILES; n++) translateX86(image, options)
    const { user, system } = process.cpuUsage(start)
    least = Math.min(least, (user + system) / ROUND_COMPILES)
  }
  return least
}

/** The image as bpf_jit_harden makes it: numbers made of two, with keys that don't matter here. */
function blinded(image: ProgramImage): ProgramImage {
  const random = (): number => (Math.random() * 2 ** 32) >>> 0
  const { insns, subprograms, weights } = prepareProgram(image, { blind: random, optimise: false })
  const named = subprograms.map((range) => ({ name: 'blinded', stackDepthBytes: 0, ...range }))
  return { ...image, name: `${image.name} blinded`, inlined: { insns, subprograms: named, lines: [], weights } }
}

console.log('program           insns  bytes   in loop   counted  blinded  counted  from JS  translate')
console.log('                                     ns        ns       ns       ns       ns         us')
for (const { name, insns } of BENCH_PROGRAMS) {
  const image = imageOf(name, insns(packet, PACKET_BYTES))
  const bytes = translateX86(image, optionsOf(false)).bytes.length
  const columns = [
    String(image.insns.length).padStart(6),
    String(bytes).padStart(6),
    inLoop(image, optionsOf(false)).toFixed(2).padStart(9),
    inLoop(image, optionsOf(true)).toFixed(2).padStart(9),
    inLoop(blinded(image), optionsOf(false)).toFixed(2).padStart(8),
    inLoop(blinded(image), optionsOf(true)).toFixed(2).padStart(8),
    best(() => single(image, optionsOf(true)).run(cpu, packet), ROUNDS, ROUND_NS)
      .toFixed(0)
      .padStart(8),
    compileUs(image, optionsOf(true)).toFixed(1).padStart(10),
  ]
  console.log(name.padEnd(16), ...columns)
}
