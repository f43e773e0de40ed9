import type { GuestMemory } from '@bpfoundry/guest-memory'
import { ERRNO, NET_DEVICE } from '@bpfoundry/kernel-abi'
import { CounterBlock, PORT } from './counters.ts'
import type { FrameCursor } from './frame-descriptor.ts'
import type { FramePool } from './frame-pool.ts'
import { ETH_HEADER_BYTES, NIC_CONTROL, type NicHandle, VLAN_TAG_BYTES } from './nic-handle.ts'
import { RingProducer } from './spsc-ring.ts'
import { XDP_MODE } from './xdp-mode.ts'

/** EMSGSIZE, which bpf(2) itself never gives. */
const EMSGSIZE = 90

/**
 * The transmit side of one card on one CPU: the XDP TX ring of this CPU, so that sending needs no lock.
 * Only for the thread that runs this CPU.
 */
export class TxPort {
  readonly handle: NicHandle
  readonly counters: CounterBlock
  readonly #memory: GuestMemory
  readonly #ring: RingProducer
  readonly #discard: boolean

  constructor(memory: GuestMemory, handle: NicHandle, cpu: number) {
    const own = handle.cpus[cpu]
    if (own === undefined) throw new Error(`${handle.name} has no CPU ${cpu}`)
    this.handle = handle
    this.counters = new CounterBlock(memory, own.portCounters)
    this.#memory = memory
    this.#ring = new RingProducer(memory, own.tx)
    this.#discard = handle.txSink === 'discard'
  }

  /**
   * Puts a packet into the ring; it leaves at {@link flush}.
   *
   * @param pool where the frame belongs, for a card whose packets nobody looks at
   * @returns false when the ring is full: the packet is still the caller's
   */
  send(frame: FrameCursor, pool: FramePool): boolean {
    if (this.#discard) {
      pool.give(frame.frame)
    } else {
      const descriptor = this.#ring.reserve()
      if (descriptor === 0) {
        this.counters.add(PORT.txFull, 1)
        return false
      }
      frame.store(this.#memory, descriptor)
    }
    this.counters.add(PORT.packets, 1)
    this.counters.add(PORT.bytes, frame.dataEnd - frame.data)
    return true
  }

  /** Rings the doorbell: everything put in so far leaves. */
  flush(): void {
    this.#ring.publish()
  }

  /**
   * Whether a packet of this length may be forwarded here.
   *
   * @returns 0, ENETDOWN or EMSGSIZE
   * @see xdp_ok_fwd_dev in include/linux/filter.h
   */
  forwardError(lengthBytes: number): number {
    const u32 = this.#memory.u32
    if (u32[(this.handle.control + NIC_CONTROL.up) >>> 2] === 0) return ERRNO.ENETDOWN
    const mtu = u32[(this.handle.netDevice + NET_DEVICE.mtu) >>> 2] as number
    return lengthBytes > mtu + ETH_HEADER_BYTES + VLAN_TAG_BYTES ? EMSGSIZE : 0
  }

  /** Whether the driver takes redirected frames now: it must have ndo_xdp_xmit and, most drivers, a native program. */
  takesXdpFrames(): boolean {
    const native = this.handle.profile.native
    if (native === undefined || !native.xmit) return false
    if (!native.xmitNeedsProgram) return true
    return Atomics.load(this.#memory.i32, (this.handle.control >>> 2) + XDP_MODE.native) !== 0
  }
}
