import { MAX_SKB_FRAGS, NET_DEVICE } from '@bpfoundry/kernel-abi'
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
import { framePoolBytes } from './frame-pool.ts'
import {
  ETH_HEADER_BYTES,
  LINEAR_TAIL_BYTES,
  NIC_CONTROL,
  type NicOptions,
  SHARED_INFO_BYTES,
  VLAN_TAG_BYTES,
  XDP_PACKET_HEADROOM_BYTES,
} from './nic-handle.ts'
import type { NicProfile } from './nic-profile.ts'
import { POLL_BYTES } from './poll/poll-block.ts'
import { nicProfile } from './profiles.ts'
import { INDIRECTION_ENTRIES } from './rss.ts'
import { ringBytes } from './spsc-ring.ts'
import { planTxRings, type TxRings } from './tx-rings.ts'

/** Sizes of a card's parts, all checked. */
export interface NicPlan {
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

/** Bytes of one block of counters. */
export const FATE_BYTES: number = counterBytes(FATES.length)
export const STAGE_BYTES: number = counterBytes(STAGE_COUNTERS.length)
const QUEUE_BYTES =
  FATE_BYTES +
  counterBytes(QUEUE_COUNTERS.length) +
  counterBytes(QUEUE_WIRE_COUNTERS.length) +
  3 * STAGE_BYTES +
  POLL_BYTES
/** Whatever two threads write lies on cache lines of its own. */
export const LINE = 64
const CPU_BYTES = counterBytes(PORT_COUNTERS.length) + 2 * LINE + FATE_BYTES + counterBytes(REMOTE_COUNTERS.length)
const CARD_BYTES = NIC_CONTROL.sizeBytes + 4 * INDIRECTION_ENTRIES + counterBytes(MAC_COUNTERS.length) + FATE_BYTES

/**
 * What a card of these options needs.
 *
 * @throws DeviceError DEVICE_QUEUES, DEVICE_CPUS, DEVICE_RING_SIZE, DEVICE_FRAME_SIZE, DEVICE_MTU, DEVICE_PROFILE_UNKNOWN
 */
export function planNic(options: NicOptions): NicPlan {
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

const MAXIMUM_RING = 1 << 16

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

export function roundUpToPowerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, count)))
}
