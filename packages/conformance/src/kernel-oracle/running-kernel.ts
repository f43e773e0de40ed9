import type { Insn } from '@bpfoundry/isa'
import { errnoName } from '@bpfoundry/kernel-abi'
import type { RunAnswer } from '../report/answer.ts'
import type { VectorMap, VectorRun } from '../vector/vector.ts'
import type { LoadPart, VectorKernel } from '../verified/vector-kernel.ts'

/** A map that the oracle made. */
interface OracleMap {
  readonly fd: number
  /** Of a per-CPU map, of all CPUs. */
  readonly valueBytes: number
}

/**
 * What is needed of a bpf(2) client of the running kernel; the repository's `packages/kernel-oracle` is one. It is handed
 * in, so that this package works without native code.
 */
export interface Oracle<Map extends OracleMap = OracleMap> {
  readonly release: string
  createMap(spec: {
    readonly type: number
    readonly keySizeBytes: number
    readonly valueSizeBytes: number
    readonly maxEntries: number
    readonly flags: number
    readonly mapExtra: number
    readonly inner?: Map
  }): Map
  /** @returns 0 or an errno */
  updateMap(map: Map, key: Uint8Array, value: Uint8Array): number
  /** @returns 0 or an errno */
  freezeMap(map: Map): number
  loadProgram(program: {
    readonly type: number
    readonly insns: readonly Insn[]
    readonly license: string
    readonly flags: number
    readonly expectedAttachType: number
    readonly logLevel: number
  }): {
    readonly ok: boolean
    readonly fd: number
    readonly errno: number
    readonly log: string
    readonly stats:
      | {
          readonly insnsProcessed: number
          readonly totalStates: number
          readonly peakStates: number
          readonly stackDepthBytes: readonly number[]
          readonly verificationTimeUs: number
        }
      | undefined
  }
  testRun(
    fd: number,
    run: { readonly dataIn?: Uint8Array; readonly ctxIn?: Uint8Array; readonly repeat: number; readonly flags: number },
  ): {
    readonly errno: number
    readonly retval: number
    readonly dataOut: Uint8Array
    readonly ctxOut: Uint8Array
    readonly durationNs: number
  }
  programInfo(fd: number): { readonly tag: string; readonly xlated: Uint8Array; readonly jitedBytes: number }
  close(fd?: number): void
}

const errno = (code: number): number | string => (code === 0 ? 0 : errnoName(code))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function must(code: number, what: string): void {
  if (code !== 0) throw new Error(`${what}: ${errnoName(code)}`)
}

/** The running kernel as one that vectors are put to; its answers are of engine `kernel`. */
export function createRunningKernel<Map extends OracleMap>(oracle: Oracle<Map>): VectorKernel {
  const maps = new Map<number, Map>()
  const mapOf = (fd: number): Map => maps.get(fd) as Map
  return {
    name: 'kernel',
    unsupported: () => [],
    dumpMap: () => [],
    createMap: ({ type, keySizeBytes, valueSizeBytes, maxEntries, flags, mapExtra }, inner) => {
      const spec = { type, keySizeBytes, valueSizeBytes, maxEntries, flags, mapExtra }
      const map = oracle.createMap({ ...spec, ...(inner === undefined ? {} : { inner: mapOf(inner) }) })
      maps.set(map.fd, map)
      return map.fd
    },
    updateMap: (fd, spec, key, value) => {
      must(oracle.updateMap(mapOf(fd), key, wholeValue(mapOf(fd), spec, value)), 'map update')
    },
    freezeMap: (fd) => must(oracle.freezeMap(mapOf(fd)), 'map freeze'),
    loadProgram: (program, insns) => {
      const { ok, fd, log, stats, ...answer } = oracle.loadProgram({ ...program, insns })
      const verdict: LoadPart = {
        load_ok: ok,
        errno: errno(answer.errno),
        verifier_log: program.logTail === 0 ? log : log.slice(-program.logTail),
        ...(stats === undefined ? {} : statistics(stats)),
      }
      return { fd, part: ok ? { ...verdict, ...lengths(oracle, fd) } : verdict }
    },
    runProgram: (fd, run) => runAnswer(oracle.testRun(fd, run), run),
    closeAll: () => {
      oracle.close()
      maps.clear()
    },
  }
}

function wholeValue({ valueBytes }: OracleMap, { valueSizeBytes }: VectorMap, value: Uint8Array): Uint8Array {
  if (valueBytes === valueSizeBytes || value.length !== valueSizeBytes) return value
  const padded = Math.ceil(value.length / 8) * 8
  const whole = new Uint8Array(valueBytes)
  for (let at = 0; at < valueBytes; at += padded) whole.set(value, at)
  return whole
}

type Statistics = NonNullable<ReturnType<Oracle['loadProgram']>['stats']>

function statistics(stats: Statistics): LoadPart {
  const depths = stats.stackDepthBytes
  return {
    insn_processed: stats.insnsProcessed,
    total_states: stats.totalStates,
    peak_states: stats.peakStates,
    stack_depth: depths.length === 1 ? (depths[0] as number) : depths.join('+'),
    verification_time_us: stats.verificationTimeUs,
  }
}

function lengths(oracle: Pick<Oracle, 'programInfo'>, fd: number): LoadPart {
  const { tag, xlated, jitedBytes } = oracle.programInfo(fd)
  return { tag, xlated_len: xlated.length, jited_len: jitedBytes }
}

function runAnswer(answer: ReturnType<Oracle['testRun']>, { ctxIn }: VectorRun): RunAnswer {
  const { retval, dataOut, ctxOut, durationNs } = answer
  if (answer.errno !== 0) return { run_errno: errno(answer.errno) }
  const context = ctxIn === undefined ? {} : { ctx_out: hex(ctxOut) }
  return { run_errno: 0, retval, data_out: hex(dataOut), duration_ns: durationNs, ...context }
}
