/** Where a program runs: on an skb, in the driver, on the card. The order is that of enum bpf_xdp_mode. */
export const XDP_MODES = ['generic', 'native', 'offload'] as const

export type XdpMode = (typeof XDP_MODES)[number]

/** Place of a mode in {@link XDP_MODES}: XDP_MODE_SKB, XDP_MODE_DRV, XDP_MODE_HW. */
export const XDP_MODE: Readonly<Record<XdpMode, number>> = { generic: 0, native: 1, offload: 2 }
