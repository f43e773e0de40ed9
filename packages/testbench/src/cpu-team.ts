import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { EventRings } from '@bpfoundry/device'
import type { Cpu, Translation } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { Piscina } from 'piscina'
import type { CardPort } from './card-port.ts'
import { CpuLoop, type PlayTask } from './cpu-loop.ts'
import type { CpuMessage, CpuOutcome, CpuReport, CpuTask } from './cpu-worker.ts'
import { TestbenchError } from './testbench-error.ts'
import type { WorkerControl } from './worker-control.ts'

/** What a team works with in a run. */
export interface TeamTask {
  readonly memory: GuestMemory
  readonly cpus: readonly Cpu[]
  readonly engine: string
  readonly translations: readonly Translation[]
  readonly ports: readonly CardPort[]
  /** A trace to play: from {@link CpuTeam.release} on. */
  readonly play?: PlayTask
  /** Rings for tracepoints; nothing is traced when absent. */
  readonly events?: EventRings
  readonly trace: (cpu: number, text: string) => void
}

/** The emulated CPUs during one run, in threads or in turn. */
export interface CpuTeam {
  /** Resolves when every CPU has compiled its programs and polls. */
  ready(): Promise<void>
  /** Lets them work: threads do so by themselves, in turn it is one poll of every CPU. @returns packets handled here */
  step(): number
  /** Waits a little for threads to make room; never blocks where there are none. */
  wait(): void
  /** Gives the event loop its turn, and threads some time when there is nothing to do here. @param idle nothing happened since the last time */
  rest(idle: boolean): Promise<void>
  /**
   * Nobody polls once this returns, until released; a burst then meets full rings at the same packet in every run. A
   * team with a trace begins like this.
   */
  hold(): void
  release(): void
  /** Nobody plays more of the trace. */
  halt(): void
  /** Makes a program known to every CPU; resolves when all have it. */
  install(translation: Translation): Promise<void>
  /** Handles what is left and ends the run. @returns faults, a line each */
  finish(): Promise<readonly string[]>
}

/** Turns of the event loop in which nobody makes room before a run is given up. */
const MOST_IDLE_TURNS = 1000

/** Steps between two turns of the event loop. */
const STEPS_PER_TURN = 16

/** All CPUs in this thread, in turn, a budget each: the same run every time, on every host. */
export class TurnTeam implements CpuTeam {
  readonly #loops: readonly CpuLoop[]
  #held: boolean
  #rests = 0

  constructor(task: TeamTask) {
    this.#held = task.play !== undefined
    this.#loops = task.cpus.map((cpu) => new CpuLoop({ ...task, cpu }))
  }

  async ready(): Promise<void> {
    // Nothing starts up beside this thread.
  }

  step(): number {
    if (this.#held) return 0
    let handled = 0
    for (const loop of this.#loops) handled += loop.pollAll()
    return handled
  }

  /** One poll of one queue, and what it redirected to other CPUs; see {@link CpuLoop.poll}. @param cpu whose queue it is */
  poll(cpu: number, card: number, queue: number, budget: number): number {
    const handled = (this.#loops[cpu] as CpuLoop).poll(card, queue, budget)
    for (const loop of this.#loops) while (loop.pollRedirected() > 0);
    return handled
  }

  wait(): void {
    // Nothing works beside this thread, so waiting is a step.
    this.step()
  }

  async rest(): Promise<void> {
    if (++this.#rests % STEPS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
  }

  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
  }

  halt(): void {
    for (const loop of this.#loops) loop.halt()
  }

  async install(translation: Translation): Promise<void> {
    for (const loop of this.#loops) loop.install(translation)
  }

  async finish(): Promise<readonly string[]> {
    this.release()
    while (this.step() > 0);
    // Where the stack's rings were full, what waits for a CPU goes on as they are emptied.
    for (let turn = 0; turn < MOST_IDLE_TURNS && this.#loops.some(({ redirected }) => redirected > 0); turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      while (this.step() > 0) turn = 0
    }
    for (const loop of this.#loops) loop.close()
    return this.#loops.flatMap((loop) => {
      const fault = loop.fault()
      return fault === undefined ? [] : [String(fault)]
    })
  }
}

/** More threads than any set of benches in one process has CPUs: a run needs all of its CPUs at once. */
const MOST_THREADS = 256
/** How long a thread without a CPU waits for the next run: starting one costs more than most runs. */
const IDLE_MS = 3000

let pool: Piscina | undefined

/**
 * The process's worker threads. A run takes one a CPU, whichever bench it belongs to, and leaves nothing behind in it;
 * threads that nobody needs end by themselves, and don't keep the process alive.
 */
function workers(): Piscina {
  const source = import.meta.url.endsWith('.ts')
  pool ??= new Piscina({
    filename: new URL(source ? './cpu-worker.ts' : './cpu-worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: MOST_THREADS,
    concurrentTasksPerWorker: 1,
    idleTimeout: IDLE_MS,
    // Node 20 can't run TypeScript itself; from source the workspace's hook strips the types.
    ...(source ? { execArgv: sourceArguments() } : {}),
  })
  return pool
}

function runInThread(task: CpuTask): Promise<CpuOutcome> {
  return workers().run(task, { transferList: [task.port] }) as Promise<CpuOutcome>
}

function sourceArguments(): string[] {
  const hook = new URL('../../../tools/typescript-hook/register.mjs', import.meta.url).href
  return ['--import', hook, '--conditions=source']
}

/** A worker thread a CPU. */
export class ThreadTeam implements CpuTeam {
  readonly #control: WorkerControl
  readonly #ports: readonly MessagePort[]
  readonly #outcomes: Promise<readonly CpuOutcome[]>
  readonly #started: readonly number[]
  /** Set when the workers are done: they obey nothing any more. */
  #ended = false
  #failure: unknown

  constructor(task: TeamTask, control: WorkerControl) {
    this.#control = control
    control.stopping = false
    control.halted = false
    control.gated = task.play !== undefined
    // The first thing every worker does, once it has its programs, is to work off this announcement of nothing.
    this.#started = task.cpus.map(({ id }) => control.command(id))
    const channels = task.cpus.map(() => new MessageChannel())
    this.#ports = channels.map(({ port1 }) => port1)
    for (const port of this.#ports) {
      port.on('message', ({ cpu, trace }: CpuReport) => task.trace(cpu, trace))
      // A port that is listened to keeps the process alive; the run itself does that while it lasts.
      port.unref()
    }
    this.#outcomes = Promise.all(
      task.cpus.map((cpu, index) =>
        runInThread({
          memory: task.memory.memory,
          cpuBlock: cpu.block,
          engine: task.engine,
          translations: task.translations,
          ports: task.ports,
          ...(task.play === undefined ? {} : { play: task.play }),
          ...(task.events === undefined ? {} : { events: task.events }),
          control: control.address,
          port: (channels[index] as MessageChannel).port2,
        }),
      ),
    )
    this.#outcomes.then(
      () => {
        this.#ended = true
      },
      (error: unknown) => {
        this.#failure = error
      },
    )
  }

  async ready(): Promise<void> {
    await this.#obeyed(this.#started)
  }

  step(): number {
    if (this.#failure !== undefined) throw workerFailed(this.#failure)
    return 0
  }

  wait(): void {
    this.step()
    const idle = new Int32Array(new SharedArrayBuffer(4))
    Atomics.wait(idle, 0, 0, WAIT_MS)
  }

  async rest(idle: boolean): Promise<void> {
    this.step()
    await new Promise<void>((resolve) => {
      if (idle) setTimeout(resolve, REST_MS)
      else setImmediate(resolve)
    })
  }

  hold(): void {
    this.#control.gated = true
    for (const cpu of this.#ports.keys()) {
      while (!this.#ended && this.#control.busy(cpu)) this.wait()
    }
  }

  release(): void {
    this.#control.gated = false
  }

  halt(): void {
    this.#control.halted = true
  }

  async install(translation: Translation): Promise<void> {
    const awaited = this.#ports.map((port, cpu) => {
      port.postMessage({ install: translation } satisfies CpuMessage)
      return this.#control.command(cpu)
    })
    await this.#obeyed(awaited)
  }

  async #obeyed(numbers: readonly number[]): Promise<void> {
    for (const [cpu, number] of numbers.entries()) {
      while (!this.#ended && ((this.#control.done(cpu) - number) | 0) < 0) {
        if (this.#failure !== undefined) throw workerFailed(this.#failure)
        await new Promise((resolve) => setTimeout(resolve, 0))
      }
    }
  }

  /**
   * Resolves when no CPU has anything to do, nor gets anything from another: each has found nothing, twice, since none has
   * handled anything.
   */
  async #quiet(): Promise<void> {
    for (let before = this.#activity(); !this.#ended && this.#failure === undefined; ) {
      await new Promise((resolve) => setImmediate(resolve))
      const now = this.#activity()
      const busy = now.some(({ handled }, cpu) => handled !== before[cpu]?.handled)
      if (busy) before = now
      else if (now.every(({ idle }, cpu) => ((idle - (before[cpu]?.idle ?? 0)) | 0) >= 2)) return
    }
  }

  #activity(): readonly { readonly handled: number; readonly idle: number }[] {
    return this.#ports.map((_, cpu) => this.#control.activity(cpu))
  }

  async finish(): Promise<readonly string[]> {
    this.release()
    await this.#quiet()
    this.#control.stopping = true
    try {
      const outcomes = await this.#outcomes
      return outcomes.flatMap(({ fault }) => (fault === undefined ? [] : [fault]))
    } catch (cause) {
      throw workerFailed(cause)
    } finally {
      for (const port of this.#ports) port.close()
    }
  }
}

/** A pause of the feeding thread while the rings are full: long against a poll, short against a ring. */
const WAIT_MS = 0.05
/** A pause while the CPUs feed themselves: the least that a timer can. */
const REST_MS = 1

function workerFailed(cause: unknown): TestbenchError {
  return new TestbenchError({
    code: 'TESTBENCH_WORKER',
    message: `a CPU's worker thread failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: 'this is a defect of bpfoundry; --deterministic runs without threads',
    cause,
  })
}
