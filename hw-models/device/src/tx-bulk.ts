import { XDP_ACTION } from '@bpfoundry/kernel-abi'
import { PORT } from './counters.ts'
import type { EventWriter } from './events/event-ring.ts'
import { XDP_EVENT } from './events/xdp-event.ts'
import { FATE } from './fates.ts'
import { FrameCursor } from './frame-descriptor.ts'
import type { PacketSource } from './packet-source.ts'
import type { TxPort } from './tx-port.ts'

/** Packets of XDP_TX that a driver collects before it sends them, as veth does. @see veth_xdp_flush_bq in drivers/net/veth.c (6.12) */
export class TxBulk {
  readonly #port: TxPort
  readonly #frames: readonly FrameCursor[]
  readonly #events: EventWriter | undefined
  #count = 0

  constructor(port: TxPort, frames: number, events: EventWriter | undefined) {
    this.#port = port
    this.#events = events
    this.#frames = Array.from({ length: frames }, () => new FrameCursor())
  }

  /** Takes a packet; its fate is counted when it is sent or not. @returns packets that were lost, because the bulk was full and had to leave */
  add(frame: FrameCursor, source: PacketSource): number {
    const lost = this.#count === this.#frames.length ? this.flush(source) : 0
    ;(this.#frames[this.#count++] as FrameCursor).copy(frame)
    return lost
  }

  /** Sends what was collected, up to the first that finds no room. @returns packets that were lost */
  flush(source: PacketSource): number {
    const count = this.#count
    if (count === 0) return 0
    let sent = 0
    while (sent < count && this.#port.send(this.#frames[sent] as FrameCursor, source)) sent++
    source.fates.add(FATE.tx, sent)
    source.fates.add(FATE.tx_full, count - sent)
    for (let n = sent; n < count; n++) source.release(this.#frames[n] as FrameCursor)
    this.#port.counters.add(PORT.txErrors, count - sent)
    this.#count = 0
    this.#events?.emit(XDP_EVENT.bulkTx, this.#port.handle.ifindex, XDP_ACTION.TX, count - sent, sent, 0)
    return count - sent
  }
}
