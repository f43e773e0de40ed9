/**
 * BPF_MAP_TYPE_CPUMAP: other CPUs as targets of XDP_REDIRECT. The key is the CPU's number; the value how long its queue is
 * (0: no entry) and, in maps with values of 8 bytes, which program runs there first.
 *
 * @see kernel/bpf/cpumap.c, Documentation/bpf/map_cpumap.rst
 */
import { BPF_EXIST, BPF_NOEXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import { CPUMAP_QUEUE_BYTES, LONGEST_CPUMAP_QUEUE } from './cpumap-queue.ts'
import { readWord } from './guest-bytes.ts'
import type { MapPlace } from './map-place.ts'
import { planTargets, TARGET_SLOT_BYTES, type TargetPlan, TargetSlots } from './target-slots.ts'

/** Entries that can be set, and so have a queue: those of CPUs that there are. */
function usableEntries({ maxEntries }: MapAttributes, cpus: number): number {
  return Math.min(maxEntries, cpus)
}

function plan(attributes: MapAttributes, cpus: number): TargetPlan {
  return planTargets(attributes, usableEntries(attributes, cpus) * CPUMAP_QUEUE_BYTES)
}

export class CpuMap extends TargetSlots {
  static sizeBytes(attributes: MapAttributes, cpus: number): number {
    return plan(attributes, cpus).sizeBytes
  }

  readonly #queues: number

  constructor(place: MapPlace) {
    const planned = plan(place.attributes, place.cpus)
    super(place, planned)
    this.#queues = place.address + planned.behind
  }

  /** Guest address of the queue of a CPU, whether or not it has an entry now; 0 for a CPU beyond the map. */
  queue(cpu: number): number {
    return cpu < usableEntries(this.attributes, this.cpus) ? this.#queues + cpu * CPUMAP_QUEUE_BYTES : 0
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    const cpu = readWord(this.memory, key)
    const qsize = readWord(this.memory, value)
    const fd = this.valueBytes < TARGET_SLOT_BYTES ? 0 : readWord(this.memory, value + 4) | 0
    if (flags > BPF_EXIST) return -ERRNO.EINVAL
    if (cpu >= this.maxEntries) return -ERRNO.E2BIG
    if (flags === BPF_NOEXIST) return -ERRNO.EEXIST
    if (qsize > LONGEST_CPUMAP_QUEUE) return -ERRNO.EOVERFLOW
    if (cpu >= this.cpus) return -ERRNO.ENODEV
    const program = qsize === 0 ? 0 : this.#program(fd)
    // Whatever is wrong with the program, Linux says that there was no memory for the entry.
    if (program < 0) return -ERRNO.ENOMEM
    this.set(cpu, qsize, program)
    return 0
  }

  #program(fd: number): number {
    const { references } = this.place
    if (fd <= 0) return 0
    return references === undefined ? fd : (references.cpumapProgram?.(fd) ?? -ERRNO.EINVAL)
  }
}
