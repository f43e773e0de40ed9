import { acquireLock, type GuestMemory, releaseLock } from '@bpfoundry/guest-memory'
import { ERRNO, NET_DEVICE } from '@bpfoundry/kernel-abi'
import { CounterBlock, PORT } from './counters.ts'
import { FRAME_FLAG, type FrameCursor } from './frame-descriptor.ts'
import { ETH_HEADER_BYTES, NIC_CONTROL, type NicHandle, VLAN_TAG_BYTES } from './nic-handle.ts'
import { RingProducer } from './spsc-ring.ts'
import { XDP_MODE } from './xdp-mode.ts'

/** Takes the frames of a packet that is counted and not looked at. */
export interface FrameTaker {
  release(packet: FrameCursor): void
}

/**
 * The transmit side of one card on one CPU: the XDP TX ring of this CPU, so that sending needs no lock; or its turn at a ring
 * that several CPUs share. Only for the thread that runs this CPU.
 */
export class TxPort {
  readonly handle: NicHandle
  readonly counters: CounterBlock
  readonly #memory: GuestMemory
  readonly #ring: RingProducer
  readonly #discard: boolean
  /** Guest address of the lock word of a shared ring, 0 for one of its own. */
  readonly #lock: number
  readonly #xmitQueue: boolean
  /** Whether something was sent since the last doorbell. */
  #pending = false

  constructor(memory: GuestMemory, handle: NicHandle, cpu: number) {
    const own = handle.cpus[cpu]
    if (own === undefined) throw new Error(`${handle.name} has no CPU ${cpu}`)
    this.handle = handle
    this.counters = new CounterBlock(memory, own.portCounters)
    this.#memory = memory
    this.#ring = new RingProducer(memory, own.tx)
    this.#discard = handle.txSink === 'discard'
    this.#lock = own.txLock
    this.#xmitQueue = own.xmitQueue
  }

  /**
   * Puts a packet into the ring; it leaves at {@link flush}.
   *
   * @param owner where the frames belong, for a card whose packets nobody looks at
   * @returns false when the ring is full: the packet is still the caller's
   */
  send(frame: FrameCursor, owner: FrameTaker): boolean {
    const { lengthBytes } = frame
    if (this.#discard) owner.release(frame)
    else if (!(this.#lock === 0 ? this.#put(frame) : this.#putInTurn(frame))) {
      this.counters.add(PORT.txFull, 1)
      return false
    }
    this.#pending = true
    this.counters.add(PORT.packets, 1)
    this.counters.add(PORT.bytes, lengthBytes)
    return true
  }

  #put(frame: FrameCursor): boolean {
    const descriptor = this.#ring.reserve()
    if (descriptor === 0) return false
    frame.store(this.#memory, descriptor)
    return true
  }

  /** A shared ring: what one CPU put in must be seen before another may put something in. */
  #putInTurn(frame: FrameCursor): boolean {
    acquireLock(this.#memory, this.#lock)
    const put = this.#put(frame)
    this.#ring.publish()
    releaseLock(this.#memory, this.#lock)
    return put
  }

  /** Rings the doorbell: everything put in so far leaves. */
  flush(): void {
    if (!this.#pending) return
    this.#pending = false
    this.counters.add(PORT.doorbells, 1)
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
    return lengthBytes > mtu + ETH_HEADER_BYTES + VLAN_TAG_BYTES ? ERRNO.EMSGSIZE : 0
  }

  /**
   * Whether a frame may be redirected here.
   *
   * @returns 0; EOPNOTSUPP where the driver takes no frames now (it must have ndo_xdp_xmit and, most drivers, a native
   *   program), or none with frags; ENETDOWN or EMSGSIZE
   * @see __xdp_enqueue in kernel/bpf/devmap.c
   */
  xdpError(frame: FrameCursor): number {
    const native = this.handle.profile.native
    if (native === undefined || !native.xmit || !this.#ready(native.xmitNeedsProgram)) return ERRNO.EOPNOTSUPP
    if ((frame.flags & FRAME_FLAG.frags) !== 0 && native.frags?.xmit !== true) return ERRNO.EOPNOTSUPP
    return this.forwardError(frame.lengthBytes)
  }

  /** What ndo_xdp_xmit says on this CPU: 0, or ENXIO where the driver has no queue for it. */
  xmitError(): number {
    return this.#xmitQueue ? 0 : ERRNO.ENXIO
  }

  #ready(needsProgram: boolean): boolean {
    return !needsProgram || Atomics.load(this.#memory.i32, (this.handle.control >>> 2) + XDP_MODE.native) !== 0
  }
}
