import { XDP_ACTION } from '@bpfoundry/kernel-abi'
import { PORT } from '../counters.ts'
import type { EventWriter } from '../events/event-ring.ts'
import { XDP_EVENT } from '../events/xdp-event.ts'
import { FATE, type Fate } from '../fates.ts'
import { FRAME_FLAG, FrameCursor } from '../frame-descriptor.ts'
import type { PacketSource } from '../packet-source.ts'
import type { TxPort } from '../tx-port.ts'
import type { EntryProgram } from './entry-program.ts'

/** DEV_MAP_BULK_SIZE: frames that are collected for a device before they are sent. @see include/net/xdp.h */
export const REDIRECT_BULK_FRAMES = 16

/** Counts what became of a packet, or of a copy of one. */
export function countFate(frame: FrameCursor, source: PacketSource, fate: Fate): void {
  if ((frame.flags & FRAME_FLAG.copy) === 0) source.fates.add(FATE[fate], 1)
  else source.countCopy(fate === 'redirect')
}

/**
 * Frames on their way to one device from one CPU: struct xdp_dev_bulk_queue. Which program runs before they are sent the
 * first of them tells, as in the kernel, where entries of several maps may name the same device.
 *
 * @see bq_enqueue, bq_xmit_all in kernel/bpf/devmap.c
 */
export class DeviceBulk {
  readonly port: TxPort
  /** Whether it waits for a flush. */
  listed = false
  readonly #frames: readonly FrameCursor[]
  readonly #sources: PacketSource[] = []
  readonly #program: EntryProgram
  readonly #events: EventWriter | undefined
  #count = 0
  #programId = 0

  constructor(port: TxPort, program: EntryProgram, events: EventWriter | undefined) {
    this.port = port
    this.#program = program
    this.#events = events
    this.#frames = Array.from({ length: REDIRECT_BULK_FRAMES }, () => new FrameCursor())
  }

  /** Takes a packet; its fate is counted when it is sent or not. @param programId of the devmap's entry, 0 for none */
  add(frame: FrameCursor, source: PacketSource, programId: number): void {
    if (this.#count === REDIRECT_BULK_FRAMES) this.send()
    if (!this.listed) this.#programId = programId
    this.listed = true
    ;(this.#frames[this.#count] as FrameCursor).copy(frame)
    this.#sources[this.#count] = source
    this.#count++
  }

  /** Sends what was collected. */
  send(): void {
    const collected = this.#count
    if (collected === 0) return
    const from = (this.#frames[0] as FrameCursor).ingressIfindex
    const offered = this.#programId === 0 ? collected : this.#filter(collected)
    const error = offered === 0 ? 0 : this.port.xmitError()
    const sent = error === 0 ? this.#transmit(offered) : 0
    for (let n = sent; n < offered; n++) this.#lose(n, 'redirect_error')
    const { counters, handle } = this.port
    counters.add(PORT.xmit, sent)
    counters.add(PORT.xmitErrors, offered - sent)
    counters.add(PORT.xmitBulks, 1)
    this.port.flush()
    this.#count = 0
    this.#events?.emit(
      XDP_EVENT.devmapXmit,
      from,
      XDP_ACTION.REDIRECT,
      handle.ifindex,
      collected - sent,
      sent,
      error === 0 ? 0 : -error,
    )
  }

  /** As ndo_xdp_xmit: up to the first that finds no room. */
  #transmit(offered: number): number {
    for (let n = 0; n < offered; n++) {
      const [frame, source] = [this.#frames[n] as FrameCursor, this.#sources[n] as PacketSource]
      if (!this.port.send(frame, source)) return n
      countFate(frame, source, 'redirect')
    }
    return offered
  }

  /** Runs the entry's program on all of them; those that it passes close up. @returns how many */
  #filter(collected: number): number {
    let passed = 0
    for (let n = 0; n < collected; n++) {
      const frame = this.#frames[n] as FrameCursor
      const verdict = this.#program.run(this.#programId, frame, this.port.handle)
      if (verdict === XDP_ACTION.PASS) {
        ;(this.#frames[passed] as FrameCursor).copy(frame)
        this.#sources[passed++] = this.#sources[n] as PacketSource
        continue
      }
      if (verdict !== XDP_ACTION.DROP) {
        this.#events?.emit(XDP_EVENT.exception, this.#programId, verdict, this.port.handle.ifindex)
      }
      this.#lose(n, 'egress_drop')
    }
    return passed
  }

  #lose(n: number, fate: Fate): void {
    const [frame, source] = [this.#frames[n] as FrameCursor, this.#sources[n] as PacketSource]
    countFate(frame, source, fate)
    source.release(frame)
  }
}
