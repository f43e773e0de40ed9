// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/jit-wasm/bench/wasm.bench.ts
// Times of a run on each engine, in one process, and of translating: the least and the median of many samples. A name
// as printed, such as `trivial/wasm`, has only that one measured: calls of a function that is the only one are quicker.
import { allocateCpu, type Engine, type EngineEnvironment, type ProgramImage } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import { BPF_ADD, BPF_ALU64_IMM, type Insn } from '@bpfoundry/isa'
import { createWasmEngine, emitWasm, type WasmEngineOptions } from '@bpfoundry/jit-wasm'
import { measure } from 'mitata'
import { BENCH_PROGRAMS } from '../../interpreter/bench/programs.ts'

const PACKET_BYTES = 1500
const WARM_UP_MS = 1000
/** Short samples, so that some of them are not interrupted on a machine that has other things to do. */
const SAMPLING = { min_cpu_time: 4e8, batch_threshold: 2000, batch_samples: 512 }
const progArray = { maxEntriesOffsetBytes: 0, slotsOffsetBytes: 8 }

const memory = GuestMemory.create()
const cpu = allocateCpu(memory, 0)
const packet = memory.allocate('packet', 'scratch', PACKET_BYTES).address
memory.u8.fill(0x5a, packet, packet + PACKET_BYTES)
memory.write(packet + 12, Uint8Array.of(8, 0, 0x45))
memory.u8[packet + 23] = 17
const environment: EngineEnvironment = { memory, helpers: [], tailCallTarget: () => undefined }

function imageOf(name: string, insns: readonly Insn[]): ProgramImage {
  const subprograms = [{ name, start: 0, end: insns.length, stackDepthBytes: 0 }]
  const rest = { mapReferences: [], lines: [], gplCompatible: true, tag: '', type: 1, expectedAttachType: 0 }
  return { id: 1, name, insns, subprograms, ...rest }
}

const wasm = (more: Partial<WasmEngineOptions>): Engine => createWasmEngine({ progArray, ...more })

// biome-ignore format: table
const ENGINES: readonly (readonly [string, Engine])[] = [
  ['interpreter',           createInterpreter()],
  ['wasm',                  wasm({})],
  ['wasm, no counts',       wasm({ count: false })],
  ['wasm, optimised',       wasm({ optimise: true })],
  ['wasm, opt., no counts', wasm({ optimise: true, count: false })],
]

interface Sample {
  readonly least: number
  readonly median: number
}

async function timeOf(run: () => unknown): Promise<Sample> {
  for (const start = performance.now(); performance.now() - start < WARM_UP_MS; ) run()
  const { min, p50 } = await measure(run, SAMPLING)
  return { least: min, median: p50 }
}

const column = (value: number, digits: number): string => value.toFixed(digits).padStart(12)

const only = process.argv[2]
console.log('run                                      least ns   median ns  x interpreter (least)')
for (const { name, insns } of BENCH_PROGRAMS) {
  let slowest = 0
  for (const [label, engine] of ENGINES) {
    const key = `${name}/${label}`
    if (only !== undefined && only !== key) continue
    const image = imageOf(name, insns(packet, PACKET_BYTES))
    const program = engine.open(environment).install(engine.translate(image))
    const { least, median } = await timeOf(() => program.run(cpu, packet))
    if (slowest === 0) slowest = least
    console.log(key.padEnd(39), column(least, 1), column(median, 1), column(least / slowest, 4))
  }
}

/** A packet parser of about 100 instructions; another number in it each time, for the host keeps modules it has seen. */
const parser = BENCH_PROGRAMS[2]!.insns(packet, PACKET_BYTES)
let unique = 0
const parserImage = (): ProgramImage => {
  const body = Array.from({ length: 6 }, () => [...parser.slice(0, -1), BPF_ALU64_IMM(BPF_ADD, 0, ++unique)]).flat()
  return imageOf('parser', [...body, ...parser.slice(-1)])
}

const engine = wasm({})
const translation = engine.translate(parserImage())
const thread = engine.open(environment)
// biome-ignore format: table
const STEPS: readonly (readonly [string, () => unknown])[] = [
  ['emit',                () => emitWasm(parserImage(), { progArray })],
  ['emit, optimised',     () => emitWasm(parserImage(), { progArray, optimise: true })],
  ['translate',           () => engine.translate(parserImage())],
  ['install',             () => thread.install(translation)],
]
console.log(`\nprogram of ${parserImage().insns.length} instructions    least us   median us`)
for (const [label, step] of STEPS) {
  if (only !== undefined && only !== label) continue
  const { least, median } = await timeOf(step)
  console.log(label.padEnd(26), column(least / 1000, 1), column(median / 1000, 1))
}
