import { type CardCores, CONTEXT_SLOTS, type CoreGroupShape, type PacketOutcome } from './card-cores.ts'
import { MESSAGE, type MessageCalendar } from './core-messages.ts'
import { ACTION, type StepTable } from './step-table.ts'

const NEVER = Number.POSITIVE_INFINITY

/**
 * Cores that follow paths. A core runs one context at a time, gives it up only for a memory's answer or at the packet's
 * end, and then looks for the next one that is ready, in turn from the one that ran: that is how microengines arbitrate.
 */
export class PathCores implements CardCores {
  readonly shape: CoreGroupShape
  readonly commands: StepTable
  readonly #outcomes: readonly PacketOutcome[]
  readonly #calendar: MessageCalendar
  /** By context: when it can go on, and with which step. */
  readonly #wakes: Float64Array
  readonly #steps: Int32Array
  readonly #packets: Int32Array
  /** By core. */
  readonly #now: Float64Array
  readonly #busy: Float64Array
  readonly #last: Int32Array
  /** When each place for a command without an answer is free again; taken in turn. */
  readonly #places: Float64Array
  readonly #posted: Int32Array
  readonly #acknowledged: Int32Array
  /** Cores that wait for a place. */
  readonly #blocked: Uint8Array

  /** @param outcomes what becomes of the packets, by path */
  constructor(shape: CoreGroupShape, table: StepTable, outcomes: readonly PacketOutcome[], calendar: MessageCalendar) {
    this.shape = shape
    this.commands = table
    this.#outcomes = outcomes
    this.#calendar = calendar
    const contexts = shape.cores * CONTEXT_SLOTS
    this.#wakes = new Float64Array(contexts).fill(NEVER)
    this.#steps = new Int32Array(contexts)
    this.#packets = new Int32Array(contexts)
    this.#now = new Float64Array(shape.cores)
    this.#busy = new Float64Array(shape.cores)
    this.#last = new Int32Array(shape.cores)
    this.#places = new Float64Array(shape.cores * shape.postedCommands)
    this.#posted = new Int32Array(shape.cores)
    this.#acknowledged = new Int32Array(shape.cores)
    this.#blocked = new Uint8Array(shape.cores)
  }

  get busyCycles(): number {
    return this.#busy.reduce((sum, cycles) => sum + cycles, 0)
  }

  start(thread: number, cycle: number, path: number): void {
    const context = thread - this.shape.firstCore * CONTEXT_SLOTS
    this.#packets[context] = path
    this.#steps[context] = this.commands.firsts[path] as number
    this.#wakes[context] = cycle
  }

  outcome(thread: number): PacketOutcome {
    return this.#outcomes[this.#packets[thread - this.shape.firstCore * CONTEXT_SLOTS] as number] as PacketOutcome
  }

  answer(thread: number, cycle: number): void {
    this.#wakes[thread - this.shape.firstCore * CONTEXT_SLOTS] = cycle
  }

  acknowledge(thread: number, cycle: number): void {
    const core = (thread - this.shape.firstCore * CONTEXT_SLOTS) >> 3
    this.#places[this.#place(core, this.#acknowledged)] = cycle
    this.#acknowledged[core] = (this.#acknowledged[core] as number) + 1
  }

  advance(until: number): void {
    for (let core = 0; core < this.shape.cores; core++) this.#advanceCore(core, until)
  }

  #advanceCore(core: number, until: number): void {
    let now = this.#now[core] as number
    while (now < until) {
      if (this.#blocked[core] === 1) {
        const free = this.#places[this.#place(core, this.#posted)] as number
        if (free === NEVER) break
        now = Math.max(now, free)
        this.#blocked[core] = 0
        continue
      }
      const context = this.#ready(core, now)
      const wake = this.#wakes[context] as number
      now = wake > now ? Math.min(wake, until) : this.#run(core, context, now)
    }
    this.#now[core] = now
  }

  /** The place that the next command takes, or the next one that is acknowledged had. */
  #place(core: number, counts: Int32Array): number {
    const { postedCommands } = this.shape
    return core * postedCommands + ((counts[core] as number) % postedCommands)
  }

  /** The next context that can go on, else the one that can first. */
  #ready(core: number, now: number): number {
    const base = core * CONTEXT_SLOTS
    const { contexts } = this.shape
    let first = base
    let earliest = NEVER
    let turn = this.#last[core] as number
    for (let n = 0; n < contexts; n++) {
      turn = turn + 1 === contexts ? 0 : turn + 1
      const wake = this.#wakes[base + turn] as number
      if (wake <= now) return base + turn
      if (wake < earliest) {
        earliest = wake
        first = base + turn
      }
    }
    return first
  }

  /** Runs a context until it gives the core up, or until the core has to wait for a place. @returns the cycle after that */
  #run(core: number, context: number, start: number): number {
    const table = this.commands
    let now = start
    let step = this.#steps[context] as number
    let action: number
    do {
      now += table.cycles[step] as number
      action = table.actions[step] as number
      if (action === ACTION.sharedPost) this.#post(core, context, now, step)
      step++
    } while (action < ACTION.pause && this.#blocked[core] === 0)
    this.#steps[context] = step
    this.#busy[core] = (this.#busy[core] as number) + now - start
    this.#yield(core, context, now, action, step - 1)
    return now
  }

  #post(core: number, context: number, now: number, step: number): void {
    this.#calendar.put(now, this.shape.firstCore * CONTEXT_SLOTS + context, MESSAGE.sharedPost, step)
    this.#places[this.#place(core, this.#posted)] = NEVER
    this.#posted[core] = (this.#posted[core] as number) + 1
    if ((this.#places[this.#place(core, this.#posted)] as number) > now) this.#blocked[core] = 1
  }

  #yield(core: number, context: number, now: number, action: number, step: number): void {
    if (action < ACTION.localWait) {
      this.#wakes[context] = now
      this.#last[core] = this.#before(context)
      return
    }
    this.#last[core] = context & (CONTEXT_SLOTS - 1)
    this.#wakes[context] = action === ACTION.localWait ? now + (this.commands.arguments[step] as number) : NEVER
    if (action === ACTION.localWait) return
    const kind = action === ACTION.done ? MESSAGE.done : MESSAGE.sharedWait
    this.#calendar.put(now, this.shape.firstCore * CONTEXT_SLOTS + context, kind, step)
  }

  /** The context whose turn precedes this one's: so this one is next. */
  #before(context: number): number {
    const turn = context & (CONTEXT_SLOTS - 1)
    return turn === 0 ? this.shape.contexts - 1 : turn - 1
  }
}
