/**
 * BPF_MAP_TYPE_RINGBUF: records of programs in the order in which they were reserved, for one reader.
 *
 * As in the kernel a record is never cut in two: where Linux maps its pages twice, one behind the other, the ring has as
 * much room again behind its end, into which the last record before it may reach.
 *
 * @see kernel/bpf/ringbuf.c (6.12)
 */
import { acquireLock, readU64, releaseLock, type StructLayout, structLayout, writeU64 } from '@bpfoundry/guest-memory'
import type { MapAttributes } from '@bpfoundry/kernel-abi'
import type { MapPlace } from './map-place.ts'
import { ObjectMap } from './object-map.ts'
import { roundUp } from './sections.ts'

/** BPF_RINGBUF_HDR_SZ: u32 length with its marks, u32 distance to the map's header. */
const HEADER_BYTES = 8
const BUSY = 0x8000_0000
const DISCARDED = 0x4000_0000
/** RINGBUF_MAX_RECORD_SZ */
const LARGEST_RECORD_BYTES = Math.floor(0xffff_ffff / 4)

/** Positions only grow; what a position modulo the ring's size names is where it is. */
const RING: StructLayout<'consumer' | 'producer' | 'pending' | 'lock'> = structLayout({
  consumer: 'u64',
  producer: 'u64',
  /** The oldest record that is not finished. */
  pending: 'u64',
  lock: 'u32',
})
const DATA_OFFSET = roundUp(RING.sizeBytes, 64)

export class RingbufMap extends ObjectMap {
  static override sizeBytes(attributes: MapAttributes): number {
    return ObjectMap.sizeBytes(attributes) + DATA_OFFSET + 2 * attributes.maxEntries
  }

  readonly #ring: number

  constructor(place: MapPlace) {
    super(place, DATA_OFFSET + 2 * place.attributes.maxEntries)
    this.#ring = place.address + ObjectMap.sizeBytes(place.attributes)
  }

  #position(field: 'consumer' | 'producer' | 'pending'): number {
    return readU64(this.memory, this.#ring + RING.fields[field].offsetBytes)
  }

  #setPosition(field: 'consumer' | 'producer' | 'pending', position: number): void {
    writeU64(this.memory, this.#ring + RING.fields[field].offsetBytes, position)
  }

  /** Bytes that records have, their headers counted in. */
  get ringBytes(): number {
    return this.attributes.maxEntries
  }

  /** Where the reader is, in bytes since the beginning. */
  get consumerPosition(): number {
    return this.#position('consumer')
  }

  /** Where the next record begins, in bytes since the beginning. */
  get producerPosition(): number {
    return this.#position('producer')
  }

  #addressAt(position: number): number {
    return this.#ring + DATA_OFFSET + (position % this.ringBytes)
  }

  #lengthAt(position: number): number {
    return Atomics.load(this.memory.u32, this.#addressAt(position) >>> 2)
  }

  /** Address of so many bytes of a record that is the caller's until it is committed; 0 where there is no room. */
  reserve(bytes: number): number {
    const whole = roundUp(bytes + HEADER_BYTES, 8)
    if (bytes > LARGEST_RECORD_BYTES || whole > this.ringBytes) return 0
    const lock = this.#ring + RING.fields.lock.offsetBytes
    acquireLock(this.memory, lock)
    try {
      const producer = this.producerPosition
      const end = producer + whole
      const most = this.ringBytes - 1
      if (end - this.consumerPosition > most || end - this.#oldestBusy(producer) > most) return 0
      const header = this.#addressAt(producer)
      Atomics.store(this.memory.u32, header >>> 2, (bytes | BUSY) >>> 0)
      this.memory.u32[(header >>> 2) + 1] = header - this.address
      this.#setPosition('producer', end)
      return header + HEADER_BYTES
    } finally {
      releaseLock(this.memory, lock)
    }
  }

  /** Goes over what was finished since the last look. */
  #oldestBusy(producer: number): number {
    let pending = this.#position('pending')
    while (pending < producer) {
      const length = this.#lengthAt(pending)
      if (length >= BUSY) break
      pending += roundUp((length & ~DISCARDED) + HEADER_BYTES, 8)
    }
    this.#setPosition('pending', pending)
    return pending
  }

  /** Finishes a record: the reader gets it, or goes over it. */
  commit(record: number, isDiscarded: boolean): void {
    const at = (record - HEADER_BYTES) >>> 2
    const length = (this.memory.u32[at] as number) & ~BUSY
    Atomics.store(this.memory.u32, at, (length | (isDiscarded ? DISCARDED : 0)) >>> 0)
  }

  /** The records that are finished, oldest first; each is the ring's again once the next one is asked for. */
  *consume(): Generator<Uint8Array<ArrayBuffer>> {
    this.memory.refresh()
    for (let at = this.consumerPosition; at < this.producerPosition; ) {
      const length = this.#lengthAt(at)
      if (length >= BUSY) return
      const bytes = length & ~DISCARDED
      const record = this.memory.read(this.#addressAt(at) + HEADER_BYTES, bytes)
      at += roundUp(bytes + HEADER_BYTES, 8)
      this.#setPosition('consumer', at)
      if ((length & DISCARDED) === 0) yield record
    }
  }
}

/** Address of the map that a record is of. */
export function ringOfRecord({ u32 }: { readonly u32: Uint32Array }, record: number): number {
  const header = record - HEADER_BYTES
  return header - (u32[(header >>> 2) + 1] as number)
}
