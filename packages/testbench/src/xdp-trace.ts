import { createEventRings, EventReader, type EventRings, type XdpEvent } from '@bpfoundry/device'
import type { GuestMemory } from '@bpfoundry/guest-memory'

/** Options of {@link Testbench.traceXdp}. */
export interface XdpTraceOptions {
  /** Events that a CPU's ring holds between two looks at it, a power of two; 4096 by default. */
  readonly ring?: number
  /** Events that are kept, 100,000 by default; the first ones. */
  readonly keep?: number
}

/** The tracepoints of XDP, as events: switched on by {@link Testbench.traceXdp}, for all cards and CPUs. */
export class XdpTrace {
  readonly rings: EventRings
  readonly #reader: EventReader
  readonly #events: XdpEvent[] = []
  readonly #keep: number
  #notKept = 0

  constructor(memory: GuestMemory, cpus: number, options: XdpTraceOptions) {
    this.rings = createEventRings(memory, cpus, options.ring ?? 4096)
    this.#reader = new EventReader(memory, this.rings)
    this.#keep = options.keep ?? 100_000
  }

  /** What happened so far: by CPU in order; CPUs in threads do not wait for each other. */
  get events(): readonly XdpEvent[] {
    this.collect()
    return this.#events
  }

  /** Events that were lost because a ring was full, or more than are kept. */
  get lost(): number {
    return this.#reader.lost + this.#notKept
  }

  /** A line an event as in the kernel's trace: `[000] 12.000001: xdp_exception: prog_id=7 action=ABORTED ifindex=2`. */
  get lines(): readonly string[] {
    return this.events.map(({ name, cpu, timestampNs, text }) => {
      const seconds = (timestampNs / 1e9).toFixed(6)
      return `[${String(cpu).padStart(3, '0')}] ${seconds}: ${name}: ${text}`
    })
  }

  /** Adds an event that no CPU's ring has: of attaching. */
  add(event: XdpEvent): void {
    if (this.#events.length < this.#keep) this.#events.push(event)
    else this.#notKept++
  }

  /** Takes the events out of the rings. @returns how many */
  collect(): number {
    return this.#reader.drain((event) => this.add(event))
  }

  /** Forgets what happened so far. */
  clear(): void {
    this.collect()
    this.#events.length = 0
  }
}
