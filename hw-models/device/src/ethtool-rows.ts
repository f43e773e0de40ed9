import type { EthtoolRow } from './nic-profile.ts'

/*
 * Rows of `ethtool -S` by driver, those that our counters can fill. A sum names counters of the hook (`native.drop`),
 * the fates (`fate.tx`), the MAC (`mac.packets`), the queue (`queue.packets`, `wire.missed`) or the transmit port
 * (`port.xmit`); a leading minus subtracts.
 */

/** Everything that a native hook dropped, whatever the reason. */
const DROPPED = ['native.drop', 'native.aborted', 'native.invalid', 'native.txErrors', 'native.redirectErrors'] as const
/** What virtio_net and veth call a drop of XDP: what the transmit queue lost is counted there. */
const NOT_PASSED = ['native.drop', 'native.aborted', 'native.invalid'] as const
const SENT = ['native.tx', '-native.txErrors'] as const
const REDIRECTED = ['native.redirect', '-native.redirectErrors'] as const

/** @see drivers/net/ethernet/intel/ixgbe/ixgbe_ethtool.c */
// biome-ignore format: table
export const IXGBE_ROWS: readonly EthtoolRow[] = [
  { name: 'rx_packets',           sum: ['queue.packets'] },
  { name: 'tx_packets',           sum: ['port.packets'] },
  { name: 'rx_bytes',             sum: ['queue.bytes'] },
  { name: 'tx_bytes',             sum: ['port.bytes'] },
  { name: 'rx_length_errors',     sum: ['fate.too_long', 'fate.too_short'] },
  { name: 'rx_missed_errors',     sum: ['fate.ring_full'] },
  { name: 'rx_queue_%q_packets',  sum: ['queue.packets'] },
  { name: 'rx_queue_%q_bytes',    sum: ['queue.bytes'] },
]

/** @see drivers/net/ethernet/intel/i40e/i40e_ethtool.c */
// biome-ignore format: table
export const I40E_ROWS: readonly EthtoolRow[] = [
  { name: 'rx_packets',             sum: ['queue.packets'] },
  { name: 'tx_packets',             sum: ['port.packets'] },
  { name: 'rx_bytes',               sum: ['queue.bytes'] },
  { name: 'tx_bytes',               sum: ['port.bytes'] },
  { name: 'rx_length_errors',       sum: ['fate.too_short'] },
  { name: 'rx-%q.packets',          sum: ['queue.packets'] },
  { name: 'rx-%q.bytes',            sum: ['queue.bytes'] },
  { name: 'port.rx_bytes',          sum: ['mac.bytes'] },
  { name: 'port.rx_oversize',       sum: ['fate.too_long'] },
  { name: 'port.rx_dropped',        sum: ['fate.ring_full'] },
]

/** @see drivers/net/ethernet/mellanox/mlx5/core/en_stats.c */
// biome-ignore format: table
export const MLX5_ROWS: readonly EthtoolRow[] = [
  { name: 'rx_packets',              sum: ['queue.packets'] },
  { name: 'rx_bytes',                sum: ['queue.bytes'] },
  { name: 'rx_xdp_drop',             sum: DROPPED },
  { name: 'rx_xdp_redirect',         sum: REDIRECTED },
  { name: 'rx_xdp_tx_xmit',          sum: SENT },
  { name: 'rx_xdp_tx_full',          sum: ['native.txErrors'] },
  { name: 'tx_xdp_xmit',             sum: ['port.xmit'] },
  { name: 'tx_xdp_full',             sum: ['port.xmitErrors'] },
  { name: 'rx_out_of_buffer',        sum: ['fate.ring_full'] },
  { name: 'rx_oversize_pkts_phy',    sum: ['fate.too_long'] },
  { name: 'rx%q_packets',            sum: ['queue.packets'] },
  { name: 'rx%q_bytes',              sum: ['queue.bytes'] },
  { name: 'rx%q_xdp_drop',           sum: DROPPED },
  { name: 'rx%q_xdp_redirect',       sum: REDIRECTED },
  { name: 'rx%q_xdp_tx_xmit',        sum: SENT },
  { name: 'rx%q_xdp_tx_full',        sum: ['native.txErrors'] },
  { name: 'tx%c_xdp_xmit',           sum: ['port.xmit'] },
  { name: 'tx%c_xdp_full',           sum: ['port.xmitErrors'] },
]

/** @see drivers/net/virtio_net.c */
// biome-ignore format: table
export const VIRTIO_NET_ROWS: readonly EthtoolRow[] = [
  { name: 'rx%q_packets',        sum: ['queue.packets'] },
  { name: 'rx%q_bytes',          sum: ['queue.bytes'] },
  { name: 'rx%q_drops',          sum: [...NOT_PASSED, 'native.redirectErrors'] },
  { name: 'rx%q_xdp_packets',    sum: ['native.packets'] },
  { name: 'rx%q_xdp_tx',         sum: ['native.tx'] },
  { name: 'rx%q_xdp_redirects',  sum: ['native.redirect'] },
  { name: 'rx%q_xdp_drops',      sum: [...NOT_PASSED, 'native.redirectErrors'] },
  { name: 'tx%c_xdp_tx',         sum: ['port.packets', 'port.xmitErrors', 'port.txErrors'] },
  { name: 'tx%c_xdp_tx_drops',   sum: ['port.xmitErrors', 'port.txErrors'] },
  { name: 'tx%c_kicks',          sum: ['port.doorbells'] },
]

/** @see drivers/net/veth.c */
// biome-ignore format: table
export const VETH_ROWS: readonly EthtoolRow[] = [
  { name: 'rx_queue_%q_xdp_packets',       sum: ['native.packets'] },
  { name: 'rx_queue_%q_xdp_bytes',         sum: ['native.bytes'] },
  { name: 'rx_queue_%q_drops',             sum: ['wire.missed', 'native.redirectErrors'] },
  { name: 'rx_queue_%q_xdp_redirect',      sum: REDIRECTED },
  { name: 'rx_queue_%q_xdp_drops',         sum: NOT_PASSED },
  { name: 'rx_queue_%q_xdp_tx',            sum: SENT },
  { name: 'rx_queue_%q_xdp_tx_errors',     sum: ['native.txErrors'] },
  { name: 'tx_queue_%c_xdp_xmit',          sum: ['port.xmit'] },
  { name: 'tx_queue_%c_xdp_xmit_errors',   sum: ['port.xmitErrors'] },
]

/** The BPF counters are those of the firmware's result word. @see drivers/net/ethernet/netronome/nfp/nfp_net_ethtool.c */
// biome-ignore format: table
export const NFP_ROWS: readonly EthtoolRow[] = [
  { name: 'rvec_%q_rx_pkts',  sum: ['queue.packets'] },
  { name: 'dev_rx_discards',  sum: ['fate.ring_full'] },
  { name: 'dev_rx_errors',    sum: ['fate.too_long', 'fate.too_short'] },
  { name: 'dev_rx_bytes',     sum: ['queue.bytes'] },
  { name: 'dev_rx_pkts',      sum: ['queue.packets'] },
  { name: 'dev_tx_bytes',     sum: ['port.bytes'] },
  { name: 'dev_tx_pkts',      sum: ['port.packets'] },
  { name: 'bpf_pass_pkts',    sum: ['offload.pass'] },
  { name: 'bpf_pass_bytes',   sum: ['offload.passBytes'] },
  { name: 'bpf_app1_pkts',    sum: ['offload.drop'] },
  { name: 'bpf_app1_bytes',   sum: ['offload.dropBytes'] },
  { name: 'bpf_app2_pkts',    sum: ['offload.tx'] },
  { name: 'bpf_app2_bytes',   sum: ['offload.txBytes'] },
  { name: 'bpf_app3_pkts',    sum: ['offload.aborted', 'offload.redirect', 'offload.invalid'] },
  { name: 'bpf_app3_bytes',   sum: ['offload.abortedBytes', 'offload.redirectBytes', 'offload.invalidBytes'] },
]
