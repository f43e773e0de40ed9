import type { GuestMemory } from '@bpfoundry/guest-memory'
import { MAX_SKB_FRAGS, NET_DEVICE, XDP_BUFF, XDP_RXQ_INFO } from '@bpfoundry/kernel-abi'
import {
  counterBytes,
  MAC_COUNTERS,
  PORT_COUNTERS,
  QUEUE_COUNTERS,
  QUEUE_WIRE_COUNTERS,
  REMOTE_COUNTERS,
  STAGE_COUNTERS,
} from './counters.ts'
import { DeviceError } from './device-error.ts'
import { FATES } from './fates.ts'
import { FRAME_DESCRIPTOR_BYTES } from './frame-descriptor.ts'
import { framePoolBytes, initializePool, initializeReturns } from './frame-pool.ts'
import type { NicProfile } from './nic-profile.ts'
import { POLL_BYTES } from './poll/poll-block.ts'
import { nicProfile } from './profiles.ts'
import { INDIRECTION_ENTRIES } from './rss.ts'
import { RING_LOCK_OFFSET_BYTES, type RingHandle, RingProducer, ringBytes } from './spsc-ring.ts'
import { planTxRings, type TxRings } from './tx-rings.ts'
import { XDP_MODES } from './xdp-mode.ts'

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

const MAXIMUM_RING = 1 << 16

/**
 * Makes a card: allocates and fills everything it owns in guest memory. On the thread that owns the memory.
 *
 * @throws DeviceError DEVICE_QUEUES, DEVICE_CPUS, DEVICE_RING_SIZE, DEVICE_FRAME_SIZE, DEVICE_MTU, DEVICE_PROFILE_UNKNOWN
 * @throws GuestMemoryError GUEST_MEMORY_EXHAUSTED
 */
export function createNic(memory: GuestMemory, options: NicOptions): NicHandle {
  const plan = planNic(options)
  const control = memory.allocate(`${options.name} control`, 'ring', plan.controlBytes)
  const context = memory.allocate(`${options.name} context`, 'ctx', plan.contextBytes)
  const rings = memory.allocate(`${options.name} rings`, 'ring', plan.ringBytes)
  const linear =
    plan.linearBytes === 0 ? 0 : memory.allocate(`${options.name} skbs`, 'packet', plan.cpus * plan.linearBytes).address
  const frames = memory.allocate(
    `${options.name} frames`,
    'packet',
    plan.queues * plan.framesPerQueue * plan.frameStrideBytes,
    4096,
  )
  const handle = placeNic(plan, {
    control: bump(control.address),
    context: bump(context.address),
    rings: bump(rings.address),
    linear,
  })
  initializeNic(memory, plan, handle, frames.address)
  return handle
}

interface NicPlan {
  readonly options: NicOptions
  readonly profile: NicProfile
  readonly queues: number
  readonly cpus: number
  readonly ringSize: number
  readonly txRingSize: number
  readonly stackRingSize: number
  readonly framesPerQueue: number
  readonly frameBytes: number
  readonly frameStrideBytes: number
  readonly headBytes: number
  readonly fragBytes: number
  readonly txRings: TxRings
  readonly linearBytes: number
  readonly mtu: number
  readonly controlBytes: number
  readonly contextBytes: number
  readonly ringBytes: number
}

const FATE_BYTES = counterBytes(FATES.length)
const STAGE_BYTES = counterBytes(STAGE_COUNTERS.length)
const QUEUE_BYTES =
  FATE_BYTES +
  counterBytes(QUEUE_COUNTERS.length) +
  counterBytes(QUEUE_WIRE_COUNTERS.length) +
  3 * STAGE_BYTES +
  POLL_BYTES
const LINE = 64
const CPU_BYTES = counterBytes(PORT_COUNTERS.length) + 2 * LINE + FATE_BYTES + counterBytes(REMOTE_COUNTERS.length)
const CARD_BYTES = NIC_CONTROL.sizeBytes + 4 * INDIRECTION_ENTRIES + counterBytes(MAC_COUNTERS.length) + FATE_BYTES

function planNic(options: NicOptions): NicPlan {
  const profile = typeof options.profile === 'string' ? nicProfile(options.profile) : options.profile
  const cpus = checkedCount('DEVICE_CPUS', 'CPUs', options.cpus, 1024)
  const queues = checkedCount('DEVICE_QUEUES', `queues of ${profile.name}`, options.queues ?? cpus, profile.maxQueues)
  const ringSize = powerOfTwo('receive ring', options.ringSize ?? profile.rxRingSize)
  const framesPerQueue = Math.max(options.framesPerQueue ?? 2 * ringSize, ringSize)
  const framesPerCpu = framesPerQueue * Math.ceil(queues / cpus)
  const ownRingSize = roundUpToPowerOfTwo(framesPerCpu)
  // Every frame of the CPU's own queues, and as many that cpumaps send.
  const stackRingSize = 2 * ownRingSize
  const txRingSize =
    options.txRingSize === undefined ? 2 * ownRingSize : powerOfTwo('transmit ring', options.txRingSize)
  const frameBytes = checkedFrame(profile, options.frameBytes ?? profile.frameBytes)
  const buffers = bufferPlan(profile, frameBytes, options.frameBytes !== undefined)
  const mtu = checkedMtu(profile, frameBytes, buffers, options.mtu ?? 1500)
  const rings = { ringSize, framesPerQueue, txRingSize, stackRingSize }
  return {
    options,
    profile,
    queues,
    cpus,
    ...rings,
    frameBytes,
    // One line more than the frame: without it every packet would start in the same few cache sets.
    frameStrideBytes: frameBytes + LINE,
    ...buffers,
    txRings: planTxRings(profile, queues, cpus, options.queuePairs),
    mtu,
    controlBytes: CARD_BYTES + queues * QUEUE_BYTES + cpus * CPU_BYTES,
    contextBytes: NET_DEVICE.sizeBytes + queues * LINE + cpus * 4 * LINE,
    ringBytes: queues * queueRingBytes(rings) + cpus * cpuRingBytes(rings),
  }
}

type RingSizes = Pick<NicPlan, 'ringSize' | 'framesPerQueue' | 'txRingSize' | 'stackRingSize'>

/** Fill, completion and return rings and the pool of a queue, each rounded up to a line. */
function queueRingBytes({ ringSize, framesPerQueue }: RingSizes): number {
  const words = ringBytes(ringSize, 4) + 2 * ringBytes(roundUpToPowerOfTwo(framesPerQueue), 4)
  return words + ringBytes(ringSize, FRAME_DESCRIPTOR_BYTES) + framePoolBytes(framesPerQueue) + 5 * LINE
}

function cpuRingBytes({ txRingSize, stackRingSize }: RingSizes): number {
  return ringBytes(txRingSize, FRAME_DESCRIPTOR_BYTES) + ringBytes(stackRingSize, FRAME_DESCRIPTOR_BYTES)
}

interface Places {
  /** Guest address of the buffers for linear skbs. */
  readonly linear: number
  readonly control: Bump
  readonly context: Bump
  readonly rings: Bump
}

type Bump = (sizeBytes: number) => number

/** Gives out cache-line aligned pieces from `address` on. */
function bump(address: number): Bump {
  let next = address
  return (sizeBytes) => {
    const at = next
    next += Math.ceil(sizeBytes / LINE) * LINE
    return at
  }
}

function placeNic(plan: NicPlan, at: Places): NicHandle {
  const { options, profile } = plan
  const control = at.control(NIC_CONTROL.sizeBytes)
  const indirection = at.control(4 * INDIRECTION_ENTRIES)
  const macCounters = at.control(counterBytes(MAC_COUNTERS.length))
  const macFates = at.control(FATE_BYTES)
  const netDevice = at.context(NET_DEVICE.sizeBytes)
  const tx = Array.from({ length: plan.txRings.rings }, () =>
    placeRing(at.rings, plan.txRingSize, FRAME_DESCRIPTOR_BYTES),
  )
  return {
    name: options.name,
    ifindex: options.ifindex,
    profile,
    queues: Array.from({ length: plan.queues }, (_, index) => placeQueue(plan, at, index)),
    cpus: Array.from({ length: plan.cpus }, (_, cpu) => placeCpu(plan, at, cpu, tx)),
    control,
    netDevice,
    indirection,
    macCounters,
    macFates,
    frameBytes: plan.frameBytes,
    headroomBytes: profile.headroomBytes,
    headBytes: plan.headBytes,
    fragBytes: plan.fragBytes,
    mac: [...(options.mac ?? [2, 0, 0, 0, 0, options.ifindex & 0xff])],
    txSink: options.txSink ?? 'capture',
    stackSink: options.stackSink ?? 'capture',
  }
}

function placeQueue(plan: NicPlan, at: Places, index: number): NicQueueHandle {
  return {
    index,
    cpu: index % plan.cpus,
    fill: placeRing(at.rings, plan.ringSize, 4),
    completion: placeRing(at.rings, plan.ringSize, FRAME_DESCRIPTOR_BYTES),
    returns: placeRing(at.rings, roundUpToPowerOfTwo(plan.framesPerQueue), 4),
    remoteReturns: placeRing(at.rings, roundUpToPowerOfTwo(plan.framesPerQueue), 4),
    pool: at.rings(framePoolBytes(plan.framesPerQueue)),
    fateCounters: at.control(FATE_BYTES),
    counters: at.control(counterBytes(QUEUE_COUNTERS.length)),
    wireCounters: at.control(counterBytes(QUEUE_WIRE_COUNTERS.length)),
    stageCounters: XDP_MODES.map(() => at.control(STAGE_BYTES)),
    pollBlock: at.control(POLL_BYTES),
    rxq: at.context(XDP_RXQ_INFO.sizeBytes),
  }
}

function placeCpu(plan: NicPlan, at: Places, cpu: number, tx: readonly RingHandle[]): NicCpuHandle {
  const ring = tx[cpu % tx.length] as RingHandle
  return {
    cpu,
    tx: ring,
    // A word of the ring's own header, which nobody else needs.
    txLock: plan.txRings.shared ? ring.address + RING_LOCK_OFFSET_BYTES : 0,
    xmitQueue: cpu < plan.txRings.xmitCpus,
    stack: placeRing(at.rings, plan.stackRingSize, FRAME_DESCRIPTOR_BYTES),
    portCounters: at.control(counterBytes(PORT_COUNTERS.length)),
    generation: at.control(4),
    xdpBuff: at.context(XDP_BUFF.sizeBytes),
    txq: at.context(XDP_RXQ_INFO.sizeBytes),
    egressBuff: at.context(XDP_BUFF.sizeBytes),
    egressRxq: at.context(XDP_RXQ_INFO.sizeBytes),
    remoteFates: at.control(FATE_BYTES),
    remoteCounters: at.control(counterBytes(REMOTE_COUNTERS.length)),
    linear: plan.linearBytes === 0 ? 0 : at.linear + cpu * plan.linearBytes,
  }
}

function placeRing(rings: Bump, capacity: number, entryBytes: number): RingHandle {
  return { address: rings(ringBytes(capacity, entryBytes)), capacity, entryBytes }
}

function initializeNic(memory: GuestMemory, plan: NicPlan, handle: NicHandle, frames: number): void {
  const u32 = memory.u32
  u32[(handle.netDevice + NET_DEVICE.ifindex) >>> 2] = handle.ifindex
  u32[(handle.netDevice + NET_DEVICE.mtu) >>> 2] = plan.mtu
  u32[(handle.control + NIC_CONTROL.up) >>> 2] = 1
  for (let entry = 0; entry < INDIRECTION_ENTRIES; entry++) {
    u32[(handle.indirection >>> 2) + entry] = entry % plan.queues
  }
  for (const queue of handle.queues) {
    u32[(queue.rxq + XDP_RXQ_INFO.dev) >>> 2] = handle.netDevice
    u32[(queue.rxq + XDP_RXQ_INFO.queueIndex) >>> 2] = queue.index
    const first = frames + queue.index * plan.framesPerQueue * plan.frameStrideBytes
    const addresses = Array.from({ length: plan.framesPerQueue }, (_, n) => first + n * plan.frameStrideBytes)
    const fill = new RingProducer(memory, queue.fill)
    for (const address of addresses.splice(0, plan.ringSize)) fill.pushWord(address)
    fill.publish()
    u32[(queue.rxq + XDP_RXQ_INFO.fragBytes) >>> 2] = plan.profile.native?.frags?.growBytes ?? 0
    initializeReturns(memory, queue)
    initializePool(memory, queue.pool, addresses)
  }
  for (const cpu of handle.cpus) u32[cpu.txq >>> 2] = handle.netDevice
}

function checkedCount(code: 'DEVICE_QUEUES' | 'DEVICE_CPUS', what: string, count: number, most: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= most) return count
  throw new DeviceError({ code, message: `number of ${what} out of range`, got: count, expected: `1 to ${most}` })
}

/** Frames and head room in whole cache lines and words, so that packets can be copied by words. */
function checkedFrame(profile: NicProfile, frameBytes: number): number {
  const whole = frameBytes % LINE === 0 && profile.headroomBytes % 4 === 0
  if (whole && frameBytes >= 1024 && frameBytes <= 65_536) return frameBytes
  throw new DeviceError({
    code: 'DEVICE_FRAME_SIZE',
    message: 'size of a frame out of range',
    got: `${frameBytes} bytes, ${profile.headroomBytes} of head room`,
    expected: `1024 to 65536 bytes, a multiple of ${LINE}; head room a multiple of 4`,
  })
}

/** How a packet lies in frames. */
interface BufferPlan {
  readonly headBytes: number
  readonly fragBytes: number
  readonly linearBytes: number
}

/** @param whole frames of a size that was asked for: a packet lies in one, whatever the driver's buffers are like */
function bufferPlan(profile: NicProfile, frameBytes: number, whole: boolean): BufferPlan {
  const room = frameBytes - profile.headroomBytes - SHARED_INFO_BYTES
  if (profile.buffers === undefined || whole) return { headBytes: room, fragBytes: 0, linearBytes: 0 }
  const headBytes = Math.min(room, profile.buffers.headBytes)
  const fragBytes = Math.min(frameBytes, profile.buffers.fragBytes)
  const mostBytes = headBytes + MAX_SKB_FRAGS * fragBytes
  const most = Math.min(mostBytes, profile.maxMtu + ETH_HEADER_BYTES + VLAN_TAG_BYTES)
  return { headBytes, fragBytes, linearBytes: most > headBytes ? linearSkbBytes(most) : 0 }
}

/** Head room, packet, what pskb_expand_head adds, shared info. */
function linearSkbBytes(packetBytes: number): number {
  return Math.ceil((XDP_PACKET_HEADROOM_BYTES + packetBytes + LINEAR_TAIL_BYTES + SHARED_INFO_BYTES) / LINE) * LINE
}

function checkedMtu(
  profile: NicProfile,
  frameBytes: number,
  { headBytes, fragBytes }: BufferPlan,
  mtu: number,
): number {
  const room = headBytes + MAX_SKB_FRAGS * fragBytes - ETH_HEADER_BYTES - VLAN_TAG_BYTES
  const most = Math.min(profile.maxMtu, room)
  if (Number.isInteger(mtu) && mtu >= 68 && mtu <= most) return mtu
  throw new DeviceError({
    code: 'DEVICE_MTU',
    message: `MTU out of range for ${profile.name} with frames of ${frameBytes} bytes`,
    got: mtu,
    expected: `68 to ${most}`,
    hint: 'a packet lies in one frame, with its head room and tail room: take larger frames for a larger MTU',
  })
}

function powerOfTwo(what: string, entries: number): number {
  if (Number.isInteger(entries) && entries >= 2 && entries <= MAXIMUM_RING && (entries & (entries - 1)) === 0)
    return entries
  throw new DeviceError({
    code: 'DEVICE_RING_SIZE',
    message: `size of the ${what} out of range`,
    got: entries,
    expected: `a power of two from 2 to ${MAXIMUM_RING}`,
  })
}

function roundUpToPowerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, count)))
}
