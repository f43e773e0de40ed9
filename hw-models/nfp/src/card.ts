/** What the BPF firmware of a card says it can do: the TLVs of _abi_bpf_capabilities and the BAR. @see nfp/bpf/fw.h */
export interface NfpFirmware {
  readonly name: string
  /** NFP_BPF_CAP_TYPE_ABI_VERSION. */
  readonly abiVersion: number
  /** NFP_BPF_CAP_TYPE_CMSG_MULTI_ENT: a control message can bring several elements of a map. */
  readonly multiEntryMessages?: boolean
  /** Helpers with an address in the firmware. */
  readonly mapLookup: boolean
  readonly mapUpdate: boolean
  readonly mapDelete: boolean
  readonly perfEventOutput: boolean
  /** Undefined when the firmware can't move the packet's head. */
  readonly adjustHead?: {
    readonly offMin: number
    readonly offMax: number
    readonly guaranteedSub: number
    readonly guaranteedAdd: number
    /** NFP_BPF_ADJUST_HEAD_NO_META: no metadata has to be moved along. */
    readonly noMeta: boolean
  }
  readonly adjustTail: boolean
  readonly pseudoRandom: boolean
  readonly queueSelect: boolean
  readonly maps: {
    /** BPF_MAP_TYPE_*, the bits of the TLV's mask. */
    readonly types: readonly number[]
    readonly maxMaps: number
    readonly maxElements: number
    readonly maxKeyBytes: number
    readonly maxValueBytes: number
    readonly maxElementBytes: number
  }
  /** NFP_NET_CFG_BPF_MAX_LEN: instruction words of a program, its eight final nops included. */
  readonly maxProgramWords: number
  /** NFP_NET_CFG_BPF_STACK_SZ x 64. */
  readonly stackBytes: number
  /** NFP_NET_CFG_BPF_INL_MTU x 64: how much of a packet lies in the core's cluster memory. */
  readonly inlineBytes: number
  /** NFP_NET_BPF_CAP_RELO: programs can be exchanged under traffic. */
  readonly liveReload: boolean
  readonly source: string
}

/** A card that runs programs itself. */
export interface NfpCard {
  readonly name: string
  readonly chip: string
  /** Cores (microengines) that handle packets, and contexts of each: they run one at a time, the others wait for memory. */
  readonly workerCores: number
  readonly threadsPerCore: number
  /** Clusters that the cores lie in, the same number in each; each has packet memory of its own. */
  readonly islands: number
  readonly clockHz: number
  /** Ports, and the rate of each. */
  readonly ports: number
  readonly linkGbps: number
  readonly firmware: NfpFirmware
  readonly source: string
}
