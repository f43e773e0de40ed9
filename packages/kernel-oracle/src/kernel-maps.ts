import { BPF_CMD, ERRNO, MAP_CREATE_ATTR, MAP_ELEM_ATTR, MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'
import { OracleError, systemCallError } from './oracle-error.ts'
import type { SystemCall } from './system-call.ts'

/** What a map is created from; only the first five of {@link MapAttributes} are needed. */
export interface OracleMapSpec extends Partial<MapAttributes> {
  readonly type: number
  readonly keySizeBytes: number
  readonly valueSizeBytes: number
  readonly maxEntries: number
  /** For maps of maps. */
  readonly inner?: OracleMap
  /** From {@link KernelOracle.loadBtf}, with the type ids of key and value. */
  readonly btfFd?: number
  readonly btfKeyTypeId?: number
  readonly btfValueTypeId?: number
}

/** A map of the running kernel, open until it or the oracle is closed. */
export interface OracleMap {
  readonly fd: number
  readonly spec: OracleMapSpec
  /** Bytes of a value as bpf(2) hands it over: for per-CPU maps one value for each possible CPU, each a multiple of 8. */
  readonly valueBytes: number
}

/** A key and its value. */
export type OracleEntry = readonly [key: Uint8Array, value: Uint8Array]

const PER_CPU: ReadonlySet<number> = new Set([
  MAP_TYPE.PERCPU_HASH,
  MAP_TYPE.PERCPU_ARRAY,
  MAP_TYPE.LRU_PERCPU_HASH,
  MAP_TYPE.PERCPU_CGROUP_STORAGE,
])

/** Map commands of bpf(2). */
export class KernelMaps {
  private readonly call: SystemCall
  private readonly possibleCpus: number

  constructor(call: SystemCall, possibleCpus: number) {
    this.call = call
    this.possibleCpus = possibleCpus
  }

  /** @throws OracleError ORACLE_MAP_CREATE with the kernel's errno */
  create(spec: OracleMapSpec): OracleMap {
    const fd = this.call.run(BPF_CMD.MAP_CREATE, (attr) => {
      attr.set(MAP_CREATE_ATTR.map_type, spec.type)
      attr.set(MAP_CREATE_ATTR.key_size, spec.keySizeBytes)
      attr.set(MAP_CREATE_ATTR.value_size, spec.valueSizeBytes)
      attr.set(MAP_CREATE_ATTR.max_entries, spec.maxEntries)
      attr.set(MAP_CREATE_ATTR.map_flags, spec.flags ?? 0)
      attr.set(MAP_CREATE_ATTR.inner_map_fd, spec.inner?.fd ?? 0)
      attr.setName(MAP_CREATE_ATTR.map_name, spec.name?.replaceAll(/[^A-Za-z0-9_.]/g, '_') ?? '')
      attr.set(MAP_CREATE_ATTR.btf_fd, spec.btfFd ?? 0)
      attr.set(MAP_CREATE_ATTR.btf_key_type_id, spec.btfKeyTypeId ?? 0)
      attr.set(MAP_CREATE_ATTR.btf_value_type_id, spec.btfValueTypeId ?? 0)
      attr.set(MAP_CREATE_ATTR.map_extra, spec.mapExtra ?? 0)
    })
    if (fd < 0) throw systemCallError('ORACLE_MAP_CREATE', 'the kernel does not create the map', this.call.errno)
    this.call.keep(fd)
    const rounded = Math.ceil(spec.valueSizeBytes / 8) * 8
    return { fd, spec, valueBytes: PER_CPU.has(spec.type) ? rounded * this.possibleCpus : spec.valueSizeBytes }
  }

  /** @returns 0 or the kernel's errno */
  update(map: OracleMap, key: Uint8Array, value: Uint8Array, flags: number): number {
    requireSizes(map, key, value)
    return this.element(BPF_CMD.MAP_UPDATE_ELEM, map, key, value, flags)
  }

  /** @returns 0 or the kernel's errno */
  delete(map: OracleMap, key: Uint8Array): number {
    requireSizes(map, key)
    return this.element(BPF_CMD.MAP_DELETE_ELEM, map, key)
  }

  /** @returns 0 or the kernel's errno; from then on bpf(2) can't write the map */
  freeze(map: OracleMap): number {
    return this.element(BPF_CMD.MAP_FREEZE, map)
  }

  private element(command: number, map: OracleMap, key?: Uint8Array, value?: Uint8Array, flags: number = 0): number {
    const result = this.call.run(command, (attr) => {
      attr.set(MAP_ELEM_ATTR.map_fd, map.fd)
      if (key !== undefined) attr.point(MAP_ELEM_ATTR.key, key)
      if (value !== undefined) attr.point(MAP_ELEM_ATTR.value, value)
      attr.set(MAP_ELEM_ATTR.flags, flags)
    })
    return result < 0 ? this.call.errno : 0
  }

  /** @throws OracleError ORACLE_MAP_ACCESS for an errno other than ENOENT, which gives undefined */
  lookup(map: OracleMap, key: Uint8Array): Uint8Array | undefined {
    requireSizes(map, key)
    return this.read(BPF_CMD.MAP_LOOKUP_ELEM, map, key, map.valueBytes)
  }

  /** The key after `key`, the first one for undefined; undefined after the last. */
  nextKey(map: OracleMap, key: Uint8Array | undefined): Uint8Array | undefined {
    return this.read(BPF_CMD.MAP_GET_NEXT_KEY, map, key, map.spec.keySizeBytes)
  }

  private read(command: number, map: OracleMap, key: Uint8Array | undefined, bytes: number): Uint8Array | undefined {
    let out: Uint8Array = new Uint8Array()
    const result = this.call.run(command, (attr) => {
      attr.set(MAP_ELEM_ATTR.map_fd, map.fd)
      if (key !== undefined) attr.point(MAP_ELEM_ATTR.key, key)
      out = attr.pointOut(MAP_ELEM_ATTR.value, bytes)
    })
    if (result >= 0) return out.slice()
    if (this.call.errno === ERRNO.ENOENT) return undefined
    throw systemCallError('ORACLE_MAP_ACCESS', 'the kernel does not read the map', this.call.errno)
  }

  /** All entries, in the kernel's order; of an array of programs or maps the values are ids. */
  dump(map: OracleMap): OracleEntry[] {
    const entries: OracleEntry[] = []
    for (let key = this.nextKey(map, undefined); key !== undefined; key = this.nextKey(map, key)) {
      const value = this.lookup(map, key)
      if (value !== undefined) entries.push([key, value])
    }
    return entries
  }
}

function requireSizes(map: OracleMap, key: Uint8Array, value?: Uint8Array): void {
  const { keySizeBytes } = map.spec
  if (key.length === keySizeBytes && (value === undefined || value.length === map.valueBytes)) return
  throw new OracleError({
    code: 'ORACLE_ARGUMENT',
    message: 'a key or value is not as long as the map needs it',
    got: `key of ${key.length}${value === undefined ? '' : `, value of ${value.length}`} bytes`,
    expected: `key of ${keySizeBytes}, value of ${map.valueBytes} bytes`,
  })
}
