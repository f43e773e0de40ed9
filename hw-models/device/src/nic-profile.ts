/** A limit on the MTU while a native program is attached, as one driver has it. */
export interface NativeMtuLimit {
  /** Largest MTU without frags support in the program. */
  readonly maxMtu: number
  readonly errno: number
  /** What the driver says, with its name in front where it uses NL_SET_ERR_MSG_MOD; undefined where it says nothing. */
  readonly extack?: string
  /** What stands in the kernel log; `%mtu` is the MTU. */
  readonly kernelLog?: string
  /** What it says when the MTU is raised over the limit while a program is attached. */
  readonly change?: { readonly errno: number; readonly extack?: string; readonly kernelLog?: string }
}

/** What a driver's native XDP does with packets over several buffers. */
export interface NativeFrags {
  /** Whether programs with BPF_F_XDP_HAS_FRAGS get such packets (NETDEV_XDP_ACT_RX_SG); if not, its MTU limit is for all. */
  readonly receive: boolean
  /** Whether it takes such frames when they are redirected to it (NETDEV_XDP_ACT_NDO_XMIT_SG). */
  readonly xmit: boolean
  /** frag_size of its receive queues: up to where bpf_xdp_adjust_tail may grow the last frag; 0 where it can't. */
  readonly growBytes: number
}

/**
 * Which queues a driver sends by in XDP: one a CPU; the one beside each receive queue, so that frames can't be redirected
 * from CPUs beyond them (ENXIO); the receiver's rings, shared by turns; one a CPU if the device has so many more, else shared
 * with a lock.
 */
export type TxQueueRule = 'cpu' | 'receive-queue' | 'shared' | 'cpu-or-shared'

/** Which of its failures a driver tells by the tracepoint xdp_exception, and in what it differs else. */
export interface NativeTracing {
  readonly txFailed: boolean
  readonly redirectFailed: boolean
  /** Packets of XDP_TX that it collects and reports by xdp_bulk_tx; 0 where it sends one by one. */
  readonly txBulkFrames: number
}

/** How a driver's receive buffers hold packets. */
export interface ReceiveBuffers {
  /** Bytes that the first buffer takes, and each of the further ones. */
  readonly headBytes: number
  readonly fragBytes: number
}

/** What a driver's native XDP can do. */
export interface NativeXdp {
  /** Verdicts it knows; all others are dropped with a warning. */
  readonly actions: { readonly tx: boolean; readonly redirect: boolean }
  /** Whether other cards may redirect to it (ndo_xdp_xmit). */
  readonly xmit: boolean
  /** Whether it takes redirected packets only while it has a native program itself. */
  readonly xmitNeedsProgram: boolean
  readonly mtu: NativeMtuLimit
  /** None when absent: one buffer a packet. */
  readonly frags?: NativeFrags
  /** One queue a CPU when absent. */
  readonly txQueues?: TxQueueRule
  /** Whether receive queues have page pools: always, or while XDP is on; other memory when absent. */
  readonly pagePools?: 'always' | 'with-xdp'
  /** All failures, nothing collected, when absent. */
  readonly tracing?: NativeTracing
}

/** One line of `ethtool -S`: a name and the counters whose sum it shows. */
export interface EthtoolRow {
  /** `%q` stands for the queue's number and `%c` for the CPU's: such a row is shown once a queue or CPU. */
  readonly name: string
  /** `fate.pass`, `native.drop`, `offload.passBytes`, `mac.packets`, `queue.packets`, `wire.missed`, `port.txFull`. */
  readonly sum: readonly string[]
}

/** A network card or virtual device with its driver: data, see `profiles.ts`. */
export interface NicProfile {
  readonly name: string
  /** Driver, as `ethtool -i` names it. */
  readonly driver: string
  readonly description: string
  readonly maxQueues: number
  /** Default receive descriptors. */
  readonly rxRingSize: number
  /** Head room in front of a received packet while XDP is on, and of an skb while it is off. */
  readonly headroomBytes: number
  readonly skbHeadroomBytes: number
  readonly frameBytes: number
  /** For drivers that let a packet lie in several buffers; when absent it must fit one. */
  readonly buffers?: ReceiveBuffers
  readonly maxMtu: number
  /** Undefined for a virtual wire without a rate. */
  readonly linkGbps?: number
  readonly native?: NativeXdp
  /** Name of the offload card model, for cards that run programs themselves. */
  readonly offload?: string
  readonly ethtool: readonly EthtoolRow[]
  /** Where the numbers are from. */
  readonly source: string
}
