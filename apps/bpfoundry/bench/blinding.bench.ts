// node --import ./tools/typescript-hook/register.mjs --conditions=source apps/bpfoundry/bench/blinding.bench.ts [ENGINE]
// What constant blinding costs: the programs of `bench engines`, plain and blinded as bpf_jit_harden has it, in turn.
import { prepareProgram } from '@bpfoundry/codegen'
import type { CompiledProgram, Engine, InlinedProgram, ProgramImage, Subprogram } from '@bpfoundry/engine'
import { createWasmEngine } from '@bpfoundry/jit-wasm'
import { Kernel } from '@bpfoundry/kernel'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { createNativeEngine } from '@bpfoundry/native-exec'
import { loadBenchProgram } from '../src/benchmarks/load-program.ts'
import { loopedImage } from '../src/benchmarks/looped-image.ts'
import { BENCH_PROGRAMS, type BenchProgram } from '../src/benchmarks/programs.ts'
import { XdpFrame } from '../src/benchmarks/xdp-frame.ts'

/** Each has the least of many samples of both; told is the median of their ratios. */
const ROUNDS = 11
const SAMPLES = 60
const SAMPLE_NS = 3e5
/** What a call from JavaScript takes at most. */
const CALL_NS = 150
const WARM_UP_NS = 6e7

const options = { progArray: PROG_ARRAY_LAYOUT, count: false }
const random = (): number => (Math.random() * 2 ** 32) >>> 0

function blinded(image: ProgramImage): ProgramImage {
  const { insns, subprograms, lines }: InlinedProgram = image.inlined ?? image
  const program = prepareProgram({ insns, subprograms }, { blind: random })
  return { ...image, inlined: { ...program, subprograms: program.subprograms as readonly Subprogram[], lines } }
}

const timeNs = (run: () => unknown): number => {
  const start = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - start)
}

function leastNs(run: () => unknown): number {
  return Math.min(...Array.from({ length: SAMPLES }, () => timeNs(run)))
}

function measure(engine: Engine, bench: BenchProgram): readonly string[] {
  const kernel = Kernel.create({ engine })
  const { image } = loadBenchProgram(kernel, bench)
  const frame = new XdpFrame(kernel.memory, bench.frame)
  const cpu = kernel.cpus[0] as (typeof kernel.cpus)[number]
  const runOf = (program: CompiledProgram) => (): number => {
    if (bench.movesFrame) frame.reset()
    return program.run(cpu, frame.ctx)
  }
  const single = runOf(kernel.runtime.program(image.id) as CompiledProgram)
  for (let spent = 0; spent < WARM_UP_NS; ) spent += timeNs(single)
  const times = Math.max(2, Math.round(SAMPLE_NS / Math.max(1.5, leastNs(single) - CALL_NS)))
  const images = [image, blinded(image)]
  const runs = images.map((one, n) => {
    const looped = loopedImage(one, 1000 + n, times, bench.movesFrame ? frame.place : undefined)
    return runOf(kernel.runtime.install(engine.translate(looped)))
  })
  if (runs.some((run) => run() !== bench.retval)) throw new Error(`${bench.name} gives another answer`)
  for (const run of runs) for (let spent = 0; spent < WARM_UP_NS; ) spent += timeNs(run)
  const rounds = Array.from({ length: ROUNDS }, () => runs.map((run) => leastNs(run) / times) as [number, number])
  const [plainNs, blindedNs] = [0, 1].map((n) => Math.min(...rounds.map((round) => round[n] as number)))
  const ratios = rounds.map(([plain, hidden]) => hidden / plain).sort((a, b) => a - b)
  const slots = images.map((one) => (one.inlined ?? one).insns.length)
  const percent = 100 * ((ratios[ROUNDS >> 1] as number) - 1)
  return [
    ...slots.map(String),
    ...[plainNs, blindedNs].map((ns) => (ns as number).toFixed(2)),
    `${percent.toFixed(0)} %`,
  ]
}

const engine = process.argv[2] === 'wasm' ? createWasmEngine(options) : createNativeEngine(options)
console.log(`${engine.name}: program, slots, blinded, ns, blinded, more`)
for (const bench of BENCH_PROGRAMS) console.log([bench.name.padEnd(16), ...measure(engine, bench)].join('\t'))
