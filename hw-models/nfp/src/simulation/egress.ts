import { WIRE_OVERHEAD_BYTES } from '@bpfoundry/device'
import type { PacketOutcome } from './card-cores.ts'
import type { CardRun, CardTiming } from './card-run.ts'
import { DMA_WRITE_RATES, HOST_DESCRIPTOR_BYTES } from './card-timing.ts'

const MINIMUM_FRAME_BYTES = 60

/** One thing after another through a link, a DMA engine: what comes while it is busy waits. */
class Serialiser {
  #free = 0
  #busy = 0

  get busyCycles(): number {
    return this.#busy
  }

  /** @returns when it is through */
  pass(cycle: number, cycles: number): number {
    const start = Math.max(cycle, this.#free)
    this.#free = start + cycles
    this.#busy += cycles
    return this.#free
  }
}

/** Where packets go when a core is done with them: back to the wire, to the host, nowhere. */
export class Egress {
  readonly #card: CardRun['card']
  readonly #timing: CardTiming
  readonly #ports: readonly Serialiser[]
  readonly #host = new Serialiser()
  #sent = 0

  constructor(card: CardRun['card'], timing: CardTiming) {
    this.#card = card
    this.#timing = timing
    this.#ports = Array.from({ length: card.ports }, () => new Serialiser())
  }

  /** Cycles that the busiest port and the way to the host were busy; more than have passed where packets queue up. */
  get portCycles(): number {
    return Math.max(...this.#ports.map((port) => port.busyCycles))
  }

  get hostCycles(): number {
    return this.#host.busyCycles
  }

  /** @returns when its first bit is on the wire, all of it in the host's memory, or nothing of it is left */
  leave(cycle: number, { disposition, egressBytes }: PacketOutcome): number {
    if (disposition === 'drop') return cycle
    return disposition === 'redirect' ? this.#send(cycle, egressBytes) : this.#handOver(cycle, egressBytes)
  }

  /** Ports in turn, as they came in. */
  #send(cycle: number, bytes: number): number {
    const { clockHz, linkGbps } = this.#card
    const bits = (Math.max(bytes, MINIMUM_FRAME_BYTES) + WIRE_OVERHEAD_BYTES) * 8
    const cycles = (bits * clockHz) / (linkGbps * 1e9)
    const port = this.#ports[this.#sent++ % this.#ports.length] as Serialiser
    return port.pass(cycle + this.#timing.egressLatency.value, cycles) - cycles
  }

  #handOver(cycle: number, frameBytes: number): number {
    const bytes = frameBytes + HOST_DESCRIPTOR_BYTES
    const perNanosecond = this.#card.clockHz / 1e9
    const through = this.#host.pass(cycle, dmaWriteNanoseconds(bytes) * perNanosecond)
    return through + (this.#timing.dmaWriteBase.value + this.#timing.dmaWriteByte.value * bytes) * perNanosecond
  }
}

/** Nanoseconds that the DMA engine is busy with one write to the host: between the measured sizes, in proportion. */
export function dmaWriteNanoseconds(bytes: number): number {
  const first = DMA_WRITE_RATES[0] as readonly [number, number]
  let [lowBytes, lowRate] = first
  for (const [highBytes, highRate] of DMA_WRITE_RATES) {
    if (bytes <= highBytes) {
      const share = highBytes === lowBytes ? 0 : (bytes - lowBytes) / (highBytes - lowBytes)
      return Math.max(1e3 / lowRate + Math.max(0, share) * (1e3 / highRate - 1e3 / lowRate), 1e3 / first[1])
    }
    ;[lowBytes, lowRate] = [highBytes, highRate]
  }
  return ((1e3 / lowRate) * bytes) / lowBytes
}
