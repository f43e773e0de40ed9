import type { Cpu } from '@bpfoundry/engine'
import type { GuestMemory, Region } from '@bpfoundry/guest-memory'
import { ERRNO, PROG_TYPE, SK_BUFF } from '@bpfoundry/kernel-abi'
import { KernelError } from './kernel-error.ts'
import { receivedFrame } from './received-frame.ts'
import type { Runtime } from './runtime.ts'
import { contextOf, finishRun, refusedRun, runRepeatedly, type TestRunRequest, type TestRunResult } from './test-run.ts'

const { SOCKET_FILTER, SCHED_CLS, SCHED_ACT, CGROUP_SKB, LWT_IN, LWT_OUT, LWT_XMIT } = PROG_TYPE

/** Program types that run on a socket buffer: whether they see the link layer's header, and where the packet ends. */
// biome-ignore format: table
const TYPES: ReadonlyMap<number, { readonly linkLayer: boolean; readonly direct: boolean }> = new Map([
  [SOCKET_FILTER, { linkLayer: false, direct: false }],
  [SCHED_CLS,     { linkLayer: true,  direct: true }],
  [SCHED_ACT,     { linkLayer: true,  direct: true }],
  [CGROUP_SKB,    { linkLayer: false, direct: true }],
  [LWT_IN,        { linkLayer: false, direct: true }],
  [LWT_OUT,       { linkLayer: false, direct: true }],
  [LWT_XMIT,      { linkLayer: false, direct: true }],
])

/** Whether test runs of this program type are on a socket buffer. */
export const runsOnSkb = (programType: number): boolean => TYPES.has(programType)

const PAGE_BYTES = 4096
/** On both sides of the page: a packet grows to SKB_MAX_ALLOC, no more than four pages, at either end. */
const GROWTH_BYTES = 4 * PAGE_BYTES
const ROOM_BYTES = GROWTH_BYTES + PAGE_BYTES + GROWTH_BYTES
/** NET_SKB_PAD + NET_IP_ALIGN on x86-64. */
const HEADROOM_BYTES = 64
/** SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) on a 64-bit machine. */
const TAILROOM_BYTES = 320
const ETHERNET_HEADER_BYTES = 14
const MOST_BYTES = PAGE_BYTES - HEADROOM_BYTES - TAILROOM_BYTES
const LOOPBACK = 1
const GSO_MAX_SEGS = 65_535
const GSO_LEGACY_MAX_SIZE = 65_536

/** Fields that may be given: from a byte on, how many. All others must be zero. */
// biome-ignore format: table
const GIVEN: readonly (readonly [offsetBytes: number, sizeBytes: number])[] = [
  [SK_BUFF.mark,           4],
  [SK_BUFF.priority,       4],
  [SK_BUFF.ingressIfindex, 4],
  [SK_BUFF.ifindex,        4],
  [SK_BUFF.cb,             20],
  [SK_BUFF.tstamp,         8],
  [SK_BUFF.wireLen,        4],
  [SK_BUFF.gsoSegs,        4],
  [SK_BUFF.gsoSize,        4],
  [SK_BUFF.hwtstamp,       8],
]

/** Of those, what goes back afterwards as the program left it. */
const RETURNED = GIVEN.filter(([offsetBytes]) => offsetBytes !== SK_BUFF.gsoSize)

/** The socket buffer that test runs use: made as bpf_prog_test_run_skb does it. @see net/bpf/test_run.c (6.12) */
export class SkbTestBed {
  readonly #memory: GuestMemory
  readonly #room: Region
  readonly #skb: number

  constructor(memory: GuestMemory) {
    this.#memory = memory
    this.#room = memory.allocate('test run skb', 'packet', ROOM_BYTES, PAGE_BYTES)
    this.#skb = memory.allocate('test run skb context', 'ctx', SK_BUFF.guestBytes).address
  }

  /**
   * Runs installed program `id`, of one of the types that {@link runsOnSkb}.
   *
   * @param deviceExists whether an ifindex names a device
   * @throws KernelError EINVAL, E2BIG for a frame or context that bpf(2) refuses, ENODEV for an unknown device
   */
  run(
    runtime: Runtime,
    id: number,
    cpu: Cpu,
    request: TestRunRequest,
    deviceExists: (ifindex: number) => boolean,
  ): TestRunResult {
    const program = runtime.program(id)
    if (program === undefined) throw new Error(`program ${id} is not installed`)
    const kind = TYPES.get(program.image.type)
    if (kind === undefined) throw new Error(`program type ${program.image.type} does not run on a socket buffer`)
    checkLength(request.data)
    const ctx = contextOf(request, SK_BUFF.sizeBytes)
    const ifindex = deviceOf(ctx, deviceExists)
    this.#place(request.data, ifindex, kind.linkLayer ? 0 : ETHERNET_HEADER_BYTES, kind.direct)
    if (ctx !== undefined) this.#take(ctx)
    const ran = runRepeatedly(request.repeat, () => program.run(cpu, this.#skb))
    return finishRun(request, { ...ran, data: this.#frame(kind.linkLayer), ctx: this.#contextAfter(ctx) })
  }

  /** @param pulled bytes of the frame that lie before what the program sees */
  #place(frame: Uint8Array, ifindex: number, pulled: number, direct: boolean): void {
    const memory = this.#memory
    memory.refresh()
    const room = this.#room.address
    const mac = room + GROWTH_BYTES + HEADROOM_BYTES
    memory.u8.fill(0, room, room + ROOM_BYTES)
    memory.u8.set(frame, mac)
    memory.u8.fill(0, this.#skb, this.#skb + SK_BUFF.guestBytes)
    const start = mac + pulled
    const received = receivedFrame(frame)
    this.#set(SK_BUFF.roomStart, room)
    this.#set(SK_BUFF.roomEnd, room + ROOM_BYTES)
    this.#set(SK_BUFF.start, start)
    this.#set(SK_BUFF.macHeader, mac)
    this.#set(SK_BUFF.networkHeader, mac + ETHERNET_HEADER_BYTES)
    this.#set(SK_BUFF.len, frame.length - pulled)
    this.#set(SK_BUFF.data, start)
    if (direct) {
      this.#set(SK_BUFF.dataEnd, mac + frame.length)
      this.#set(SK_BUFF.dataMeta, start)
    }
    this.#set(SK_BUFF.ifindex, ifindex)
    this.#set(SK_BUFF.pktType, received.packetType)
    this.#set(SK_BUFF.protocol, received.protocol)
    this.#set(SK_BUFF.family, received.family)
    memory.u8.set(received.source, this.#skb + (received.isIp6 ? SK_BUFF.localIp6 : SK_BUFF.localIp4))
    memory.u8.set(received.destination, this.#skb + (received.isIp6 ? SK_BUFF.remoteIp6 : SK_BUFF.remoteIp4))
  }

  /** What of a given context goes into the buffer. @see convert___skb_to_skb */
  #take(ctx: Uint8Array): void {
    checkGiven(ctx)
    const view = new DataView(ctx.buffer, ctx.byteOffset)
    const length = this.#memory.u32[(this.#skb + SK_BUFF.len) >>> 2] as number
    const wireBytes = view.getUint32(SK_BUFF.wireLen, true)
    if (wireBytes !== 0 && (wireBytes < length || wireBytes > GSO_LEGACY_MAX_SIZE)) {
      throw refusedRun('wire_len does not fit', wireBytes, `${length} to ${GSO_LEGACY_MAX_SIZE}`)
    }
    const segments = view.getUint32(SK_BUFF.gsoSegs, true)
    if (segments > GSO_MAX_SEGS) throw refusedRun('too many segments', segments, GSO_MAX_SEGS)
    for (const [offsetBytes, sizeBytes] of GIVEN) {
      if (offsetBytes === SK_BUFF.ifindex) continue
      this.#memory.u8.set(ctx.subarray(offsetBytes, offsetBytes + sizeBytes), this.#skb + offsetBytes)
    }
    // The socket buffer has 16 bits for it.
    this.#set(SK_BUFF.gsoSize, view.getUint16(SK_BUFF.gsoSize, true))
    if (wireBytes === 0) this.#set(SK_BUFF.wireLen, length)
  }

  #set(offsetBytes: number, value: number): void {
    this.#memory.u32[(this.#skb + offsetBytes) >>> 2] = value
  }

  /** Before a program that saw none, the link layer's header is zeros. */
  #frame(linkLayer: boolean): Uint8Array {
    const { u8, u32 } = this.#memory
    const start = u32[(this.#skb + SK_BUFF.start) >>> 2] as number
    const packet = u8.subarray(start, start + (u32[(this.#skb + SK_BUFF.len) >>> 2] as number))
    const frame = new Uint8Array(packet.length + (linkLayer ? 0 : ETHERNET_HEADER_BYTES))
    frame.set(packet, frame.length - packet.length)
    return frame
  }

  /** @see convert_skb_to___skb */
  #contextAfter(ctx: Uint8Array | undefined): Uint8Array | undefined {
    if (ctx === undefined) return undefined
    for (const [offsetBytes, sizeBytes] of RETURNED) {
      const at = this.#skb + offsetBytes
      ctx.set(this.#memory.u8.subarray(at, at + sizeBytes), offsetBytes)
    }
    return ctx
  }
}

function checkLength({ length }: Uint8Array): void {
  if (length >= ETHERNET_HEADER_BYTES && length <= MOST_BYTES) return
  throw refusedRun('the frame has the wrong length', length, `${ETHERNET_HEADER_BYTES} to ${MOST_BYTES} bytes`)
}

function deviceOf(ctx: Uint8Array | undefined, exists: (ifindex: number) => boolean): number {
  const given = ctx === undefined ? 0 : new DataView(ctx.buffer, ctx.byteOffset).getUint32(SK_BUFF.ifindex, true)
  if (given <= LOOPBACK) return LOOPBACK
  if (exists(given)) return given
  throw new KernelError(ERRNO.ENODEV, {
    code: 'KERNEL_TEST_RUN_DEVICE',
    message: 'test run: no such device (ENODEV)',
    got: given,
  })
}

function checkGiven(ctx: Uint8Array): void {
  const others = ctx.slice()
  for (const [offsetBytes, sizeBytes] of GIVEN) others.fill(0, offsetBytes, offsetBytes + sizeBytes)
  const at = others.findIndex((byte) => byte !== 0)
  if (at >= 0) throw refusedRun('a field of the context is set that a test run does not take', at, 'zeros')
}
