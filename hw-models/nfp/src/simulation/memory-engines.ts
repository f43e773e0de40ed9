import type { CardTiming } from './card-run.ts'
import { SHARED_OPERATION } from './step-table.ts'

/**
 * The memories that all cores share: each bank of external memory does one operation at a time, an answer takes the
 * memory's latency when the bank was free. Commands come in the order of their cycles.
 */
export class MemoryEngines {
  readonly #free: Float64Array
  readonly #bankBytes: number
  readonly #busy: Float64Array
  /** By operation code. */
  readonly #occupancies: readonly number[]
  readonly #latencies: readonly number[]

  constructor(timing: CardTiming) {
    const banks = timing.ememBanks.value
    this.#free = new Float64Array(banks)
    this.#busy = new Float64Array(banks)
    this.#bankBytes = timing.bankBytes.value
    const names = Object.keys(SHARED_OPERATION)
    this.#occupancies = names.map((name) => occupancyOf(name, timing))
    this.#latencies = names.map((name) =>
      name.startsWith('emem') ? timing.ememLatency.value : timing.imemLatency.value,
    )
  }

  /** Shortest time after which any of them answers. */
  get shortestLatency(): number {
    return Math.min(...this.#latencies)
  }

  /** Cycles that the busiest bank was busy. */
  get busiestBankCycles(): number {
    return Math.max(...this.#busy)
  }

  /** @param operation a code of SHARED_OPERATION @returns when the answer is there, in whole cycles */
  serve(cycle: number, operation: number, address: number, bytes: number): number {
    const occupancy = this.#occupancies[operation] as number
    const latency = this.#latencies[operation] as number
    if (occupancy === 0) return cycle + latency
    let end = cycle
    const last = address + bytes - 1
    for (let at = address - (address % this.#bankBytes); at <= last; at += this.#bankBytes) {
      const start = this.#occupy(at, cycle, occupancy)
      if (start > end) end = start
    }
    return Math.ceil(end + latency)
  }

  #occupy(address: number, cycle: number, occupancy: number): number {
    const bank = (address / this.#bankBytes) % this.#free.length
    const start = Math.max(cycle, this.#free[bank] as number)
    this.#free[bank] = start + occupancy
    this.#busy[bank] = (this.#busy[bank] as number) + occupancy
    return start
  }
}

/** Internal memory was not found to bound anything. */
function occupancyOf(name: string, timing: CardTiming): number {
  if (!name.startsWith('emem')) return 0
  return name.endsWith('add') ? timing.addOccupancy.value : timing.readOccupancy.value
}
