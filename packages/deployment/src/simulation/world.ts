import type { Measurements } from '../measure/measurements.ts'
import type { EventLog } from '../stage/event-log.ts'
import type { CostModel } from './cost-model.ts'
import { type Action, EventQueue } from './event-queue.ts'

/** The modelled clock, and what everything that runs by it shares. */
export class World {
  readonly measure: Measurements
  readonly costs: CostModel
  readonly log: EventLog
  readonly hopLimit: number
  /** Packets that are planned to arrive somewhere, or to leave. */
  underWay = 0
  /** Packets that polls have sent, whatever became of them. */
  outputs = 0
  readonly #queue = new EventQueue()
  #nowNs = 0

  constructor(fields: {
    readonly measure: Measurements
    readonly costs: CostModel
    readonly log: EventLog
    readonly hopLimit: number
  }) {
    this.measure = fields.measure
    this.costs = fields.costs
    this.log = fields.log
    this.hopLimit = fields.hopLimit
  }

  get nowNs(): number {
    return this.#nowNs
  }

  /** Plans something; not before now. */
  at(atNs: number, run: Action): void {
    this.#queue.push(Math.max(this.#nowNs, atNs), run)
  }

  /** Plans what happens to a packet, which is under way until then. */
  carry(atNs: number, arrive: () => void): void {
    this.underWay++
    this.at(atNs, () => {
      this.underWay--
      arrive()
    })
  }

  /** Does what comes next. @returns false when nothing does */
  step(): boolean | Promise<boolean> {
    const next = this.#queue.pop()
    if (next === undefined) return false
    this.#nowNs = next.atNs
    this.log.nowNs = next.atNs
    const done = next.run()
    return done === undefined ? true : done.then(() => true)
  }
}
