import { CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import { type GuestMemory, readU64, writeU64 } from '@bpfoundry/guest-memory'
import { RingConsumer, type RingHandle, RingProducer, ringBytes } from '../spsc-ring.ts'
import { EVENT_FIELDS, type XdpEvent, xdpEvent } from './xdp-event.ts'

/*
 * An event in a ring: u32 number, u32 events lost before it, u64 time, i32 fields. One ring a CPU, which produces; whoever
 * reads them consumes.
 */
const ENTRY_BYTES = 64
const LOST = 1
const TIME_BYTES = 8
const FIELDS = 4

const NOW_NS = CPU_BLOCK.fields.nowNs.offsetBytes

/** Rings of a bench's CPUs for events: plain data, to be sent to workers. */
export interface EventRings {
  readonly rings: readonly RingHandle[]
}

/** Allocates rings for the events of `cpus` CPUs. On the thread that owns the memory. @param events a CPU, a power of two */
export function createEventRings(memory: GuestMemory, cpus: number, events: number): EventRings {
  const sizeBytes = Math.ceil(ringBytes(events, ENTRY_BYTES) / 64) * 64
  const region = memory.allocate('trace events', 'ring', cpus * sizeBytes)
  return {
    rings: Array.from({ length: cpus }, (_, cpu) => ({
      address: region.address + cpu * sizeBytes,
      capacity: events,
      entryBytes: ENTRY_BYTES,
    })),
  }
}

/** Writes the events of one CPU, in its thread. An event that has no room is lost, and counted. */
export class EventWriter {
  readonly #memory: GuestMemory
  readonly #block: number
  readonly #ring: RingProducer
  #lost = 0

  constructor(memory: GuestMemory, cpu: Cpu, { rings }: EventRings) {
    this.#memory = memory
    this.#block = cpu.block
    this.#ring = new RingProducer(memory, rings[cpu.id] as RingHandle)
  }

  /** @param number of XDP_EVENT @param values its fields, in their order */
  emit(number: number, ...values: readonly number[]): void {
    const entry = this.#ring.reserve()
    if (entry === 0) {
      this.#lost++
      return
    }
    const { i32 } = this.#memory
    const at = entry >>> 2
    i32[at] = number
    i32[at + LOST] = this.#lost
    this.#lost = 0
    writeU64(this.#memory, entry + TIME_BYTES, readU64(this.#memory, this.#block + NOW_NS))
    for (let n = 0; n < values.length; n++) i32[at + FIELDS + n] = values[n] as number
    this.#ring.publish()
  }
}

/** Takes events out of all rings. */
export class EventReader {
  /** Events that found no room. */
  lost = 0
  readonly #memory: GuestMemory
  readonly #rings: readonly RingConsumer[]

  constructor(memory: GuestMemory, { rings }: EventRings) {
    this.#memory = memory
    this.#rings = rings.map((ring) => new RingConsumer(memory, ring))
  }

  /** Hands out what waits, CPU by CPU. @returns events */
  drain(each: (event: XdpEvent) => void): number {
    let count = 0
    for (const [cpu, ring] of this.#rings.entries()) {
      for (let waiting = ring.available(); waiting > 0; waiting--) {
        each(this.#read(ring.entry(0), cpu))
        ring.release(1)
        count++
      }
    }
    return count
  }

  #read(entry: number, cpu: number): XdpEvent {
    const { i32 } = this.#memory
    const at = entry >>> 2
    this.lost += i32[at + LOST] as number
    const values = Array.from({ length: EVENT_FIELDS }, (_, n) => i32[at + FIELDS + n] as number)
    return xdpEvent(i32[at] as number, cpu, readU64(this.#memory, entry + TIME_BYTES), values)
  }
}
