import { type CompiledProgram, CPU_BLOCK, type Engine, type ProgramImage } from '@bpfoundry/engine'
import { createWasmEngine, emitWasm } from '@bpfoundry/jit-wasm'
import { Kernel } from '@bpfoundry/kernel'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { createNativeEngine, nativeEngineAvailable } from '@bpfoundry/native-exec'
import { engineByName } from '@bpfoundry/testbench'
import { measure } from 'mitata'
import { loadBenchProgram } from './load-program.ts'
import { loopedImage } from './looped-image.ts'
import type { BenchProgram } from './programs.ts'
import { XdpFrame } from './xdp-frame.ts'

/** One program on one engine. */
export interface EngineFigures {
  readonly engine: string
  readonly program: string
  /** Instructions that a run executes, those of hidden subprograms excluded. */
  readonly insns: number
  /** Inside of a loop in compiled code: the least and the median of many samples. */
  readonly nsPerRun: number
  readonly nsPerRunMedian: number
  /** A call from JavaScript. */
  readonly nsPerCall: number
  /** Translating and installing it; the interpreter links its operations then. */
  readonly compileUs: number
  /** Of the engine's code; absent for the interpreter. */
  readonly codeBytes?: number
}

/** How much time goes into one figure. */
export interface BenchEffort {
  readonly cpuNs: number
  /** Whether compiled code counts instructions, as reports and cost models need it. */
  readonly count: boolean
}

/** Behind the ids that a kernel gives here. */
const LOOP_ID = 1000
const WARM_UP_MS = 60
/** A turn of the loop takes about this long. */
const LOOP_NS = 1e6
const COMPILATIONS = 40
/** Of the time of a figure: V8 compiles the translator for speed after some hundred programs only. */
const COMPILING = 2

function engineFor(name: string, count: boolean): Engine {
  const options = { progArray: PROG_ARRAY_LAYOUT, count }
  if (name === 'wasm') return createWasmEngine(options)
  const native = nativeEngineAvailable()
  return native.available && native.name === name ? createNativeEngine(options) : engineByName(name)
}

/** Measures one program, which executes so many instructions, on one engine, alone in a kernel. */
export async function measureEngine(
  name: string,
  bench: BenchProgram,
  insns: number,
  effort: BenchEffort,
): Promise<EngineFigures> {
  const engine = engineFor(name, effort.count)
  const kernel = Kernel.create({ engine })
  const { image } = loadBenchProgram(kernel, bench)
  const frame = new XdpFrame(kernel.memory, bench.frame)
  const cpu = kernel.cpus[0] as (typeof kernel.cpus)[number]
  const run = (program: CompiledProgram): number => {
    if (bench.movesFrame) frame.reset()
    return program.run(cpu, frame.ctx)
  }
  const single = kernel.runtime.program(image.id) as CompiledProgram
  requireAnswer(bench, name, run(single))
  warmUp(() => run(single))
  const nsPerCall = (await sample(() => run(single), effort, CALLS)).least
  const times = Math.max(1, Math.min(1e6, Math.round(LOOP_NS / nsPerCall)))
  const looped = loopedImage(image, LOOP_ID, times, bench.movesFrame ? frame.place : undefined)
  const loop = kernel.runtime.install(engine.translate(looped))
  requireAnswer(bench, name, run(loop))
  warmUp(() => run(loop))
  const { least, median } = await sample(() => run(loop), effort, LOOPS)
  return {
    engine: name,
    program: bench.name,
    insns,
    nsPerRun: least / times,
    nsPerRunMedian: median / times,
    nsPerCall,
    compileUs: compileTime(kernel, engine, image, COMPILING * effort.cpuNs),
    ...codeLength(engine, kernel, image),
  }
}

function requireAnswer(bench: BenchProgram, engine: string, got: number): void {
  if (bench.retval !== got) throw new Error(`${bench.name} on ${engine} answers ${got}, expected ${bench.retval}`)
}

/** Until the host has compiled what it compiles late. */
function warmUp(run: () => unknown): void {
  const until = performance.now() + WARM_UP_MS
  do run()
  while (performance.now() < until)
}

/** Nothing that is measured allocates, and mitata's way to make room takes a gigabyte where there is no `gc()`. */
const NO_COLLECTION = { inner_gc: false, gc: false }

/** A call may take nanoseconds: the clock is read once for many. */
const CALLS = { batch_samples: 256 }
/** A loop takes long enough to be timed by itself. */
const LOOPS = { batch_threshold: 0 }

async function sample(
  run: () => unknown,
  { cpuNs }: BenchEffort,
  batches: typeof CALLS | typeof LOOPS,
): Promise<{ least: number; median: number }> {
  const { min, p50 } = await measure(run, { ...NO_COLLECTION, ...batches, min_cpu_time: cpuNs })
  return { least: min, median: p50 }
}

/** The least of many translations in a row, which the host's own compiler has got used to. */
function compileTime(kernel: Kernel, engine: Engine, image: ProgramImage, wallNs: number): number {
  let least = Number.POSITIVE_INFINITY
  const until = performance.now() + wallNs / 1e6
  for (let n = 0; n < COMPILATIONS || performance.now() < until; n++) {
    const fresh = { ...image, id: LOOP_ID + 1 }
    const started = performance.now()
    const translation = engine.translate(fresh)
    kernel.runtime.install(translation)
    least = Math.min(least, performance.now() - started)
    kernel.runtime.remove(fresh.id)
    engine.release?.(translation)
  }
  return least * 1e3
}

function codeLength(engine: Engine, kernel: Kernel, image: ProgramImage): { codeBytes?: number } {
  if (engine.name === 'wasm')
    return { codeBytes: emitWasm(image, { progArray: PROG_ARRAY_LAYOUT, count: false }).length }
  const { codeBytes } = (kernel.programById(image.id)?.translation ?? {}) as { readonly codeBytes?: number }
  return codeBytes === undefined ? {} : { codeBytes }
}

/** Instructions that a run of the program executes, as the interpreter counts them. */
export function executedInsns(bench: BenchProgram): number {
  const kernel = Kernel.create({ engine: engineByName('interpreter') })
  const { image } = loadBenchProgram(kernel, bench)
  const cpu = kernel.cpus[0] as (typeof kernel.cpus)[number]
  kernel.runtime.program(image.id)?.run(cpu, new XdpFrame(kernel.memory, bench.frame).ctx)
  return kernel.memory.f64[(cpu.block + CPU_BLOCK.fields.executedInsns.offsetBytes) >>> 3] as number
}
