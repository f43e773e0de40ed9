import { CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { type CounterBlock, PORT } from './counters.ts'
import { FATE } from './fates.ts'
import { FrameCursor } from './frame-descriptor.ts'
import type { FramePool } from './frame-pool.ts'
import type { TxPort } from './tx-port.ts'

/** DEV_MAP_BULK_SIZE: frames that are collected for a target before they are sent. @see include/net/xdp.h */
export const REDIRECT_BULK_FRAMES = 16

/** A transmit port of this CPU by ifindex; undefined when there is no such card. */
export type PortLookup = (ifindex: number) => TxPort | undefined

const REDIRECT_MAP = CPU_BLOCK.fields.redirectMap.offsetBytes >>> 2
const REDIRECT_IFINDEX = CPU_BLOCK.fields.redirectIfindex.offsetBytes >>> 2
const REDIRECT_FLAGS = CPU_BLOCK.fields.redirectFlags.offsetBytes >>> 2

/**
 * Takes the target that the last bpf_redirect or bpf_redirect_map of this CPU chose, and forgets it, as xdp_do_redirect
 * does with struct bpf_redirect_info.
 *
 * @returns its ifindex, 0 when there is none
 */
export function takeRedirectTarget(memory: GuestMemory, cpu: Cpu): number {
  const u32 = memory.u32
  const at = cpu.block >>> 2
  const ifindex = u32[at + REDIRECT_IFINDEX] as number
  u32[at + REDIRECT_MAP] = 0
  u32[at + REDIRECT_IFINDEX] = 0
  u32[at + REDIRECT_FLAGS] = 0
  return ifindex
}

interface Bulk {
  readonly port: TxPort
  readonly frames: readonly FrameCursor[]
  count: number
}

/** Where packets of the current poll come from and where their fates are counted. */
export interface RedirectSource {
  readonly pool: FramePool
  readonly fates: CounterBlock
}

/**
 * Redirected frames of one CPU by target, sent sixteen at a time and at the end of each poll. All frames in it come from
 * the queue that is being polled.
 *
 * @see bq_enqueue, bq_xmit_all in kernel/bpf/devmap.c
 */
export class RedirectBulks {
  readonly #memory: GuestMemory
  readonly #cpu: Cpu
  readonly #ports: PortLookup
  readonly #bulks = new Map<number, Bulk>()
  #used = 0

  constructor(memory: GuestMemory, cpu: Cpu, ports: PortLookup) {
    this.#memory = memory
    this.#cpu = cpu
    this.#ports = ports
  }

  /**
   * Takes a packet whose verdict was XDP_REDIRECT. Its fate is counted when it is sent or refused.
   *
   * @returns false when it can't be redirected: no target, a target that is down, too narrow or takes no frames. The packet is still the caller's.
   */
  enqueue(frame: FrameCursor, source: RedirectSource): boolean {
    const ifindex = takeRedirectTarget(this.#memory, this.#cpu)
    const bulk = this.#bulks.get(ifindex) ?? this.#open(ifindex)
    if (bulk === undefined) return false
    if (!bulk.port.takesXdpFrames() || bulk.port.forwardError(frame.dataEnd - frame.data) !== 0) return false
    if (bulk.count === REDIRECT_BULK_FRAMES) this.#send(bulk, source)
    ;(bulk.frames[bulk.count++] as FrameCursor).copy(frame)
    this.#used++
    return true
  }

  /** Sends everything that waits: the end of a poll. */
  flush(source: RedirectSource): void {
    if (this.#used === 0) return
    for (const bulk of this.#bulks.values()) if (bulk.count > 0) this.#send(bulk, source)
    this.#used = 0
  }

  #open(ifindex: number): Bulk | undefined {
    const port = ifindex === 0 ? undefined : this.#ports(ifindex)
    if (port === undefined) return undefined
    const frames = Array.from({ length: REDIRECT_BULK_FRAMES }, () => new FrameCursor())
    const bulk: Bulk = { port, frames, count: 0 }
    this.#bulks.set(ifindex, bulk)
    return bulk
  }

  #send(bulk: Bulk, source: RedirectSource): void {
    const { port } = bulk
    for (let n = 0; n < bulk.count; n++) {
      const frame = bulk.frames[n] as FrameCursor
      if (port.send(frame, source.pool)) {
        port.counters.add(PORT.xmit, 1)
        source.fates.add(FATE.redirect, 1)
      } else {
        port.counters.add(PORT.xmitErrors, 1)
        source.fates.add(FATE.redirect_error, 1)
        source.pool.give(frame.frame)
      }
    }
    port.counters.add(PORT.xmitBulks, 1)
    port.flush()
    bulk.count = 0
  }
}
