import { type Engine, ExecutionFault } from '@bpfoundry/engine'
import { Kernel, KernelError, type KernelMap, type KernelProgram, type TestRunRequest } from '@bpfoundry/kernel'
import { errnoName, helperName, mapTypeName, programTypeName } from '@bpfoundry/kernel-abi'
import { MAP_TYPES_HOLLOW, MAP_TYPES_SUPPORTED } from '@bpfoundry/maps'
import type { RunAnswer } from '../report/answer.ts'
import type { Vector, VectorMap, VectorProgram, VectorRun } from '../vector/vector.ts'
import { loadVectorProgram } from './emulated-load.ts'
import { specialField } from './special-fields.ts'
import { decodeVectorBtf } from './vector-btf.ts'
import type { VectorKernel } from './vector-kernel.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A machine that has just started would give programs a time of 0. */
const UPTIME_NS = 3600e9

/** By default there is that much more room for a packet than it had. */
const OUT_SLACK_BYTES = 4096

/** The emulated kernel with one engine. One serves all cases of a run. */
export function createEmulatedKernel(engine: Engine): VectorKernel {
  const kernel = Kernel.create({ engine, hollowMaps: true })
  kernel.setTimeNs(UPTIME_NS)
  const maps = new Map<number, KernelMap>()
  const programs = new Map<number, KernelProgram>()
  return {
    name: engine.name,
    unsupported,
    createMap: ({ btf, inner: _, ...map }, innerFd) => {
      const types = btf === undefined ? {} : mapBtf(btf)
      const inner = innerFd === undefined ? undefined : maps.get(innerFd)
      const created = kernel.createMap({ name: '', ...map, ...types, ...(inner === undefined ? {} : { inner }) })
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
    loadProgram: (program, insns, options) => {
      const { loaded, part } = loadVectorProgram(kernel, program, insns, options)
      if (loaded !== undefined) programs.set(loaded.fd, loaded)
      return { fd: loaded?.fd ?? -1, part }
    },
    runProgram: (fd, run) => runProgram(kernel, programs.get(fd) as KernelProgram, run),
    dumpMap: (fd) => [...(maps.get(fd) as KernelMap).entries()].map(([key, value]) => [hex(key), hex(value)]),
    closeAll: () => {
      for (const open of [...programs.values(), ...maps.values()]) open.close()
      programs.clear()
      maps.clear()
    },
  }
}

/** Fields of a program that the emulated kernel can't do what they say with. Listed in docs/parity/conformance.md. */
const PROGRAM_FIELDS: readonly (readonly [field: string, has: (program: VectorProgram) => boolean])[] = [
  ['attach_btf', ({ attachBtf }) => attachBtf !== undefined],
  ['kfuncs', ({ kfuncs = [] }) => kfuncs.length > 0],
]

function unsupported(vector: Vector): readonly string[] {
  const programs = [vector, ...vector.progs]
  const fields = PROGRAM_FIELDS.filter(([, has]) => programs.some(has)).map(([field]) => field)
  const mapTypes = vector.maps.filter((map) => isUnsupported(map)).map(({ type }) => `map type ${mapTypeName(type)}`)
  const runFlags = vector.runs.some(({ flags }) => flags !== 0) ? ['run_flags'] : []
  const dump = vector.dump?.includes('jited') ? ['dump jited'] : []
  return [...new Set([...fields, ...mapTypes, ...vector.maps.flatMap(specialFields), ...runFlags, ...dump])]
}

function specialFields({ btf }: VectorMap): readonly string[] {
  const field = btf === undefined ? undefined : specialField(decodeVectorBtf(btf.bytes), btf.valueTypeId)
  return field === undefined ? [] : [`${field} in a map's value`]
}

/** A map type that Linux has; one that it lacks too is refused, by both. A hollow map will do where nothing is put in. */
function isUnsupported({ type, fill }: VectorMap): boolean {
  if (MAP_TYPES_SUPPORTED.includes(type) || mapTypeName(type).startsWith('type ') || type === 0) return false
  return !MAP_TYPES_HOLLOW.includes(type) || fill.length > 0
}

function mapBtf({ bytes, keyTypeId, valueTypeId }: NonNullable<VectorMap['btf']>): object {
  return { btf: decodeVectorBtf(bytes), btfKeyTypeId: keyTypeId, btfValueTypeId: valueTypeId }
}

function forEveryCpu(value: Uint8Array, wholeBytes: number): Uint8Array {
  const padded = Math.ceil(value.length / 8) * 8
  const whole = new Uint8Array(wholeBytes)
  for (let at = 0; at < wholeBytes; at += padded) whole.set(value, at)
  return whole
}

function runProgram(kernel: Kernel, program: KernelProgram, run: VectorRun): RunAnswer {
  try {
    const { retval, data, ctx, truncated, durationNs } = kernel.testRun(program, runRequest(run))
    const out = { retval, data_out: hex(data), duration_ns: durationNs }
    return { run_errno: truncated ? 'ENOSPC' : 0, ...out, ...(ctx === undefined ? {} : { ctx_out: hex(ctx) }) }
  } catch (error) {
    return runFailure(error, program)
  }
}

function runRequest({ dataIn, ctxIn, repeat, dataOutBytes, ctxOutBytes }: VectorRun): TestRunRequest {
  const data = dataIn ?? new Uint8Array()
  return {
    data,
    repeat,
    dataOutBytes: dataOutBytes ?? (data.length === 0 ? 0 : data.length + OUT_SLACK_BYTES),
    ...(ctxIn === undefined ? {} : { ctx: ctxIn }),
    ...(ctxOutBytes === undefined ? {} : { ctxOutBytes }),
  }
}

function runFailure(error: unknown, { image }: KernelProgram): RunAnswer {
  if (error instanceof KernelError) {
    const run_errno = errnoName(error.errno)
    if (error.code !== 'KERNEL_TEST_RUN_UNSUPPORTED') return { run_errno }
    return { run_errno, unsupported: [`test runs of ${programTypeName(image.type)} programs`] }
  }
  if (!(error instanceof ExecutionFault)) throw error
  if (error.code !== 'FAULT_UNKNOWN_HELPER') return { run_errno: error.code }
  return { run_errno: 'ENOTSUPP', unsupported: [`the helper ${helperName(Number(error.got))}`] }
}
