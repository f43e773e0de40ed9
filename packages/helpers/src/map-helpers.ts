import { type HelperFunction, returnErrno, returnU32 } from '@bpfoundry/engine'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { HelperEnvironment } from './helper-environment.ts'
import { u32Argument, u64Argument } from './registers.ts'

const PER_CPU_TYPES: ReadonlySet<number> = new Set([
  MAP_TYPE.PERCPU_ARRAY,
  MAP_TYPE.PERCPU_HASH,
  MAP_TYPE.LRU_PERCPU_HASH,
])

/** bpf_map_lookup_elem(map, key): address of the value, or NULL. */
export function mapLookupElem(environment: HelperEnvironment): HelperFunction {
  return (cpu) => returnU32(cpu, environment.mapAt(u32Argument(cpu, 1)).lookup(u32Argument(cpu, 2), cpu.id))
}

/** bpf_map_update_elem(map, key, value, flags): 0 or -errno. */
export function mapUpdateElem(environment: HelperEnvironment): HelperFunction {
  return (cpu) => {
    const map = environment.mapAt(u32Argument(cpu, 1))
    returnErrno(cpu, map.update(u32Argument(cpu, 2), u32Argument(cpu, 3), u64Argument(cpu, 4), cpu.id))
  }
}

/** bpf_map_delete_elem(map, key): 0 or -errno. */
export function mapDeleteElem(environment: HelperEnvironment): HelperFunction {
  return (cpu) => returnErrno(cpu, environment.mapAt(u32Argument(cpu, 1)).delete(u32Argument(cpu, 2), cpu.id))
}

/** bpf_map_lookup_percpu_elem(map, key, cpu): address of that CPU's value, or NULL; NULL in a map without such values. */
export function mapLookupPercpuElem(environment: HelperEnvironment): HelperFunction {
  return (cpu) => {
    const map = environment.mapAt(u32Argument(cpu, 1))
    const perCpu = PER_CPU_TYPES.has(map.attributes.type)
    returnU32(cpu, perCpu ? map.lookup(u32Argument(cpu, 2), u32Argument(cpu, 3)) : 0)
  }
}
