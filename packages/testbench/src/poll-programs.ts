import { linkPoll, wireImage } from '@bpfoundry/device'
import type { Engine, Translation } from '@bpfoundry/engine'
import type { Kernel, KernelProgram } from '@bpfoundry/kernel'

/** A table that is larger than this is not in a core's own caches: scouts are worth their time. */
const SCOUTED_BYTES: number = 4 * 2 ** 20

/**
 * What drivers run of an engine that compiles, beside the programs themselves: a program with the receive loop around it
 * for each one that was attached, and the wire's end of a trace. Engines that interpret have none.
 */
export class PollPrograms {
  readonly #kernel: Pick<Kernel, 'programById'>
  readonly #engine: Engine
  readonly #polls = new Map<number, Translation>()
  #wire: Translation | undefined

  constructor(kernel: Kernel) {
    this.#kernel = kernel
    this.#engine = kernel.engine
  }

  /** The program with the receive loop around it; undefined where it runs packet by packet. */
  of({ image, maps }: Pick<KernelProgram, 'image' | 'maps'>): Translation | undefined {
    if (this.#engine.compiles === false) return undefined
    const known = this.#polls.get(image.id)
    if (known !== undefined) return known
    const scouts = maps.some(({ storage }) => storage.memoryBytes > SCOUTED_BYTES)
    const linked = linkPoll(image, { scouts, prefetches: this.#engine.prefetches === true })
    if (linked === undefined) return undefined
    const translation = this.#engine.translate(linked)
    this.#polls.set(image.id, translation)
    return translation
  }

  /** Everything that a CPU must install to run what is attached. */
  translations(): readonly Translation[] {
    if (this.#engine.compiles === false) return []
    for (const [id, translation] of this.#polls) {
      if (this.#kernel.programById(id) !== undefined) continue
      this.#polls.delete(id)
      this.#engine.release?.(translation)
    }
    this.#wire ??= this.#engine.translate(wireImage())
    return [this.#wire, ...this.#polls.values()]
  }

  /** Gives machine code back; no CPU may run it any more. */
  close(): void {
    for (const translation of this.#polls.values()) this.#engine.release?.(translation)
    if (this.#wire !== undefined) this.#engine.release?.(this.#wire)
    this.#polls.clear()
    this.#wire = undefined
  }
}
