import type { KernelOracle, OracleMap } from '@bpfoundry/kernel-oracle'
import type { RunAnswer } from '../report/answer.ts'
import type { VectorMap, VectorRun } from '../vector/vector.ts'
import type { VectorKernel } from '../verified/vector-kernel.ts'
import { errnoOf, hex, loadPart, oracleProgram, withTypeIds } from './oracle-load.ts'
import { unanswerable } from './unanswerable.ts'

/** As many elements of a map are dumped. */
const MOST_ELEMENTS = 65_536

function must(code: number, what: string): void {
  if (code !== 0) throw new Error(`${what}: ${errnoOf(code)}`)
}

/**
 * The running kernel as one that vectors are put to; its answers are of engine `kernel`. The oracle is handed in, so that
 * this package works without native code.
 */
export function createRunningKernel(oracle: KernelOracle): VectorKernel {
  const maps = new Map<number, OracleMap>()
  // One descriptor a BTF: a program's types are its maps' only where both are of the same.
  const btfs = new Map<string, number>()
  const loadBtf = (bytes: Uint8Array): number => {
    const key = Buffer.from(bytes).toString('latin1')
    const fd = btfs.get(key) ?? oracle.loadBtf(bytes)
    btfs.set(key, fd)
    return fd
  }
  const mapOf = (fd: number): OracleMap => maps.get(fd) as OracleMap
  return {
    name: 'kernel',
    unsupported: (vector) => unanswerable(oracle, vector),
    // What of a module a program needs is either in this kernel, or `unsupported` says that it is not.
    insertModule: () => undefined,
    createMap: ({ name, type, keySizeBytes, valueSizeBytes, maxEntries, flags, mapExtra, btf }, inner) => {
      const types = btf === undefined ? {} : mapBtf(loadBtf, btf)
      const named = name === undefined ? {} : { name }
      const spec = { ...named, type, keySizeBytes, valueSizeBytes, maxEntries, flags, mapExtra, ...types }
      const map = oracle.createMap({ ...spec, ...(inner === undefined ? {} : { inner: mapOf(inner) }) })
      maps.set(map.fd, map)
      return map.fd
    },
    updateMap: (fd, spec, key, value) => {
      must(oracle.updateMap(mapOf(fd), key, wholeValue(mapOf(fd), spec, value)), 'map update')
    },
    freezeMap: (fd) => must(oracle.freezeMap(mapOf(fd)), 'map freeze'),
    loadProgram: (program, insns, { dump, fds }) => {
      const answer = oracle.loadProgram(oracleProgram(loadBtf, program, withTypeIds(oracle, program, insns), fds))
      return { fd: answer.fd, part: loadPart(oracle, program, answer, dump) }
    },
    runProgram: (fd, run) => runAnswer(oracle.testRun(fd, run), run),
    dumpMap: (fd) => dumpMap(oracle, mapOf(fd)),
    closeAll: () => {
      oracle.close()
      maps.clear()
      btfs.clear()
    },
  }
}

type BtfLoad = (bytes: Uint8Array) => number

function mapBtf(loadBtf: BtfLoad, { bytes, keyTypeId, valueTypeId }: NonNullable<VectorMap['btf']>): object {
  return { btfFd: loadBtf(bytes), btfKeyTypeId: keyTypeId, btfValueTypeId: valueTypeId }
}

function wholeValue({ valueBytes }: OracleMap, { valueSizeBytes }: VectorMap, value: Uint8Array): Uint8Array {
  if (valueBytes === valueSizeBytes || value.length !== valueSizeBytes) return value
  const padded = Math.ceil(value.length / 8) * 8
  const whole = new Uint8Array(valueBytes)
  for (let at = 0; at < valueBytes; at += padded) whole.set(value, at)
  return whole
}

/** What can be read of it: there are maps without keys, and elements that only programs see. */
function dumpMap(oracle: KernelOracle, map: OracleMap): readonly (readonly [string, string])[] {
  const elements: [string, string][] = []
  let key = attempt(() => oracle.nextKey(map))
  for (let count = 0; key !== undefined && count < MOST_ELEMENTS; count++) {
    const at = key
    const value = attempt(() => oracle.lookupMap(map, at))
    if (value !== undefined) elements.push([hex(at), hex(value)])
    key = attempt(() => oracle.nextKey(map, at))
  }
  return elements
}

function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}

function runAnswer(answer: ReturnType<KernelOracle['testRun']>, { ctxIn, ctxOutBytes }: VectorRun): RunAnswer {
  const { errno, retval, dataOut, ctxOut, durationNs, timedOut } = answer
  const name = errnoOf(errno)
  if (timedOut) return { run_errno: name, timed_out: true }
  if (errno !== 0 && name !== 'ENOSPC') return { run_errno: name }
  const context = (ctxOutBytes ?? ctxIn?.length ?? 0) === 0 ? {} : { ctx_out: hex(ctxOut) }
  return { run_errno: name, retval, data_out: hex(dataOut), duration_ns: durationNs, ...context }
}
