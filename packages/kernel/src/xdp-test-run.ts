import { CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import type { GuestMemory, Region } from '@bpfoundry/guest-memory'
import {
  ATTACH_TYPE,
  ERRNO,
  NET_DEVICE,
  XDP_BUFF,
  XDP_BUFF_HAS_FRAGS,
  XDP_MD,
  XDP_RXQ_INFO,
} from '@bpfoundry/kernel-abi'
import { KernelError } from './kernel-error.ts'
import type { Runtime } from './runtime.ts'
import { contextOf, finishRun, refusedRun, runRepeatedly, type TestRunRequest, type TestRunResult } from './test-run.ts'
import { fragBytes, placeFrags, TEST_RUN_FRAGS_BYTES } from './test-run-frags.ts'

const PAGE_BYTES = 4096
const HEADROOM_BYTES = 256
/** SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) on a 64-bit machine. */
const TAILROOM_BYTES = 320
const ETHERNET_HEADER_BYTES = 14
/** The longest frame of one linear buffer. */
export const TEST_RUN_MAX_BYTES: number = PAGE_BYTES - HEADROOM_BYTES - TAILROOM_BYTES
/** The longest of all: frags take the rest. */
const MOST_BYTES = TEST_RUN_MAX_BYTES + TEST_RUN_FRAGS_BYTES

/** Programs that run for what was redirected only. */
const OF_MAP_ENTRIES: readonly number[] = [ATTACH_TYPE.XDP_DEVMAP, ATTACH_TYPE.XDP_CPUMAP]

/** The buffer, context and queue that test runs use: laid out as bpf_prog_test_run_xdp does it. */
export class XdpTestBed {
  readonly #memory: GuestMemory
  readonly #page: Region
  readonly #structs: Region
  readonly #ctx: number
  readonly #rxq: number
  readonly #device: number
  /** For packets that don't fit the page: made when the first one comes. */
  #frags: Region | undefined

  constructor(memory: GuestMemory) {
    this.#memory = memory
    this.#page = memory.allocate('test run page', 'packet', PAGE_BYTES, PAGE_BYTES)
    this.#structs = memory.allocate('test run context', 'ctx', 256)
    this.#ctx = this.#structs.address
    this.#rxq = this.#ctx + 64
    this.#device = this.#ctx + 128
  }

  /**
   * Runs installed program `id`.
   *
   * @param rxQueues receive queues of a device, 0 for an ifindex that names none
   * @throws KernelError EINVAL for a frame or context that bpf(2) refuses, ENODEV for an unknown ingress device
   */
  run(
    runtime: Runtime,
    id: number,
    cpu: Cpu,
    request: TestRunRequest,
    rxQueues: (ifindex: number) => number,
  ): TestRunResult {
    const program = runtime.program(id)
    if (program === undefined) throw new Error(`program ${id} is not installed`)
    const { expectedAttachType } = program.image
    if (OF_MAP_ENTRIES.includes(expectedAttachType)) {
      throw refusedRun('programs of map entries have none', expectedAttachType, 'a program for a device')
    }
    const ctx = contextOf(request, XDP_MD.sizeBytes)
    this.#place(request.data, readContext(request.data, ctx, rxQueues))
    const ran = runRepeatedly(request.repeat, () => {
      clearRedirect(cpu)
      return program.run(cpu, this.#ctx)
    })
    return finishRun(request, { ...ran, ...this.#left(ctx) })
  }

  #place(data: Uint8Array, context: TestContext): void {
    const memory = this.#memory
    memory.refresh()
    const start = this.#page.address
    memory.u8.fill(0, start, start + PAGE_BYTES)
    // Metadata takes its room from the head room.
    const dataMeta = start + HEADROOM_BYTES - context.metaBytes
    memory.u8.set(data.subarray(0, context.linearBytes), dataMeta)
    const u64 = (offset: number, value: number): void => {
      memory.u32[(this.#ctx + offset) >>> 2] = value
      memory.u32[(this.#ctx + offset + 4) >>> 2] = 0
    }
    u64(XDP_BUFF.data, dataMeta + context.metaBytes)
    u64(XDP_BUFF.dataEnd, dataMeta + context.linearBytes)
    u64(XDP_BUFF.dataMeta, dataMeta)
    u64(XDP_BUFF.dataHardStart, start)
    u64(XDP_BUFF.rxq, this.#rxq)
    u64(XDP_BUFF.txq, 0)
    memory.u32[(this.#ctx + XDP_BUFF.frameSize) >>> 2] = PAGE_BYTES
    memory.u32[(this.#ctx + XDP_BUFF.flags) >>> 2] = this.#placeFrags(data.subarray(context.linearBytes))
    memory.u32[(this.#rxq + XDP_RXQ_INFO.fragBytes) >>> 2] = PAGE_BYTES
    memory.u32[(this.#rxq + XDP_RXQ_INFO.dev) >>> 2] = this.#device
    memory.u32[(this.#rxq + XDP_RXQ_INFO.dev + 4) >>> 2] = 0
    memory.u32[(this.#rxq + XDP_RXQ_INFO.queueIndex) >>> 2] = context.rxQueueIndex
    memory.u32[(this.#device + NET_DEVICE.ifindex) >>> 2] = context.ingressIfindex
  }

  /** Puts what the page has no room for into frags. @returns the flags of the xdp_buff */
  #placeFrags(rest: Uint8Array): number {
    if (rest.length === 0) return 0
    this.#frags ??= this.#memory.allocate('test run frags', 'packet', TEST_RUN_FRAGS_BYTES, PAGE_BYTES)
    placeFrags(this.#memory, this.#page.address + PAGE_BYTES, this.#frags.address, rest)
    return XDP_BUFF_HAS_FRAGS
  }

  #left(ctx: Uint8Array | undefined): { readonly data: Uint8Array; readonly ctx: Uint8Array | undefined } {
    const { u32, u8 } = this.#memory
    const pointer = (offset: number): number => u32[(this.#ctx + offset) >>> 2] as number
    const dataMeta = pointer(XDP_BUFF.dataMeta)
    const data = pointer(XDP_BUFF.data)
    const dataEnd = pointer(XDP_BUFF.dataEnd)
    const head = u8.subarray(Math.min(dataMeta, data), dataEnd)
    const frags = fragBytes(this.#memory, this.#page.address + PAGE_BYTES)
    const bytes = new Uint8Array(head.length + frags.length)
    bytes.set(head)
    bytes.set(frags, head.length)
    if (ctx === undefined) return { data: bytes, ctx }
    const view = new DataView(ctx.buffer, ctx.byteOffset)
    view.setUint32(XDP_MD.data, data - dataMeta, true)
    view.setUint32(XDP_MD.dataEnd, dataEnd - dataMeta, true)
    return { data: bytes, ctx }
  }
}

interface TestContext {
  /** Bytes, metadata counted in, that lie in the page. */
  readonly linearBytes: number
  readonly metaBytes: number
  readonly ingressIfindex: number
  readonly rxQueueIndex: number
}

/** The checks of bpf_prog_test_run_xdp and xdp_convert_md_to_buff. */
function readContext(
  data: Uint8Array,
  ctx: Uint8Array | undefined,
  rxQueues: (ifindex: number) => number,
): TestContext {
  if (data.length < ETHERNET_HEADER_BYTES || data.length > MOST_BYTES) throw wrongLength(data.length)
  if (ctx === undefined) {
    return { linearBytes: Math.min(data.length, TEST_RUN_MAX_BYTES), metaBytes: 0, ingressIfindex: 1, rxQueueIndex: 0 }
  }
  const field = (offset: number): number => new DataView(ctx.buffer, ctx.byteOffset).getUint32(offset, true)
  const metaBytes = field(XDP_MD.data)
  const end = field(XDP_MD.dataEnd)
  if (field(XDP_MD.dataMeta) !== 0 || end > data.length || metaBytes > end) {
    throw refusedRun('data, data_end and data_meta of the context do not fit the frame', end, data.length)
  }
  if (metaBytes % 4 !== 0 || metaBytes > 255) {
    throw refusedRun('the metadata has the wrong length', metaBytes, 'a multiple of 4, at most 252 bytes')
  }
  if (data.length - metaBytes < ETHERNET_HEADER_BYTES) {
    throw refusedRun(
      'the frame behind the metadata is too short',
      data.length - metaBytes,
      `${ETHERNET_HEADER_BYTES} bytes`,
    )
  }
  if (field(XDP_MD.egressIfindex) !== 0) throw refusedRun('egress_ifindex is set', field(XDP_MD.egressIfindex), 0)
  const ingressIfindex = field(XDP_MD.ingressIfindex)
  const rxQueueIndex = field(XDP_MD.rxQueueIndex)
  if (ingressIfindex === 0 && rxQueueIndex !== 0) throw refusedRun('a queue without a device', rxQueueIndex, 0)
  const queues = rxQueues(ingressIfindex)
  if (ingressIfindex !== 0 && queues === 0) {
    throw new KernelError(ERRNO.ENODEV, {
      code: 'KERNEL_TEST_RUN_DEVICE',
      message: 'test run: no such ingress device (ENODEV)',
      got: ingressIfindex,
    })
  }
  if (ingressIfindex !== 0 && rxQueueIndex >= queues) throw refusedRun('no such queue', rxQueueIndex, `below ${queues}`)
  const linearBytes = Math.min(end, TEST_RUN_MAX_BYTES + metaBytes)
  return { linearBytes, metaBytes, ingressIfindex, rxQueueIndex }
}

/** Too short is EINVAL; what all frags have no room for is ENOMEM. */
function wrongLength(lengthBytes: number): KernelError {
  const expected = `${ETHERNET_HEADER_BYTES} to ${MOST_BYTES} bytes`
  if (lengthBytes < ETHERNET_HEADER_BYTES) return refusedRun('the frame has the wrong length', lengthBytes, expected)
  return new KernelError(ERRNO.ENOMEM, {
    code: 'KERNEL_TEST_RUN',
    message: 'test run: the frame has no room in the page and its frags (ENOMEM)',
    got: lengthBytes,
    expected,
  })
}

/** What xdp_do_redirect would read must come from this run. */
function clearRedirect(cpu: Cpu): void {
  const words = cpu.memory.u32
  words[(cpu.block + CPU_BLOCK.fields.redirectMap.offsetBytes) >>> 2] = 0
  words[(cpu.block + CPU_BLOCK.fields.redirectIfindex.offsetBytes) >>> 2] = 0
}
