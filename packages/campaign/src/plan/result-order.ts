import type { CaseResult } from '@bpfoundry/conformance'
import type { ShardItem } from '../shard/run-shard.ts'

interface Lane {
  readonly waiting: CaseResult[]
  through: boolean
}

/**
 * Puts the results of shards, which come as they are ready, into the order of the plan: so that two runs say the same in
 * the same order, however many threads they had. A result that came before is dropped and counted.
 */
export class ResultOrder {
  readonly #emit: (result: CaseResult) => void
  readonly #lanes: Lane[]
  readonly #seen = new Set<string>()
  /** The lane whose results are passed on at once. */
  #current = 0
  duplicates = 0

  constructor(shards: number, emit: (result: CaseResult) => void) {
    this.#emit = emit
    this.#lanes = Array.from({ length: shards }, () => ({ waiting: [], through: false }))
  }

  /** @returns whether it is the first of its case */
  add(shard: number, { result }: ShardItem): boolean {
    if (this.#seen.has(result.id)) {
      this.duplicates++
      return false
    }
    this.#seen.add(result.id)
    if (shard === this.#current) this.#emit(result)
    else this.#lane(shard).waiting.push(result)
    return true
  }

  /** The shard has no more results. */
  finish(shard: number): void {
    this.#lane(shard).through = true
    while (this.#lanes[this.#current]?.through) {
      this.#current++
      this.#pass(this.#current)
    }
  }

  /** Passes on what waits for results that will not come any more. */
  flush(): void {
    for (let shard = this.#current; shard < this.#lanes.length; shard++) this.#pass(shard)
  }

  #pass(shard: number): void {
    for (const result of this.#lanes[shard]?.waiting.splice(0) ?? []) this.#emit(result)
  }

  #lane(shard: number): Lane {
    return this.#lanes[shard] as Lane
  }
}
