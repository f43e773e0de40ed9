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

/** XDP_FLAGS_HAS_FRAGS in the flags of an xdp_buff: part of the packet lies in other buffers. @see include/net/xdp.h */
export const XDP_BUFF_HAS_FRAGS = 1

/**
 * Offsets in our `struct skb_shared_info`, at the end of a frame whose packet has frags; u32 each. `fragCount` frags follow
 * from `frags` on, each at its `fragStrideBytes`. A program that shortens a packet leaves frags behind: `bufferCount` says
 * how many buffers belong to the packet all the same.
 *
 * @see include/linux/skbuff.h
 */
export const XDP_SHARED_INFO = {
  sizeBytes: 320,
  fragCount: 0,
  fragsBytes: 4,
  bufferCount: 8,
  frags: 16,
  fragStrideBytes: 16,
  /** In a frag: guest address and length of its bytes, guest address of its buffer. */
  fragData: 0,
  fragLength: 4,
  fragBuffer: 8,
} as const

/** MAX_SKB_FRAGS: frags of a packet at most. */
export const MAX_SKB_FRAGS = 17

/**
 * Offsets in our `struct xdp_rxq_info` (also used as xdp_txq_info: `dev` alone): dev is a u64 guest address, the rest u32.
 * `fragBytes` is frag_size: up to where the last frag may grow, 0 where the driver does not tell.
 */
export const XDP_RXQ_INFO = { sizeBytes: 16, dev: 0, queueIndex: 8, fragBytes: 12 } as const

/** Offsets in our `struct net_device`: ifindex is a u32. */
export const NET_DEVICE = { sizeBytes: 64, ifindex: 0, mtu: 4 } as const
