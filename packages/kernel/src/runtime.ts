import type { CompiledProgram, Cpu, Engine, EngineThread, Translation } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { createHelperTable, progArrayTarget } from '@bpfoundry/helpers'
import { type BpfMap, openMap } from '@bpfoundry/maps'

/** What a {@link Runtime} needs of its surroundings. */
export interface RuntimeOptions {
  readonly engine: Engine
  /** Takes what bpf_trace_printk wrote: the text without the line's head. */
  readonly trace?: (cpu: Cpu, text: string) => void
}

/**
 * The programs of one thread, compiled by one engine on the shared memory. The kernel has one for test runs, each worker
 * has its own; they share nothing but guest memory.
 */
export class Runtime {
  readonly memory: GuestMemory
  readonly #thread: EngineThread
  readonly #programs = new Map<number, CompiledProgram>()
  readonly #maps = new Map<number, BpfMap>()

  constructor(memory: GuestMemory, options: RuntimeOptions) {
    this.memory = memory
    const helpers = createHelperTable({
      memory,
      mapAt: (address) => this.mapAt(address),
      ...(options.trace === undefined ? {} : { trace: options.trace }),
    })
    this.#thread = options.engine.open({
      memory,
      helpers,
      tailCallTarget: (map, index) => this.#programs.get(progArrayTarget(memory, map, index)),
    })
  }

  /** Makes a translated program run, and be tail-called, in this thread. */
  install(translation: Translation): CompiledProgram {
    const compiled = this.#thread.install(translation)
    this.#programs.set(translation.image.id, compiled)
    return compiled
  }

  /** Forgets a program; it must not run any more. */
  remove(id: number): void {
    this.#thread.remove(id)
    this.#programs.delete(id)
  }

  /** Forgets everything; the runtime must not be used any more. */
  close(): void {
    this.#thread.close?.()
    this.#programs.clear()
  }

  /** The installed program with this id. */
  program(id: number): CompiledProgram | undefined {
    return this.#programs.get(id)
  }

  /** The map whose header lies at `address`. */
  mapAt(address: number): BpfMap {
    const known = this.#maps.get(address)
    if (known !== undefined) return known
    const map = openMap(this.memory, address)
    this.#maps.set(address, map)
    return map
  }

  /** Forgets a map whose storage is given back: another may get its address. */
  forgetMap(address: number): void {
    this.#maps.delete(address)
  }
}
