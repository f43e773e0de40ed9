import {
  CounterBlock,
  type DriverContext,
  FATE,
  type FrameCursor,
  type PollQueue,
  STAGE,
  type XdpHook,
  type XdpStage,
  type XdpStageFactory,
} from '@bpfoundry/device'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { NfpCard } from './card.ts'
import { DISPOSITION_BITS, resultBits } from './result-word.ts'

/** Bytes of a core's counters: one f64 for each of its threads, a cache line apart from the next core's. */
const CORE_BYTES = 64

/** The packet counters of a card's cores in guest memory: plain data, to be sent to workers. */
export interface NfpCores {
  readonly card: string
  readonly address: number
  readonly workerCores: number
  readonly threadsPerCore: number
}

/** Makes the counters of a card's cores. On the thread that owns the memory. @throws GuestMemoryError GUEST_MEMORY_EXHAUSTED */
export function createNfpCores(memory: GuestMemory, name: string, card: NfpCard): NfpCores {
  const region = memory.allocate(`${name} cores`, 'ring', card.workerCores * CORE_BYTES)
  const { workerCores, threadsPerCore } = card
  return { card: card.name, address: region.address, workerCores, threadsPerCore }
}

/** Packets by core and thread. */
export function nfpThreadPackets(memory: GuestMemory, cores: NfpCores): number[][] {
  return Array.from({ length: cores.workerCores }, (_, core) => {
    const block = new CounterBlock(memory, cores.address + core * CORE_BYTES)
    return Array.from({ length: cores.threadsPerCore }, (_unused, thread) => block.get(thread))
  })
}

/**
 * XDP on the card: before the host sees anything. The card's cores are dealt out to the emulated CPUs, core k to CPU
 * k % cpus; a packet goes to the next free thread of the next core, as the card's work queue hands them out. What passes
 * goes on to the host's driver, what is sent goes back to the wire, everything else dies on the card.
 */
class NfpStage implements XdpStage {
  readonly mode = 'offload'
  readonly hook: XdpHook
  readonly #context: DriverContext
  readonly #cores: readonly CounterBlock[]
  readonly #threads: number
  #turn = 0

  constructor(context: DriverContext, cores: NfpCores) {
    this.#context = context
    this.hook = context.hook('offload')
    this.#threads = cores.threadsPerCore
    this.#cores = coresOfCpu(cores, context.cpu.id, context.handle.cpus.length).map(
      (core) => new CounterBlock(context.memory, cores.address + core * CORE_BYTES),
    )
  }

  begin(queue: PollQueue): boolean {
    return this.hook.begin(queue.handle.index)
  }

  expect(packets: number): void {
    for (let n = 0; n < packets; n++) this.#takeThread()
  }

  settle(verdict: number, frame: FrameCursor, queue: PollQueue): boolean {
    const bits = resultBits(verdict)
    if ((bits & DISPOSITION_BITS.pass) !== 0) return true
    if ((bits & DISPOSITION_BITS.redirect) !== 0) this.#transmit(frame, queue)
    else this.#context.discard(frame, queue, bits === ABORTED_BITS ? 'aborted' : 'drop')
    return false
  }

  end(): void {
    this.#context.port.flush()
  }

  #transmit(frame: FrameCursor, queue: PollQueue): void {
    if (this.#context.port.send(frame, queue.pool)) {
      queue.fates.add(FATE.tx, 1)
      return
    }
    this.hook.counters.add(STAGE.txErrors, 1)
    this.#context.discard(frame, queue, 'tx_full')
  }

  /** Cores in turn, and each time round the next thread of every core. */
  #takeThread(): void {
    const core = this.#turn % this.#cores.length
    const thread = Math.floor(this.#turn / this.#cores.length)
    ;(this.#cores[core] as CounterBlock).add(thread, 1)
    this.#turn = this.#turn + 1 === this.#cores.length * this.#threads ? 0 : this.#turn + 1
  }
}

const ABORTED_BITS: number = resultBits(0)

/** Cores of one CPU, one at least. With more CPUs than cores, two CPUs would count on one core: their sum may then be short. */
function coresOfCpu(cores: NfpCores, cpu: number, cpus: number): number[] {
  const own: number[] = []
  for (let core = cpu; core < cores.workerCores; core += cpus) own.push(core)
  return own.length === 0 ? [cpu % cores.workerCores] : own
}

/** The card's cores, as the first stage of `createDriverPoll`. */
export function nfpStage(cores: NfpCores): XdpStageFactory {
  return (context) => new NfpStage(context, cores)
}
