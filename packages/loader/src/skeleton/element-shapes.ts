import type { ValueShape, ValueShapes } from '@bpfoundry/btf'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { MapSpec } from '../collection-spec.ts'

/** What keys and values of a map are, for who reads and writes them by type. */
export interface ElementShapes {
  readonly key: ValueShape
  /** Of one CPU, where there is a value for each. */
  readonly value: ValueShape
  readonly isPerCpu: boolean
}

const PER_CPU: ReadonlySet<number> = new Set([MAP_TYPE.PERCPU_ARRAY, MAP_TYPE.PERCPU_HASH, MAP_TYPE.LRU_PERCPU_HASH])

/** Maps of file descriptors and devices: their values are numbers, though nobody gives them a type. */
const OF_NUMBERS: ReadonlySet<number> = new Set<number>([
  MAP_TYPE.PROG_ARRAY,
  MAP_TYPE.PERF_EVENT_ARRAY,
  MAP_TYPE.CGROUP_ARRAY,
  MAP_TYPE.ARRAY_OF_MAPS,
  MAP_TYPE.HASH_OF_MAPS,
  MAP_TYPE.DEVMAP,
  MAP_TYPE.DEVMAP_HASH,
  MAP_TYPE.CPUMAP,
  MAP_TYPE.XSKMAP,
  MAP_TYPE.SOCKMAP,
  MAP_TYPE.SOCKHASH,
])

/** Maps whose keys are indices. */
const INDEXED: ReadonlySet<number> = new Set<number>([
  MAP_TYPE.ARRAY,
  MAP_TYPE.PERCPU_ARRAY,
  MAP_TYPE.PROG_ARRAY,
  MAP_TYPE.PERF_EVENT_ARRAY,
  MAP_TYPE.CGROUP_ARRAY,
  MAP_TYPE.ARRAY_OF_MAPS,
  MAP_TYPE.DEVMAP,
  MAP_TYPE.CPUMAP,
  MAP_TYPE.XSKMAP,
  MAP_TYPE.SOCKMAP,
])

const NUMBER_BYTES = 4

/** By the types that the object has for them, by what the map's type says of them, else bytes. */
export function elementShapes(shapes: ValueShapes | undefined, map: MapSpec): ElementShapes {
  const { type, keySizeBytes, valueSizeBytes, btfKeyTypeId, btfValueTypeId } = map
  return {
    key: shapeOf(shapes, btfKeyTypeId, keySizeBytes, INDEXED.has(type)),
    value: shapeOf(shapes, btfValueTypeId, valueSizeBytes, OF_NUMBERS.has(type)),
    isPerCpu: PER_CPU.has(type),
  }
}

function shapeOf(shapes: ValueShapes | undefined, typeId: number, sizeBytes: number, isNumber: boolean): ValueShape {
  const shape = typeId === 0 ? undefined : shapes?.of(typeId)
  // Maps of maps and devices are declared with types of another size than what user space gives.
  if (shape?.sizeBytes === sizeBytes) return shape
  if (!isNumber || sizeBytes !== NUMBER_BYTES) return { kind: 'bytes', sizeBytes }
  const littleEndian = shapes?.btf.byteOrder !== 'big'
  return { kind: 'number', sizeBytes, signed: false, littleEndian }
}
