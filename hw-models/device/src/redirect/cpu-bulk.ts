import type { Cpu } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { XDP_ACTION } from '@bpfoundry/kernel-abi'
import { type CpuMap, produceFrames } from '@bpfoundry/maps'
import type { EventWriter } from '../events/event-ring.ts'
import { XDP_EVENT } from '../events/xdp-event.ts'
import { FrameCursor } from '../frame-descriptor.ts'
import type { PacketSource } from '../packet-source.ts'
import { storeXdpFrame } from './cpumap-frame.ts'
import { countFate } from './device-bulk.ts'

/** CPU_MAP_BULK_SIZE: frames that are collected for a CPU before its queue is locked. @see kernel/bpf/cpumap.c */
export const CPUMAP_BULK_FRAMES = 8

/** What {@link CpuBulk} belongs to. */
export interface CpuBulkOptions {
  readonly memory: GuestMemory
  readonly cpu: Cpu
  readonly map: CpuMap
  readonly target: number
  readonly events: EventWriter | undefined
}

/**
 * Frames of one CPU on their way to the queue of a cpumap's entry. Those that find no room are dropped here; the others
 * have their fate from the other CPU.
 *
 * @see bq_enqueue, bq_flush_to_queue in kernel/bpf/cpumap.c
 */
export class CpuBulk {
  listed = false
  readonly #options: CpuBulkOptions
  readonly #frames: readonly FrameCursor[]
  readonly #sources: PacketSource[] = []
  readonly #queued = new Uint32Array(CPUMAP_BULK_FRAMES)
  #count = 0

  constructor(options: CpuBulkOptions) {
    this.#options = options
    this.#frames = Array.from({ length: CPUMAP_BULK_FRAMES }, () => new FrameCursor())
  }

  add(frame: FrameCursor, source: PacketSource): void {
    if (this.#count === CPUMAP_BULK_FRAMES) this.send()
    this.listed = true
    ;(this.#frames[this.#count] as FrameCursor).copy(frame)
    this.#sources[this.#count] = source
    this.#count++
  }

  /** Puts what was collected into the queue. */
  send(): void {
    const count = this.#count
    if (count === 0) return
    const { memory, map, target } = this.#options
    for (let n = 0; n < count; n++) {
      this.#queued[n] = storeXdpFrame(memory, this.#frames[n] as FrameCursor, false)
    }
    const put = produceFrames(memory, map.queue(target), map.target(target), this.#queued, count)
    for (let n = put; n < count; n++) {
      const [frame, source] = [this.#frames[n] as FrameCursor, this.#sources[n] as PacketSource]
      countFate(frame, source, 'cpumap_full')
      source.release(frame)
    }
    this.#count = 0
    this.#tell(count, count - put)
  }

  /** An skb of generic XDP goes by itself. @returns false when there is no room: it is still the caller's */
  sendSkb(frame: FrameCursor): boolean {
    const { memory, map, target } = this.#options
    this.#queued[0] = storeXdpFrame(memory, frame, true)
    const put = produceFrames(memory, map.queue(target), map.target(target), this.#queued, 1)
    this.#tell(put, 1 - put)
    return put === 1
  }

  #tell(processed: number, drops: number): void {
    const { map, cpu, target, events } = this.#options
    events?.emit(XDP_EVENT.cpumapEnqueue, map.id, XDP_ACTION.REDIRECT, cpu.id, drops, processed, target)
  }
}
