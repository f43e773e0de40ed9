import type { GuestMemory } from '@bpfoundry/guest-memory'
import { openMap } from '@bpfoundry/maps'
import { CounterBlock, QUEUE } from './counters.ts'
import { FramePool } from './frame-pool.ts'
import type { NicHandle, NicQueueHandle } from './nic-handle.ts'
import type { PacketSource } from './packet-source.ts'
import type { MapLookup, PortLookup } from './redirect/redirects.ts'
import { RingConsumer } from './spsc-ring.ts'
import { TxPort } from './tx-port.ts'

/** One receive queue as its driver polls it. */
export interface PollQueue extends PacketSource {
  readonly pool: FramePool
  readonly handle: NicQueueHandle
  readonly completion: RingConsumer
  readonly counters: CounterBlock
}

/** The queue of a handle, on the CPU that polls it. */
export function pollQueue(memory: GuestMemory, handle: NicQueueHandle): PollQueue {
  const pool = new FramePool(memory, handle)
  const counters = new CounterBlock(memory, handle.counters)
  return {
    handle,
    completion: new RingConsumer(memory, handle.completion),
    pool,
    fates: new CounterBlock(memory, handle.fateCounters),
    counters,
    release: (packet) => pool.release(packet),
    takeFrame: () => pool.take(),
    countCopy: (sent) => counters.add(sent ? QUEUE.copies : QUEUE.copyErrors, 1),
  }
}

/** Maps by address, each opened once. */
export function openedMaps(memory: GuestMemory): MapLookup {
  const maps = new Map<number, ReturnType<MapLookup>>()
  return (address) => {
    const map = maps.get(address) ?? openMap(memory, address)
    maps.set(address, map)
    return map
  }
}

/** Transmit ports of one CPU: the card's own, and those of its targets as they are asked for. */
export function portLookup(
  memory: GuestMemory,
  cpu: number,
  own: TxPort,
  targets: (() => readonly NicHandle[]) | undefined,
): PortLookup {
  const ports = new Map<number, TxPort>([[own.handle.ifindex, own]])
  return (ifindex) => {
    const known = ports.get(ifindex)
    if (known !== undefined) return known
    const handle = targets?.().find((nic) => nic.ifindex === ifindex)
    if (handle === undefined) return undefined
    const port = new TxPort(memory, handle, cpu)
    ports.set(ifindex, port)
    return port
  }
}
