import { type NicHandle, XDP_EVENT, xdpEvent } from '@bpfoundry/device'
import type { XdpTrace } from './xdp-trace.ts'

/** MEM_TYPE_PAGE_POOL. @see include/net/xdp.h */
const PAGE_POOL = 2

/** Ids of memory allocators, from 1 on: one counter a machine, as mem_id_next in the kernel. */
export class MemoryIds {
  #last = 0

  next(): number {
    return ++this.#last
  }
}

/**
 * The page pools of a card's receive queues, as far as tracepoints tell of them: drivers make them anew when native XDP comes
 * or goes, or have them only while it is there.
 *
 * @see xdp_rxq_info_reg_mem_model, mem_xa_remove in net/core/xdp.c; veth_enable_xdp, mlx5e_xdp_set (6.12)
 */
export class PagePools {
  readonly #nic: NicHandle
  readonly #ids: MemoryIds
  #pools: readonly number[] = []

  constructor(nic: NicHandle, ids: MemoryIds) {
    this.#nic = nic
    this.#ids = ids
    if (nic.profile.native?.pagePools === 'always') this.#pools = this.#make()
  }

  /** Native XDP was switched on or off. */
  switched(on: boolean, trace: XdpTrace | undefined): void {
    const { pagePools } = this.#nic.profile.native ?? {}
    if (pagePools === undefined) return
    const old = this.#pools
    this.#pools = on || pagePools === 'always' ? this.#make() : []
    for (const id of this.#pools) {
      trace?.add(xdpEvent(XDP_EVENT.memConnect, 0, 0, [id, PAGE_POOL, this.#nic.ifindex]))
    }
    for (const id of old) trace?.add(xdpEvent(XDP_EVENT.memDisconnect, 0, 0, [id, PAGE_POOL]))
  }

  #make(): readonly number[] {
    return this.#nic.queues.map(() => this.#ids.next())
  }
}
