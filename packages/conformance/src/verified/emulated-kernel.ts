import { type Engine, ExecutionFault } from '@bpfoundry/engine'
import { INSN_BYTES, type Insn } from '@bpfoundry/isa'
import { Kernel, KernelError, type KernelMap, type KernelProgram, ProgramRejected } from '@bpfoundry/kernel'
import { errnoName } from '@bpfoundry/kernel-abi'
import type { VerifierStats } from '@bpfoundry/verifier'
import type { RunAnswer } from '../report/answer.ts'
import type { VectorProgram, VectorRun } from '../vector/vector.ts'
import type { LoadPart, VectorKernel } from './vector-kernel.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The emulated kernel with one engine. One serves all cases of a run. */
export function createEmulatedKernel(engine: Engine): VectorKernel {
  const kernel = Kernel.create({ engine })
  const maps = new Map<number, KernelMap>()
  const programs = new Map<number, KernelProgram>()
  return {
    name: engine.name,
    createMap: (map) => {
      const created = kernel.createMap({ name: '', ...map })
      maps.set(created.fd, created)
      return created.fd
    },
    updateMap: (fd, { valueSizeBytes }, key, value) => {
      const map = maps.get(fd) as KernelMap
      // A per-CPU map takes one value for every CPU.
      const perCpu = map.valueBytes !== valueSizeBytes && value.length === valueSizeBytes
      map.update(key, perCpu ? forEveryCpu(value, map.valueBytes) : value)
    },
    freezeMap: (fd) => (maps.get(fd) as KernelMap).freeze(),
    loadProgram: (program, insns) => {
      const { loaded, part } = load(kernel, program, insns)
      if (loaded !== undefined) programs.set(loaded.fd, loaded)
      return { fd: loaded?.fd ?? -1, part }
    },
    runProgram: (fd, run) => runProgram(kernel, programs.get(fd) as KernelProgram, run),
    closeAll: () => {
      for (const open of [...programs.values(), ...maps.values()]) open.close()
      programs.clear()
      maps.clear()
    },
  }
}

function forEveryCpu(value: Uint8Array, wholeBytes: number): Uint8Array {
  const padded = Math.ceil(value.length / 8) * 8
  const whole = new Uint8Array(wholeBytes)
  for (let at = 0; at < wholeBytes; at += padded) whole.set(value, at)
  return whole
}

interface Loaded {
  readonly loaded?: KernelProgram
  readonly part: LoadPart
}

function load(kernel: Kernel, program: VectorProgram, insns: readonly Insn[]): Loaded {
  const request = { ...program, insns, name: 'vector', functionInfo: [], lineInfo: [] }
  const started = performance.now()
  const took = (): number => Math.round((performance.now() - started) * 1e4) / 10
  try {
    const loaded = kernel.loadProgram(request)
    const { image, log, stats, tag } = loaded
    const lengths = { xlated_len: image.insns.length * INSN_BYTES, ...codeLength(loaded), tag }
    return { loaded, part: { load_ok: true, errno: 0, load_us: took(), ...verdict(program, log, stats), ...lengths } }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    const refused = { load_ok: false, errno: errnoName(error.errno), load_us: took() }
    if (error instanceof ProgramRejected) return { part: { ...refused, ...verdict(program, error.log, error.stats) } }
    return { part: { ...refused, verifier_log: error.message } }
  }
}

function verdict({ logTail }: VectorProgram, log: string, stats: VerifierStats): LoadPart {
  return {
    verifier_log: logTail === 0 ? log : log.slice(-logTail),
    insn_processed: stats.insnsProcessed,
    total_states: stats.totalStates,
    peak_states: stats.peakStates,
    stack_depth:
      stats.stackDepthBytes.length === 1 ? (stats.stackDepthBytes[0] as number) : stats.stackDepthBytes.join('+'),
    verification_time_us: stats.verificationTimeUs,
  }
}

/** Machine code tells its length. */
function codeLength({ translation }: KernelProgram): LoadPart {
  const { codeBytes } = translation as { readonly codeBytes?: unknown }
  return typeof codeBytes === 'number' ? { jited_len: codeBytes } : {}
}

function runProgram(kernel: Kernel, program: KernelProgram, run: VectorRun): RunAnswer {
  try {
    const { retval, data, ctx, durationNs } = kernel.testRun(program, {
      data: run.dataIn ?? new Uint8Array(),
      repeat: run.repeat,
      ...(run.ctxIn === undefined ? {} : { ctx: run.ctxIn }),
    })
    const out = { retval, data_out: hex(data), duration_ns: durationNs }
    return { run_errno: 0, ...out, ...(ctx === undefined ? {} : { ctx_out: hex(ctx) }) }
  } catch (error) {
    if (error instanceof KernelError) return { run_errno: errnoName(error.errno) }
    if (error instanceof ExecutionFault) return { run_errno: error.code }
    throw error
  }
}
