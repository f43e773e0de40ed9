import type { CostComponent } from '@bpfoundry/device'
import { GENERIC_PARAMETERS } from './generic-parameters.ts'

/** Per cent of the samples of a function, and what it does. */
type ProfileRow = readonly [component: string, functions: string, share: number]

/** Clock of the profiled host. */
export const PROFILED_GIGAHERTZ = 4
/** The packet's first touch, within mlx5e_handle_rx_cqe: 56.23 % of its samples. Waiting for L3 does not follow the clock. */
const TOUCH_SHARE = 0.5623
const HANDLE_CQE = 34.33
/** Clearing the skb, within __build_skb. */
const CLEAR_SHARE = 0.7565
const BUILD_SKB = 10.36

// biome-ignore format: table
const RECEIVE: readonly ProfileRow[] = [
  ['completion queue',               'mlx5e_get_cqe, mlx5e_poll_rx_cq',                             2.91 + 0.79],
  ['descriptor, skb fields, checksum', 'mlx5e_handle_rx_cqe less the first touch',                  HANDLE_CQE * (1 - TOUCH_SHARE)],
  ['DMA sync',                       'swiotlb_sync_single, for cpu and for device',                 0.63 + 0.61 + 0.42],
  ['ring refill and page recycling', 'mlx5e_alloc_rx_wqe, mlx5e_post_rx_wqes, mlx5e_page_release',  3.69 + 1.26 + 1.22],
  ['skb allocation',                 'kmem_cache_alloc',                                            4.02],
  ['clearing the skb',               'rep stos in __build_skb',                                     BUILD_SKB * CLEAR_SHARE],
  ['building the skb',               '__build_skb, build_skb, skb_put',                             BUILD_SKB * (1 - CLEAR_SHARE) + 5.49 + 0.79],
  ['GRO',                            'napi_gro_receive, dev_gro_receive, skb_gro_reset_offset',     1.83 + 1.49 + 0.77],
  ['into the stack',                 'netif_receive_skb_internal, eth_type_trans, rcu',             3.85 + 1.19 + 1.8 + 1],
  ['NAPI',                           'net_rx_action, mlx5e_napi_poll, softirq',                     0.28 + 0.2 + 0.11 + 0.06],
]

// biome-ignore format: table
const FREE: readonly ProfileRow[] = [
  ['freeing the skb',                'kfree_skb, skb_release_all, head state, skbmem, kmem_cache_free', 1.21 + 0.84 + 1.43 + 0.81 + 3.72],
  ['freeing the packet',             'skb_release_data, skb_free_head, page_frag_free',             1.65 + 0.83 + 5.1],
]

/** Of a transmit: another profile, and another time a packet. */
// biome-ignore format: table
const TRANSMIT: readonly ProfileRow[] = [
  ['transmit descriptor',            'mlx5e_xmit, swiotlb_map_page, memcpy of the headers',         10.72 + 1.02 + 1.92],
  ['lock of the transmit queue',     '_raw_spin_lock',                                              2.65],
  ['choice of the queue',            '__netdev_pick_tx, netdev_pick_tx, mlx5e_select_queue',        1.4 + 1.19 + 0.56],
  ['generic transmit',               'generic_xdp_tx',                                              1.73],
  ['allocator, off its fast path',   '___slab_alloc, __cmpxchg_double_slab, get_partial_node',      2.65 + 1 + 0.71],
]
/** 4,574,424 packets a second. */
const TRANSMIT_NS: number = 1e9 / 4_574_424
/** What sending one by one added to receiving, by the author's estimate: 12 ns and 27 ns. */
const DOORBELL_NS = 39

const PROFILE = 'perf report, prototype-kernel, Eval Generic netstack XDP patch, 2017'

function cyclesOf(rows: readonly ProfileRow[], packetNs: number): CostComponent[] {
  return rows.map(([component, functions, share]) => ({
    component,
    cycles: (share / 100) * packetNs * PROFILED_GIGAHERTZ,
    source: `generic.profile: ${share.toFixed(2)} % of ${packetNs.toFixed(1)} ns (${functions}); ${PROFILE}`,
  }))
}

const DROP_NS: number = GENERIC_PARAMETERS['generic.profile'].value

/** Until the program runs: the driver receives, builds an skb, and hands it to the stack. */
export const SKB_RECEIVE: readonly CostComponent[] = [
  ...cyclesOf(RECEIVE, DROP_NS),
  {
    component: 'first touch of the packet, by the driver',
    nanoseconds: (HANDLE_CQE / 100) * TOUCH_SHARE * DROP_NS,
    source: `generic.profile: ${(HANDLE_CQE * TOUCH_SHARE).toFixed(2)} % of ${DROP_NS} ns; ${PROFILE}`,
  },
]

/** kfree_skb. */
export const SKB_FREE: readonly CostComponent[] = cyclesOf(FREE, DROP_NS)

/** generic_xdp_tx: a lock and a doorbell a packet, nothing goes in bulks; freed when it has been sent. */
export const SKB_TRANSMIT: readonly CostComponent[] = [
  ...cyclesOf(TRANSMIT, TRANSMIT_NS),
  { component: 'transmit doorbell, once a packet', nanoseconds: DOORBELL_NS, source: `12 ns and 27 ns; ${PROFILE}` },
  ...SKB_FREE,
]
