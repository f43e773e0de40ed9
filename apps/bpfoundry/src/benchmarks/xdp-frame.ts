import type { GuestMemory } from '@bpfoundry/guest-memory'
import { NET_DEVICE, XDP_BUFF, XDP_RXQ_INFO } from '@bpfoundry/kernel-abi'
import type { FramePlace } from './looped-image.ts'

const PAGE_BYTES = 4096
const HEADROOM_BYTES = 256
/** What a program that moves the frame's start may write over. */
const HEAD_BYTES = 16
/** Where the other structures lie behind the xdp_buff. */
const [RXQ, DEVICE, STRUCTS_BYTES] = [64, 128, 256]

/** One frame in guest memory with the context that XDP programs get. */
export class XdpFrame {
  /** r1 of a run. */
  readonly ctx: number
  readonly place: FramePlace
  readonly #memory: GuestMemory

  constructor(memory: GuestMemory, frame: Uint8Array) {
    this.#memory = memory
    const page = memory.allocate('bench page', 'packet', PAGE_BYTES, PAGE_BYTES).address
    this.ctx = memory.allocate('bench context', 'ctx', STRUCTS_BYTES).address
    const data = page + HEADROOM_BYTES
    this.place = { data, dataEnd: data + frame.length, head: frame.slice(0, HEAD_BYTES) }
    memory.write(data, frame)
    const word = (offset: number, value: number): void => {
      memory.u32[(this.ctx + offset) >>> 2] = value
    }
    word(XDP_BUFF.dataHardStart, page)
    word(XDP_BUFF.rxq, this.ctx + RXQ)
    word(XDP_BUFF.frameSize, PAGE_BYTES)
    word(RXQ + XDP_RXQ_INFO.dev, this.ctx + DEVICE)
    word(DEVICE + NET_DEVICE.ifindex, 1)
    this.reset()
  }

  /** Puts the frame's ends and its head back. */
  reset(): void {
    this.#memory.u32[(this.ctx + XDP_BUFF.data) >>> 2] = this.place.data
    this.#memory.u32[(this.ctx + XDP_BUFF.dataMeta) >>> 2] = this.place.data
    this.#memory.u32[(this.ctx + XDP_BUFF.dataEnd) >>> 2] = this.place.dataEnd
    this.#memory.u8.set(this.place.head, this.place.data)
  }
}
