import { CPU_BLOCK, type Cpu, type ExecutionFault } from '@bpfoundry/engine'
import { type GuestMemory, writeU64 } from '@bpfoundry/guest-memory'
import { XDP_ACTION } from '@bpfoundry/kernel-abi'
import { type CpuMap, peekFrames, releaseFrames, waitingFrames } from '@bpfoundry/maps'
import { CounterBlock, REMOTE } from '../counters.ts'
import type { EventRings } from '../events/event-ring.ts'
import { EventWriter } from '../events/event-ring.ts'
import { XDP_EVENT } from '../events/xdp-event.ts'
import { FATE } from '../fates.ts'
import { eachBuffer } from '../frags.ts'
import { FrameCursor } from '../frame-descriptor.ts'
import { returnFrameFromCpu } from '../frame-pool.ts'
import type { NicCpuHandle, NicHandle } from '../nic-handle.ts'
import type { PacketSource } from '../packet-source.ts'
import { RingProducer } from '../spsc-ring.ts'
import { TxPort } from '../tx-port.ts'
import type { ProgramLookup } from '../xdp-hook.ts'
import { loadXdpFrame, QUEUED_SKB } from './cpumap-frame.ts'
import { EntryProgram } from './entry-program.ts'
import { clearRedirect } from './redirect-target.ts'
import { type MapLookup, Redirects } from './redirects.ts'

/** CPUMAP_BATCH: frames that the thread handles at a time. @see kernel/bpf/cpumap.c */
const BATCH_FRAMES = 8

const NOW_NS = CPU_BLOCK.fields.nowNs.offsetBytes

/** Options of {@link CpumapThread}. */
export interface CpumapThreadOptions {
  readonly memory: GuestMemory
  readonly cpu: Cpu
  /** All cards. */
  readonly nics: readonly NicHandle[]
  /** Cpumaps that may have an entry for this CPU. */
  readonly maps: () => readonly CpuMap[]
  readonly mapAt: MapLookup
  readonly programs: ProgramLookup
  readonly events?: EventRings
}

/** What a batch's program said, and how many skbs and frames pass. */
interface Batch {
  pass: number
  drop: number
  redirect: number
}

/**
 * One CPU's end of all cpumaps: takes frames out of its queues, runs the entry's program on them and hands them to the stack
 * of this CPU, as the kernel's threads `cpumap/N/map:M` do.
 *
 * @see cpu_map_kthread_run in kernel/bpf/cpumap.c (6.12)
 */
export class CpumapThread {
  readonly #options: CpumapThreadOptions
  readonly #cards = new Map<number, RemoteCard>()
  readonly #program: EntryProgram
  readonly #redirects: Redirects
  readonly #events: EventWriter | undefined
  readonly #queued = new Uint32Array(BATCH_FRAMES)
  readonly #packets = Array.from({ length: BATCH_FRAMES }, () => new FrameCursor())
  readonly #passes = new Array<boolean>(BATCH_FRAMES).fill(true)
  readonly #batch: Batch = { pass: 0, drop: 0, redirect: 0 }

  constructor(options: CpumapThreadOptions) {
    const { memory, cpu, nics, mapAt, programs, events } = options
    this.#options = options
    this.#events = events === undefined ? undefined : new EventWriter(memory, cpu, events)
    for (const nic of nics) {
      const own = nic.cpus[cpu.id]
      if (own !== undefined) this.#cards.set(nic.ifindex, new RemoteCard(memory, cpu, nic, own))
    }
    this.#program = new EntryProgram({ memory, cpu, programs, nics: (ifindex) => this.#cards.get(ifindex)?.nic })
    this.#redirects = new Redirects({
      memory,
      cpu,
      ports: (ifindex) => this.#cards.get(ifindex)?.port,
      mapAt,
      program: this.#program,
      events: this.#events,
      sockets: false,
    })
  }

  /** The first fault of a cpumap's program, or of a devmap's behind it. */
  get fault(): ExecutionFault | undefined {
    return this.#program.fault
  }

  /** Handles what waits in the queues now, as far as there is room in the stack. @returns frames handled */
  poll(): number {
    let handled = 0
    for (const map of this.#options.maps()) {
      const queue = map.queue(this.#options.cpu.id)
      if (queue === 0) continue
      // What comes meanwhile is for the next time.
      const waiting = waitingFrames(this.#options.memory, queue)
      let sched = 1
      for (let left = waiting; left > 0; ) {
        const some = Math.min(left, BATCH_FRAMES)
        if (!this.#fits(queue, some)) break
        this.#handle(map, queue, some, sched)
        handled += some
        left -= some
        sched = 0
      }
    }
    return handled
  }

  /** Loads a batch. @returns whether the stack takes all of it, whatever the program says */
  #fits(queue: number, count: number): boolean {
    const { memory } = this.#options
    peekFrames(memory, queue, this.#queued, count)
    for (let n = 0; n < count; n++) loadXdpFrame(memory, this.#queued[n] as number, this.#packets[n] as FrameCursor)
    for (const card of this.#cards.values()) if (!card.takes(count)) return false
    return true
  }

  #handle(map: CpuMap, queue: number, count: number, sched: number): void {
    const { cpu } = this.#options
    const programId = map.targetProgram(cpu.id)
    const batch = this.#batch
    batch.pass = 0
    batch.drop = 0
    batch.redirect = 0
    const passes = this.#passes.fill(true)
    if (programId !== 0) {
      this.#runFrames(programId, count, passes)
      if (batch.redirect > 0) this.#redirects.flush()
      this.#runSkbs(programId, count, passes)
    }
    this.#events?.emit(
      XDP_EVENT.cpumapKthread,
      map.id,
      XDP_ACTION.REDIRECT,
      cpu.id,
      0,
      count,
      sched,
      batch.pass,
      batch.drop,
      batch.redirect,
    )
    // The list of skbs has those of generic XDP first.
    for (const skbs of [true, false]) {
      for (let n = 0; n < count; n++) if (passes[n] && this.#isSkb(n) === skbs) this.#passUp(n)
    }
    for (const card of this.#cards.values()) card.publish()
    releaseFrames(this.#options.memory, queue, count)
  }

  #isSkb(n: number): boolean {
    return ((this.#queued[n] as number) & QUEUED_SKB) !== 0
  }

  #runFrames(programId: number, count: number, passes: boolean[]): void {
    for (let n = 0; n < count; n++) {
      if (this.#isSkb(n)) continue
      const verdict = this.#run(programId, n)
      passes[n] = verdict === XDP_ACTION.PASS
      if (passes[n]) this.#batch.pass++
      else if (verdict !== XDP_ACTION.REDIRECT) this.#drop(n, 'cpumap_drop')
      else this.#redirect(n, programId, false)
    }
  }

  /** The first skb that does not pass ends the run: those behind it pass without one, as in Linux 6.12. */
  #runSkbs(programId: number, count: number, passes: boolean[]): void {
    for (let n = 0; n < count; n++) {
      if (!this.#isSkb(n)) continue
      const verdict = this.#run(programId, n)
      if (verdict === XDP_ACTION.PASS) continue
      passes[n] = false
      if (verdict === XDP_ACTION.REDIRECT) {
        this.#redirect(n, programId, true)
        return
      }
      if (verdict !== XDP_ACTION.DROP) {
        this.#events?.emit(XDP_EVENT.exception, programId, verdict, (this.#packets[n] as FrameCursor).ingressIfindex)
      }
      this.#drop(n, 'cpumap_drop')
      return
    }
  }

  #run(programId: number, n: number): number {
    const { memory, cpu } = this.#options
    const packet = this.#packets[n] as FrameCursor
    const card = this.#cardOf(packet)
    writeU64(memory, cpu.block + NOW_NS, packet.timestampNs)
    clearRedirect(memory, cpu)
    const { insns, helperCalls } = this.#program
    const verdict = this.#program.run(programId, packet, undefined)
    card.counters.add(REMOTE.insns, this.#program.insns - insns)
    card.counters.add(REMOTE.helperCalls, this.#program.helperCalls - helperCalls)
    return verdict
  }

  #redirect(n: number, programId: number, isSkb: boolean): void {
    const packet = this.#packets[n] as FrameCursor
    const card = this.#cardOf(packet)
    card.counters.add(REMOTE.packets, 1)
    const error = isSkb
      ? this.#redirects.redirectSkb(packet, card, programId)
      : this.#redirects.redirect(packet, card, programId)
    if (error === 0) {
      this.#batch.redirect++
      return
    }
    this.#batch.drop++
    card.fates.add(FATE[this.#redirects.failure], 1)
    card.release(packet)
  }

  #drop(n: number, fate: 'cpumap_drop'): void {
    const packet = this.#packets[n] as FrameCursor
    const card = this.#cardOf(packet)
    card.counters.add(REMOTE.packets, 1)
    card.fates.add(FATE[fate], 1)
    card.release(packet)
    this.#batch.drop++
  }

  #passUp(n: number): void {
    const packet = this.#packets[n] as FrameCursor
    this.#cardOf(packet).passUp(packet)
  }

  #cardOf(packet: FrameCursor): RemoteCard {
    const card = this.#cards.get(packet.ingressIfindex)
    if (card === undefined) throw new Error(`no card ${packet.ingressIfindex} on CPU ${this.#options.cpu.id}`)
    return card
  }
}

/** A card whose packets come to this CPU from others. */
class RemoteCard implements PacketSource {
  readonly nic: NicHandle
  readonly port: TxPort
  readonly fates: CounterBlock
  readonly counters: CounterBlock
  readonly #memory: GuestMemory
  readonly #stack: RingProducer
  /** Entries that the driver's own packets may need. */
  readonly #reserved: number
  readonly #discard: boolean

  constructor(memory: GuestMemory, cpu: Cpu, nic: NicHandle, own: NicCpuHandle) {
    this.nic = nic
    this.port = new TxPort(memory, nic, cpu.id)
    this.fates = new CounterBlock(memory, own.remoteFates)
    this.counters = new CounterBlock(memory, own.remoteCounters)
    this.#memory = memory
    this.#stack = new RingProducer(memory, own.stack)
    this.#reserved = own.stack.capacity / 2
    this.#discard = nic.stackSink === 'discard'
  }

  /** Whether there is room for so many packets on the way up. */
  takes(count: number): boolean {
    return this.#discard || this.#stack.free() >= this.#reserved + count
  }

  passUp(packet: FrameCursor): void {
    this.counters.add(REMOTE.packets, 1)
    this.counters.add(REMOTE.stackBytes, packet.lengthBytes)
    this.fates.add(FATE.pass, 1)
    if (this.#discard) this.release(packet)
    else packet.store(this.#memory, this.#stack.reserve())
  }

  publish(): void {
    this.#stack.publish()
  }

  release(packet: FrameCursor): void {
    const { home } = packet
    eachBuffer(this.#memory, packet, (buffer) => returnFrameFromCpu(this.#memory, home, buffer))
    returnFrameFromCpu(this.#memory, home, packet.frame)
  }

  /** Frames of other CPUs' queues can't be taken here. */
  takeFrame(): number {
    return 0
  }

  countCopy(): void {
    // There are none, as no frame can be taken.
  }
}
