/** enum xdp_action. @see include/uapi/linux/bpf.h */
export const XDP_ACTION = { ABORTED: 0, DROP: 1, PASS: 2, TX: 3, REDIRECT: 4 } as const

/** Offsets in `struct xdp_md`, the context as a program sees it; every field is a u32. */
export const XDP_MD = {
  sizeBytes: 24,
  data: 0,
  dataEnd: 4,
  dataMeta: 8,
  ingressIfindex: 12,
  rxQueueIndex: 16,
  egressIfindex: 20,
} as const

/**
 * Offsets in `struct xdp_buff`, the context as it lies in guest memory; context accesses are rewritten to it.
 * data, data_end, data_meta, data_hard_start, rxq and txq are u64 guest addresses; frame_sz and flags are u32.
 *
 * @see include/net/xdp.h
 */
export const XDP_BUFF = {
  sizeBytes: 56,
  data: 0,
  dataEnd: 8,
  dataMeta: 16,
  dataHardStart: 24,
  rxq: 32,
  txq: 40,
  frameSize: 48,
  flags: 52,
} as const

/** Offsets in our `struct xdp_rxq_info` (also used as xdp_txq_info: `dev` alone): dev is a u64 guest address, the rest u32. */
export const XDP_RXQ_INFO = { sizeBytes: 16, dev: 0, queueIndex: 8 } as const

/** Offsets in our `struct net_device`: ifindex is a u32. */
export const NET_DEVICE = { sizeBytes: 64, ifindex: 0, mtu: 4 } as const
