import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { type EventRings, NAPI_BUDGET } from '@bpfoundry/device'
import { attachCpu, type Translation } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import type { CardPort } from './card-port.ts'
import { CpuLoop, type PlayTask } from './cpu-loop.ts'
import { WorkerControl } from './worker-control.ts'

/** What a worker is given for one run. */
export interface CpuTask {
  readonly memory: WebAssembly.Memory
  /** Guest address of the CPU's block. */
  readonly cpuBlock: number
  readonly engine: string
  readonly translations: readonly Translation[]
  readonly ports: readonly CardPort[]
  readonly play?: PlayTask
  readonly events?: EventRings
  /** Guest address of the WorkerControl words. */
  readonly control: number
  readonly port: MessagePort
}

/** What main tells a worker in the middle of a run. */
export type CpuMessage = { readonly install: Translation } | { readonly remove: number }

/** What a worker tells main. */
export type CpuReport = { readonly trace: string; readonly cpu: number }

/** What a worker's run ended with. */
export interface CpuOutcome {
  readonly cpu: number
  /** One line, when a program faulted. */
  readonly fault?: string
}

/**
 * Sleep of an idle worker. Deliveries are not announced, since waking a thread costs more than handling a packet: this
 * bounds how late they are seen, and is short against the time in which a ring fills.
 */
const IDLE_MS = 0.05

/** Polls the queues of one emulated CPU until told to stop and nothing is left. Called by the pool, once a run. */
export default function runCpu(task: CpuTask): CpuOutcome {
  const memory = GuestMemory.attach(task.memory)
  const cpu = attachCpu(memory, task.cpuBlock)
  const control = new WorkerControl(memory, task.control)
  const loop = new CpuLoop({
    memory,
    cpu,
    engine: task.engine,
    translations: task.translations,
    ports: task.ports,
    ...(task.play === undefined ? {} : { play: task.play }),
    ...(task.events === undefined ? {} : { events: task.events }),
    trace: (from, text) => task.port.postMessage({ trace: text, cpu: from } satisfies CpuReport),
  })
  try {
    work(task.port, loop, control, cpu.id)
  } finally {
    loop.close()
    task.port.close()
  }
  const fault = loop.fault()
  return { cpu: cpu.id, ...(fault === undefined ? {} : { fault: String(fault) }) }
}

function work(port: MessagePort, loop: CpuLoop, control: WorkerControl, cpu: number): void {
  for (;;) {
    const doorbell = control.doorbell
    // Read before polling: what was delivered before the order to stop is polled after it was seen.
    const { stopping } = control
    obey(port, loop, control, cpu)
    if (control.halted) loop.halt()
    if (control.enter(cpu)) {
      const handled = pollRounds(loop)
      control.leave(cpu)
      const idle = handled === 0 && loop.left === 0 && loop.redirected === 0
      if (handled > 0 || idle) control.polled(cpu, handled > 0)
      if (handled > 0) continue
      if (stopping && loop.left === 0) return
    }
    control.sleep(doorbell, IDLE_MS)
  }
}

/** Between two looks at the orders: rounds over all queues, polls in a row of a queue that alone has packets, packets. */
const ROUNDS = 8
const PACKETS = ROUNDS * NAPI_BUDGET

function pollRounds(loop: CpuLoop): number {
  let handled = 0
  for (let round = 0; round < ROUNDS && handled < PACKETS; round++) {
    const now = loop.pollAll(ROUNDS)
    if (now === 0) break
    handled += now
  }
  return handled
}

/** Works off announced messages, without returning to the event loop. */
function obey(port: MessagePort, loop: CpuLoop, control: WorkerControl, cpu: number): void {
  const announced = control.commands(cpu)
  if (announced === control.done(cpu)) return
  for (let received = receiveMessageOnPort(port); received !== undefined; received = receiveMessageOnPort(port)) {
    const message = received.message as CpuMessage
    if ('install' in message) loop.install(message.install)
    else loop.runtime.remove(message.remove)
  }
  control.setDone(cpu, announced)
}
