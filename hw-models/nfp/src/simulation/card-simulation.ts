import { linkPacketsPerSecond, type RateLimit } from '@bpfoundry/device'
import { arrivalGaps } from './arrivals.ts'
import { type CardCores, CONTEXT_SLOTS } from './card-cores.ts'
import { type CardFigures, type CardRun, type CardTiming, FIRMWARE_CYCLES } from './card-run.ts'
import { CARD_TIMING } from './card-timing.ts'
import { MESSAGE, MessageCalendar } from './core-messages.ts'
import { Egress } from './egress.ts'
import { ExecutingCores } from './executing-cores.ts'
import { Ingress } from './ingress.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { MemoryEngines } from './memory-engines.ts'
import { PathCores } from './path-cores.ts'
import { layOutPaths } from './step-table.ts'
import { WorkQueue } from './work-queue.ts'

/** What is busy for this share of the time bounds the rest. */
const FULL = 0.97

/** Counters at one time: busy cycles of cores, bank, port and host; the clock; packets. */
type Marks = Readonly<Record<'busy' | 'bank' | 'port' | 'host' | 'cycle' | 'offered' | 'lost', number>>

/**
 * A card in cycles of its cores. Cores are advanced by spans that are shorter than anything that they share answers in;
 * at a span's end their messages are taken in the order of cycles, then cores. So how cores are dealt out to groups, and
 * in which order or on which threads groups are advanced, changes nothing.
 */
class CardSimulation {
  readonly #run: CardRun
  readonly #timing: CardTiming
  readonly #calendar = new MessageCalendar()
  readonly #groups: CardCores[]
  readonly #groupOfCore: CardCores[]
  readonly #memory: MemoryEngines
  readonly #ingress: Ingress
  readonly #egress: Egress
  readonly #idle: WorkQueue
  readonly #latencies = new LatencyHistogram()
  /** By thread: when its packet came. */
  readonly #arrived: Float64Array
  readonly #span: number
  /** Different packets, which come in turn. */
  readonly #packets: number
  #started = 0
  #finished = 0
  #begin = 0
  #end = 0
  #cycle = 0
  readonly #handle: (cycle: number, thread: number, kind: number, step: number) => void

  constructor(run: CardRun) {
    this.#run = run
    this.#timing = run.timing ?? CARD_TIMING
    this.#memory = new MemoryEngines(this.#timing)
    this.#span = Math.floor(Math.min(this.#memory.shortestLatency, this.#timing.dispatchLatency.value))
    this.#packets = (run.program?.frames ?? run.paths).length
    this.#groups = this.#createGroups()
    this.#groupOfCore = this.#groups.flatMap((group) => Array.from({ length: group.shape.cores }, () => group))
    this.#ingress = this.#createIngress()
    this.#egress = new Egress(run.card, this.#timing)
    const threads = run.cores * CONTEXT_SLOTS
    this.#arrived = new Float64Array(threads)
    this.#idle = new WorkQueue(threads)
    // Context by context over all cores: packets spread over cores before a core has two.
    for (let context = 0; context < run.card.threadsPerCore; context++) {
      for (let core = 0; core < run.cores; core++) this.#idle.push(core * CONTEXT_SLOTS + context, 0)
    }
    this.#handle = (cycle, thread, kind, step) => this.#take(cycle, thread, kind, step)
  }

  figures(): CardFigures {
    const { warmUpPackets, packets } = this.#run
    while (this.#finished < warmUpPackets) this.#advance()
    const before = this.#marks()
    this.#begin = this.#end
    while (this.#finished < warmUpPackets + packets) this.#advance()
    return this.#sumUp(before)
  }

  close(): void {
    for (const group of this.#groups) group.close?.()
  }

  #createGroups(): CardCores[] {
    const { cores, groups = 1, firmware, paths, program } = this.#run
    const { value: total } = this.#timing[FIRMWARE_CYCLES[firmware]]
    // How much of it comes before the program is not known; it moves the latency of a packet that waits for none.
    const before = Math.floor(total / 2)
    const cycles = { before, after: total - before }
    const ctmLatency = this.#timing.ctmLatency.value
    const shapes = dealCores(cores, groups).map((part) => this.#shape(part.firstCore, part.cores))
    const calendar = this.#calendar
    if (program !== undefined) {
      return shapes.map((shape) => new ExecutingCores({ shape, program, cycles, ctmLatency, calendar }))
    }
    const table = layOutPaths(paths, cycles, ctmLatency)
    return shapes.map((shape) => new PathCores(shape, table, paths, calendar))
  }

  #shape(firstCore: number, cores: number): CardCores['shape'] {
    const { threadsPerCore: contexts } = this.#run.card
    return { firstCore, cores, contexts, postedCommands: this.#timing.postedCommands.value }
  }

  #createIngress(): Ingress {
    const { card, frameBytes, load } = this.#run
    const timing = this.#timing
    const gap = (packetsPerSecond: number): number => card.clockHz / packetsPerSecond
    const macGap = gap(timing.macRate.value)
    const linkGap = gap(card.ports * linkPacketsPerSecond(card.linkGbps, frameBytes))
    const least = load.kind === 'shaped' ? Math.max(linkGap, macGap) : linkGap
    return new Ingress(arrivalGaps(load, card.clockHz, least), {
      macGap,
      overloadedMacGap: gap(timing.overloadedMacRate.value),
      latency: timing.ingressLatency.value,
      bufferPackets: timing.packetBuffer.value,
    })
  }

  #advance(): void {
    if (this.#started === this.#finished && this.#ingress.waiting === 0) this.#skipSilence()
    const until = this.#cycle + this.#span
    for (const group of this.#groups) group.advance(until)
    for (let cycle = this.#cycle; cycle < until; cycle++) this.#calendar.drain(cycle, this.#handle)
    this.#ingress.advance(until)
    this.#dispatch()
    this.#cycle = until
  }

  /** Nothing happens before the next packet comes. */
  #skipSilence(): void {
    const spans = Math.floor((this.#ingress.nextArrival - this.#cycle) / this.#span)
    if (spans > 0) this.#cycle += spans * this.#span
  }

  #take(cycle: number, thread: number, kind: number, step: number): void {
    const group = this.#group(thread)
    if (kind === MESSAGE.done) {
      this.#finish(cycle, thread)
      this.#idle.push(thread, cycle)
      return
    }
    const table = group.commands
    const operation = table.arguments[step] as number
    const answer = this.#memory.serve(cycle, operation, table.addresses[step] as number, table.bytes[step] as number)
    if (kind === MESSAGE.sharedWait) group.answer(thread, answer, step)
    else group.acknowledge(thread, answer, step)
  }

  #group(thread: number): CardCores {
    return this.#groupOfCore[Math.floor(thread / CONTEXT_SLOTS)] as CardCores
  }

  /** The packet that has waited longest to the context that has waited longest. */
  #dispatch(): void {
    while (this.#idle.waiting > 0 && this.#ingress.waiting > 0) {
      const together = Math.max(this.#idle.firstSince, this.#ingress.firstAvailable)
      const thread = this.#idle.shift()
      this.#arrived[thread] = this.#ingress.shift()
      const packet = this.#started++ % this.#packets
      this.#group(thread).start(thread, Math.ceil(together + this.#timing.dispatchLatency.value), packet)
    }
  }

  #finish(cycle: number, thread: number): void {
    const end = this.#egress.leave(cycle, this.#group(thread).outcome(thread))
    this.#finished++
    this.#end = cycle
    if (this.#finished > this.#run.warmUpPackets) this.#latencies.add(end - (this.#arrived[thread] as number))
  }

  /** What has been counted so far. */
  #marks(): Marks {
    const { offered, lostByMac, lostInBuffer } = this.#ingress
    return {
      busy: this.#groups.reduce((sum, group) => sum + group.busyCycles, 0),
      bank: this.#memory.busiestBankCycles,
      port: this.#egress.portCycles,
      host: this.#egress.hostCycles,
      cycle: this.#cycle,
      offered,
      lost: lostByMac + lostInBuffer,
    }
  }

  #sumUp(before: Marks): CardFigures {
    const { card, cores, packets } = this.#run
    const after = this.#marks()
    const cycles = after.cycle - before.cycle
    const finished = this.#finished - this.#run.warmUpPackets
    const port = (after.port - before.port) / cycles
    const host = (after.host - before.host) / cycles
    // What waits for a port or for the host without end would be lost: such a card is as fast as they are.
    const slowdown = Math.max(1, port, host)
    const programsPerSecond = ((finished - 1) * card.clockHz) / (this.#end - this.#begin)
    const packetsPerSecond = programsPerSecond / slowdown
    const coreUtilisation = Math.min(1, (after.busy - before.busy) / (cycles * cores))
    const memoryUtilisation = (after.bank - before.bank) / cycles
    const limitedBy = this.#limit(packetsPerSecond, { memory: memoryUtilisation, host, port })
    return {
      packetsPerSecond,
      programsPerSecond,
      ...(limitedBy === undefined ? {} : { limitedBy }),
      offeredPerSecond: ((after.offered - before.offered) * card.clockHz) / cycles,
      lost: after.lost - before.lost,
      coreUtilisation,
      memoryUtilisation,
      latencyNs: this.#latency(),
      cycles: after.cycle,
      coreCycles: after.cycle * cores,
      packets,
    }
  }

  /** What is full; cores where nothing else is, for a context that waits for memory keeps its core waiting, too. */
  #limit(packetsPerSecond: number, loads: Readonly<Record<'memory' | 'host' | 'port', number>>): RateLimit | undefined {
    const { card, frameBytes, load } = this.#run
    const macRate = this.#ingress.overloaded ? this.#timing.overloadedMacRate : this.#timing.macRate
    const link = packetsPerSecond / (card.ports * linkPacketsPerSecond(card.linkGbps, frameBytes))
    const rows: [RateLimit, number][] = [
      ['link', Math.max(loads.port, link)],
      ['card', Math.max(loads.host, packetsPerSecond / macRate.value)],
      ['memory', loads.memory],
    ]
    const [limit, most] = rows.reduce((fullest, row) => (row[1] > fullest[1] ? row : fullest))
    if (most >= FULL) return limit
    const lost = this.#ingress.lostByMac + this.#ingress.lostInBuffer
    return load.kind === 'shaped' || lost > 0 ? 'processors' : undefined
  }

  #latency(): CardFigures['latencyNs'] {
    const ns = (cycles: number | undefined): number => ((cycles ?? 0) / this.#run.card.clockHz) * 1e9
    const at = (share: number): number => ns(this.#latencies.percentile(share))
    return { mean: ns(this.#latencies.mean), p50: at(50), p90: at(90), p99: at(99), p999: at(99.9) }
  }
}

/** Whole cores to groups, as equal as it goes. */
function dealCores(cores: number, groups: number): { firstCore: number; cores: number }[] {
  const many = Math.min(groups, cores)
  return Array.from({ length: many }, (_, group) => {
    const firstCore = Math.floor((cores * group) / many)
    return { firstCore, cores: Math.floor((cores * (group + 1)) / many) - firstCore }
  })
}

/** Runs a card's model. The figures depend on nothing but the run. */
export function simulateCard(run: CardRun): CardFigures {
  const simulation = new CardSimulation(run)
  try {
    return simulation.figures()
  } finally {
    simulation.close()
  }
}
