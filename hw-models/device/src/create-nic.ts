import type { GuestMemory } from '@bpfoundry/guest-memory'
import { NET_DEVICE, XDP_BUFF, XDP_RXQ_INFO } from '@bpfoundry/kernel-abi'
import {
  counterBytes,
  MAC_COUNTERS,
  PORT_COUNTERS,
  QUEUE_COUNTERS,
  QUEUE_WIRE_COUNTERS,
  REMOTE_COUNTERS,
} from './counters.ts'
import { FRAME_DESCRIPTOR_BYTES } from './frame-descriptor.ts'
import { framePoolBytes, initializePool, initializeReturns } from './frame-pool.ts'
import { NIC_CONTROL, type NicCpuHandle, type NicHandle, type NicOptions, type NicQueueHandle } from './nic-handle.ts'
import { FATE_BYTES, LINE, type NicPlan, planNic, roundUpToPowerOfTwo, STAGE_BYTES } from './nic-plan.ts'
import { POLL_BYTES } from './poll/poll-block.ts'
import { INDIRECTION_ENTRIES } from './rss.ts'
import { RING_LOCK_OFFSET_BYTES, type RingHandle, RingProducer, ringBytes } from './spsc-ring.ts'
import { XDP_MODES } from './xdp-mode.ts'

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
