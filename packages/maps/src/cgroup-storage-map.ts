/**
 * BPF_MAP_TYPE_CGROUP_STORAGE and its per-CPU form: a value for each control group that a program is attached to. Nothing
 * is attached to one here; what there is is the value of a test run, which Linux makes for the run, and system calls don't
 * find it.
 *
 * @see bpf_test_run in net/bpf/test_run.c, kernel/bpf/local_storage.c (6.12)
 */
import { MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { MapPlace } from './map-place.ts'
import { ObjectMap } from './object-map.ts'
import { roundUp } from './sections.ts'

function strideOf({ valueSizeBytes }: MapAttributes): number {
  return roundUp(valueSizeBytes, 64)
}

function valueBytes(attributes: MapAttributes, cpus: number): number {
  return strideOf(attributes) * (attributes.type === MAP_TYPE.PERCPU_CGROUP_STORAGE ? cpus : 1)
}

export class CgroupStorageMap extends ObjectMap {
  static override sizeBytes(attributes: MapAttributes, cpus = 1): number {
    return ObjectMap.sizeBytes(attributes) + valueBytes(attributes, cpus)
  }

  readonly #values: number

  constructor(place: MapPlace) {
    super(place, valueBytes(place.attributes, place.cpus))
    this.#values = place.address + ObjectMap.sizeBytes(place.attributes)
  }

  /** Address of the test run's value, for this CPU. */
  valueFor(cpu: number): number {
    const isPerCpu = this.attributes.type === MAP_TYPE.PERCPU_CGROUP_STORAGE
    return this.#values + (isPerCpu ? cpu * strideOf(this.attributes) : 0)
  }

  /** Begins a test run: zeros. */
  clear(): void {
    this.memory.u8.fill(0, this.#values, this.#values + valueBytes(this.attributes, this.cpus))
  }
}
