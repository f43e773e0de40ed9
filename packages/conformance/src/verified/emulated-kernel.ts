import type { LazyBtf } from '@bpfoundry/btf'
import type { Engine } from '@bpfoundry/engine'
import { type InsertedModule, Kernel, type KernelMap, type KernelProgram, type MapRequest } from '@bpfoundry/kernel'
import type { VectorMap } from '../vector/vector.ts'
import { unsupported } from './emulated-limits.ts'
import { loadVectorProgram } from './emulated-load.ts'
import { runVectorProgram } from './emulated-run.ts'
import { runningTypes } from './running-types.ts'
import { decodeModuleBtf, decodeVectorBtf } from './vector-btf.ts'
import type { VectorKernel } from './vector-kernel.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A machine that has just started would give programs a time of 0. */
const UPTIME_NS = 3600e9

/** What kernel is emulated. */
export interface EmulatedKernelOptions {
  /** Types of the kernel that programs are bound to; those of the running one by default. */
  readonly types?: LazyBtf | undefined
  /** The release whose verifier judges; the default of {@link Kernel.create} without it. */
  readonly profile?: string | undefined
}

/** The emulated kernel with one engine. One serves all cases of a run. */
export function createEmulatedKernel(
  engine: Engine,
  { types = runningTypes(), profile }: EmulatedKernelOptions = {},
): VectorKernel {
  const kernelBtf = types === undefined ? {} : { kernelBtf: types }
  const release = profile === undefined ? {} : { profile }
  const kernel = Kernel.create({ engine, hollowMaps: true, ...kernelBtf, ...release })
  kernel.setTimeNs(UPTIME_NS)
  const maps = new Map<number, KernelMap>()
  const programs = new Map<number, KernelProgram>()
  const modules: InsertedModule[] = []
  return {
    name: engine.name,
    unsupported: (vector) => unsupported(vector, types),
    insertModule: ({ btf, ...module }) => {
      modules.push(kernel.insertModule({ ...module, btf: decodeModuleBtf(btf) }))
    },
    createMap: (map, innerFd) => {
      const created = kernel.createMap(mapRequest(map, innerFd === undefined ? undefined : maps.get(innerFd)))
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
      const { loaded, part } = loadVectorProgram(kernel, modules, program, insns, options)
      if (loaded !== undefined) programs.set(loaded.fd, loaded)
      return { fd: loaded?.fd ?? -1, part }
    },
    runProgram: (fd, run) => {
      const names = modules.map(({ name }) => name)
      return runVectorProgram(kernel, programs.get(fd) as KernelProgram, run, names)
    },
    dumpMap: (fd) => [...(maps.get(fd) as KernelMap).entries()].map(([key, value]) => [hex(key), hex(value)]),
    closeAll: () => {
      for (const open of [...programs.values(), ...maps.values()]) open.close()
      programs.clear()
      maps.clear()
      for (const module of modules.splice(0)) module.remove()
    },
  }
}

function mapRequest(map: VectorMap, inner: KernelMap | undefined): MapRequest {
  const { name = '', type, keySizeBytes, valueSizeBytes, maxEntries, flags, mapExtra, btf } = map
  return {
    ...{ name, type, keySizeBytes, valueSizeBytes, maxEntries, flags, mapExtra },
    ...(btf === undefined ? {} : mapBtf(btf)),
    ...(inner === undefined ? {} : { inner }),
  }
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
