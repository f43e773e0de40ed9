import type { NicProfile } from './nic-profile.ts'
import type { RingHandle } from './spsc-ring.ts'

/** XDP_PACKET_HEADROOM: what every driver leaves in front of a packet. @see include/uapi/linux/bpf.h */
export const XDP_PACKET_HEADROOM_BYTES = 256
/** SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) on x86-64: kept free at the end of every frame. */
export const SHARED_INFO_BYTES = 320
/** What pskb_expand_head adds behind a packet that is made linear. @see netif_skb_check_for_xdp in net/core/dev.c (6.12) */
export const LINEAR_TAIL_BYTES = 128
/** Ethernet header, and one VLAN tag. */
export const ETH_HEADER_BYTES = 14
export const VLAN_TAG_BYTES = 4

/** What becomes of packets that are sent or passed up: cross to the wire side to be looked at, or be counted and recycled at once. */
export type Sink = 'capture' | 'discard'

/** Options of {@link createNic}. */
export interface NicOptions {
  readonly name: string
  readonly ifindex: number
  /** Name in {@link NIC_PROFILES}, or a profile of your own. */
  readonly profile: string | NicProfile
  /** Receive queues; queue q is polled by CPU q % cpus. As many as CPUs when absent. */
  readonly queues?: number
  /** Emulated CPUs. */
  readonly cpus: number
  /** Receive descriptors a queue, a power of two; the profile's default when absent. */
  readonly ringSize?: number
  /**
   * Transmit descriptors a CPU, a power of two. When absent there are enough for every frame of this card and as many
   * redirected ones, so that the wire is not the bottleneck and no packet ends as `tx_full`.
   */
  readonly txRingSize?: number
  /** Frames a queue; twice the ring when absent, so that a full ring can be refilled while packets wait to be captured. */
  readonly framesPerQueue?: number
  /**
   * Bytes of a frame, head room and tail room included: then every packet lies in one. When absent frames are as large as
   * the profile's, and a packet over one of its receive buffers lies in several.
   */
  readonly frameBytes?: number
  /** 1500 when absent. */
  readonly mtu?: number
  /** The interface's address; 02:00:00:00:00 and the ifindex when absent. */
  readonly mac?: Uint8Array
  /** Queue pairs that the device has in all, where the driver takes those beyond `queues` for XDP: the profile's most when absent. */
  readonly queuePairs?: number
  /** `capture` when absent. */
  readonly txSink?: Sink
  readonly stackSink?: Sink
}

/** One receive queue; all numbers are guest addresses where not said otherwise. */
export interface NicQueueHandle {
  /** Number of the queue, and of the CPU that polls it. */
  readonly index: number
  readonly cpu: number
  /** Free frames for the card: u32 frame addresses. Producer: the CPU; consumer: the wire side. */
  readonly fill: RingHandle
  /** Received packets: FRAME_DESCRIPTORs. Producer: the wire side; consumer: the CPU. */
  readonly completion: RingHandle
  /** Frames that were sent or captured come home here: u32 frame addresses. Producer: the wire side; consumer: the CPU. */
  readonly returns: RingHandle
  /** Frames that other CPUs were redirected come home here. Producers: those CPUs, by turns; consumer: the CPU. */
  readonly remoteReturns: RingHandle
  /** Free frames that the CPU holds. */
  readonly pool: number
  /** FATES counters, then QUEUE_COUNTERS, both written by the CPU. */
  readonly fateCounters: number
  readonly counters: number
  /** QUEUE_WIRE_COUNTERS, written by the wire side. */
  readonly wireCounters: number
  /** STAGE_COUNTERS of each of XDP_MODES. */
  readonly stageCounters: readonly number[]
  /** POLL_BLOCK and its records, for poll programs. */
  readonly pollBlock: number
  /** struct xdp_rxq_info. */
  readonly rxq: number
}

/** What a card has on one CPU. */
export interface NicCpuHandle {
  readonly cpu: number
  /** Packets to send: FRAME_DESCRIPTORs. Producer: the CPU; consumer: the wire side. */
  readonly tx: RingHandle
  /** Lock word of that ring where several CPUs share it; 0 where this CPU has it to itself. */
  readonly txLock: number
  /** Whether the driver has a queue here for frames that are redirected to it (ENXIO where it has none). */
  readonly xmitQueue: boolean
  /** Packets for the stack, likewise. */
  readonly stack: RingHandle
  /** PORT_COUNTERS, written by the CPU. */
  readonly portCounters: number
  /** Poll generation, i32: odd while this CPU polls this card. */
  readonly generation: number
  /** struct xdp_buff, xdp_txq_info. */
  readonly xdpBuff: number
  readonly txq: number
  /** struct xdp_buff and xdp_rxq_info for programs of devmap and cpumap entries. */
  readonly egressBuff: number
  readonly egressRxq: number
  /** FATES and REMOTE_COUNTERS of packets that a cpumap sent here, written by the CPU. */
  readonly remoteFates: number
  readonly remoteCounters: number
  /** A buffer that a whole packet fits, for skbs that are made linear; 0 where all packets are. */
  readonly linear: number
}

/** Everything another thread needs to work on a card: plain data, to be sent to a worker and given to {@link attachNic}. */
export interface NicHandle {
  readonly name: string
  readonly ifindex: number
  readonly profile: NicProfile
  readonly queues: readonly NicQueueHandle[]
  readonly cpus: readonly NicCpuHandle[]
  /** NIC_CONTROL words. */
  readonly control: number
  /** struct net_device. */
  readonly netDevice: number
  /** RSS indirection table, u32 a queue number. */
  readonly indirection: number
  /** MAC_COUNTERS and the MAC's FATES, both written by the wire side. */
  readonly macCounters: number
  readonly macFates: number
  readonly frameBytes: number
  readonly headroomBytes: number
  /** Bytes of a packet that its first buffer takes, and each further one; 0 where a packet must fit the first. */
  readonly headBytes: number
  readonly fragBytes: number
  /** dev_addr, 6 bytes. */
  readonly mac: readonly number[]
  readonly txSink: Sink
  readonly stackSink: Sink
}

/** Offsets of the control words of a card, u32 each. */
export const NIC_CONTROL = {
  /** Program ids by XDP mode, 0 none. */
  slots: 0,
  /** 1 when the interface is up. */
  up: 12,
  /** 1 once a driver got a verdict that it doesn't know; then which, and from which program. */
  warned: 16,
  warnedAction: 20,
  warnedProgram: 24,
  /** 1 once a packet came in over several buffers. */
  frags: 28,
  sizeBytes: 64,
} as const
