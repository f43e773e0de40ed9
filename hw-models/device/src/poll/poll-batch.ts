import { type CompiledProgram, CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import { type GuestMemory, readU64, writeU64 } from '@bpfoundry/guest-memory'
import { XDP_ACTION, XDP_BUFF } from '@bpfoundry/kernel-abi'
import { QUEUE } from '../counters.ts'
import type { XdpStage } from '../driver-poll.ts'
import { FATE } from '../fates.ts'
import { followFrags } from '../frags.ts'
import { FRAME_DESCRIPTOR_BYTES, FrameCursor } from '../frame-descriptor.ts'
import type { NicHandle } from '../nic-handle.ts'
import type { PollQueue } from '../poll-queue.ts'
import { leaveRedirect, RedirectTarget } from '../redirect/redirect-target.ts'
import { POLL_BLOCK, POLL_PACKETS, POLL_RECORD, POLL_RECORDS_OFFSET_BYTES, RECORD_FLAGS_MASK } from './poll-block.ts'

/** What a {@link PollBatch} belongs to. */
export interface PollBatchOptions {
  readonly memory: GuestMemory
  readonly cpu: Cpu
  readonly handle: NicHandle
  readonly queue: PollQueue
  /** Takes what no stage keeps. */
  readonly passUp: (frame: FrameCursor, queue: PollQueue) => void
}

const NOW_NS = CPU_BLOCK.fields.nowNs.offsetBytes

/** Packets from which on scouts are worth their time. */
const SCOUTED_PACKETS = 4

const block = POLL_BLOCK.fields
const record = POLL_RECORD.fields

/** Words that are zeroed before each run. */
const FIRST_COUNT = block.passed.offsetBytes >>> 2
const LAST_COUNT = POLL_BLOCK.sizeBytes >>> 2

/**
 * Handles packets of one queue and one stage by the poll program of its hook: the loop around the program is compiled with it, and
 * only packets that need the driver's attention come back, as records. The results are those of handling them one by
 * one, except that frames may return to the pool in another order.
 */
export class PollBatch {
  /** Packets of the last {@link run} that have their fate. */
  handled = 0
  readonly #memory: GuestMemory
  readonly #cpu: Cpu
  readonly #frameBytes: number
  readonly #queue: PollQueue
  readonly #passUp: PollBatchOptions['passUp']
  readonly #block: number
  readonly #buff: number
  readonly #frame = new FrameCursor()
  readonly #target = new RedirectTarget()

  constructor({ memory, cpu, handle, queue, passUp }: PollBatchOptions) {
    const own = handle.cpus[cpu.id]
    if (own === undefined) throw new Error(`${handle.name} has no CPU ${cpu.id}`)
    this.#memory = memory
    this.#cpu = cpu
    this.#frameBytes = handle.frameBytes
    this.#queue = queue
    this.#passUp = passUp
    this.#block = queue.handle.pollBlock
    this.#buff = own.xdpBuff
    this.#set(block.passes, handle.stackSink === 'discard' ? 1 : 0)
    this.#set(block.xdpBuff, own.xdpBuff)
    this.#set(block.records, this.#block + POLL_RECORDS_OFFSET_BYTES)
    this.#set(block.entries, queue.completion.entries)
    this.#set(block.mask, queue.completion.capacity - 1)
    this.#set(block.pool, queue.handle.pool)
    this.#set(block.fill, queue.pool.fill.entries)
    this.#set(block.fillMask, queue.pool.fill.capacity - 1)
  }

  /**
   * Handles `packets` packets from the `ahead`-th waiting one on: in polls of POLL_PACKETS, of which the last is the one
   * that leaves packets to be settled.
   *
   * @throws what a helper throws that is no fault of the program; `handled` tells how far it came
   */
  run(stage: XdpStage, ahead: number, packets: number): void {
    this.handled = 0
    stage.expect?.(packets)
    if (stage.prepare !== undefined) this.#prepare(stage, ahead, packets)
    const first = (this.#queue.completion.head + ahead) | 0
    this.#begin(first, packets)
    try {
      this.#runToEnd(stage, first)
      this.handled = this.#taken(first)
    } catch (error) {
      this.handled = Math.max(0, this.#taken(first) - 1)
      throw error
    } finally {
      this.#account(stage)
    }
  }

  #prepare(stage: XdpStage, ahead: number, packets: number): void {
    const frame = this.#frame
    for (let n = 0; n < packets; n++) {
      const descriptor = this.#queue.completion.entry(ahead + n)
      frame.load(this.#memory, descriptor)
      if (stage.prepare?.(frame)) frame.store(this.#memory, descriptor)
    }
  }

  #begin(first: number, packets: number): void {
    const { fill } = this.#queue.pool
    this.#set(block.fillTail, fill.tail)
    this.#set(block.fillEnd, fill.tail + fill.free())
    this.#set(block.next, first)
    this.#set(block.end, first + Math.min(packets, POLL_PACKETS))
    this.#set(block.last, first + packets)
    this.#set(block.recordCount, 0)
    this.#set(block.scout, packets >= SCOUTED_PACKETS ? 1 : 0)
    const { u32 } = this.#memory
    for (let word = FIRST_COUNT; word < LAST_COUNT; word++) u32[(this.#block >>> 2) + word] = 0
    u32[(this.#buff + XDP_BUFF.frameSize) >>> 2] = this.#frameBytes
    u32[(this.#buff + XDP_BUFF.flags) >>> 2] = 0
  }

  /** Runs the poll program to its end: again where a program faulted, whose packet is aborted, if its poll goes on. */
  #runToEnd({ hook }: XdpStage, first: number): void {
    const program = hook.pollProgram as CompiledProgram
    do {
      const { faults } = hook
      hook.execute(program, this.#block)
      if (hook.faults === faults) return
      // Scouts have no say: where one faulted, no packet of this poll was taken yet.
      this.#set(block.scout, 0)
      if (this.#taken(first) > this.#begun(first)) this.#abort(first)
    } while (this.#word(block.next) !== this.#word(block.end))
  }

  /** The record of a packet whose program faulted: the one that was taken last. */
  #abort(first: number): void {
    const { u32 } = this.#memory
    const at = this.#recordAt(this.#word(block.recordCount)) >>> 2
    const mask = this.#word(block.mask)
    const number = (first + this.#taken(first) - 1) & mask
    u32[at + (record.descriptor.offsetBytes >>> 2)] = this.#word(block.entries) + number * FRAME_DESCRIPTOR_BYTES
    u32[at + (record.verdict.offsetBytes >>> 2)] = XDP_ACTION.ABORTED
    u32[at + (record.data.offsetBytes >>> 2)] = u32[(this.#buff + XDP_BUFF.data) >>> 2] as number
    u32[at + (record.dataEnd.offsetBytes >>> 2)] = u32[(this.#buff + XDP_BUFF.dataEnd) >>> 2] as number
    u32[at + (record.dataMeta.offsetBytes >>> 2)] = u32[(this.#buff + XDP_BUFF.dataMeta) >>> 2] as number
    this.#set(block.recordCount, this.#word(block.recordCount) + 1)
  }

  /** Counts what the poll program settled, and settles the rest. */
  #account(stage: XdpStage): void {
    const { pool, fates, counters } = this.#queue
    pool.posted((this.#word(block.fillTail) - pool.fill.tail) | 0)
    const [records, passed] = [this.#word(block.recordCount), this.#word(block.passed)]
    const dropped = this.handled - records - passed
    this.#count(stage, XDP_ACTION.DROP, dropped, block.droppedBytes)
    this.#count(stage, XDP_ACTION.PASS, passed, block.passedBytes)
    fates.add(FATE.drop, dropped)
    fates.add(FATE.pass, passed)
    counters.add(QUEUE.stackBytes, this.#total(block.stackBytes))
    const now = readU64(this.#memory, this.#cpu.block + NOW_NS)
    for (let n = 0; n < records; n++) this.#settle(stage, this.#recordAt(n))
    // What is collected leaves at the time of the last packet, as in a loop of its own.
    writeU64(this.#memory, this.#cpu.block + NOW_NS, now)
  }

  #count({ hook }: XdpStage, verdict: number, packets: number, bytes: { readonly offsetBytes: number }): void {
    if (packets === 0) return
    const wireBytes = this.#total(bytes)
    hook.count(verdict, packets, wireBytes)
    this.#queue.counters.add(QUEUE.bytes, wireBytes)
  }

  #settle(stage: XdpStage, at: number): void {
    const queue = this.#queue
    const { u32 } = this.#memory
    const word = (place: { readonly offsetBytes: number }): number => u32[(at + place.offsetBytes) >>> 2] as number
    const frame = this.#frame
    frame.load(this.#memory, word(record.descriptor))
    frame.data = word(record.data)
    frame.dataEnd = word(record.dataEnd)
    frame.dataMeta = word(record.dataMeta)
    followFrags(this.#memory, frame)
    const verdict = word(record.verdict)
    stage.hook.count(verdict, 1, frame.wireBytes)
    queue.counters.add(QUEUE.bytes, frame.wireBytes)
    if (verdict === XDP_ACTION.REDIRECT) this.#leaveRedirect(at)
    writeU64(this.#memory, this.#cpu.block + NOW_NS, frame.timestampNs)
    if (stage.settle(verdict, frame, queue)) this.#passUp(frame, queue)
  }

  #leaveRedirect(at: number): void {
    const { u32 } = this.#memory
    const target = this.#target
    const map = u32[(at + record.redirectMap.offsetBytes) >>> 2] as number
    target.flags = map & RECORD_FLAGS_MASK
    target.map = map - target.flags
    target.index = u32[(at + record.redirectIndex.offsetBytes) >>> 2] as number
    target.found = u32[(at + record.redirectFound.offsetBytes) >>> 2] as number
    leaveRedirect(this.#memory, this.#cpu, target)
  }

  #recordAt(index: number): number {
    return this.#block + POLL_RECORDS_OFFSET_BYTES + index * POLL_RECORD.sizeBytes
  }

  /** Packets taken since the one numbered `first`. */
  #taken(first: number): number {
    return (this.#word(block.next) - first) | 0
  }

  /** Packets before the poll that the program came to. */
  #begun(first: number): number {
    const last = (this.#word(block.end) - 1 - first) | 0
    return last - (last % POLL_PACKETS)
  }

  #set(place: { readonly offsetBytes: number }, value: number): void {
    this.#memory.u32[(this.#block + place.offsetBytes) >>> 2] = value
  }

  #total(place: { readonly offsetBytes: number }): number {
    return readU64(this.#memory, this.#block + place.offsetBytes)
  }

  #word(place: { readonly offsetBytes: number }): number {
    return this.#memory.u32[(this.#block + place.offsetBytes) >>> 2] as number
  }
}
