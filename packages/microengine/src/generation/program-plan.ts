/**
 * What is made of a control store's words: chunks with their functions. Cores with the same words share it, so that fifty cores
 * of a card are compiled, and made fast by the host, once.
 */
import type { ControlStore } from '../control-store.ts'
import { readControlRegister } from '../execution/control-registers.ts'
import { upperProduct } from '../execution/data-words.ts'
import { isExecutable, LM_INDEX_OF_CSR } from '../execution/executable.ts'
import type { Machine, Stop } from '../machine.ts'
import type { CoreTiming } from '../timing.ts'
import { ChunkWriter } from './chunk-source.ts'
import { blockLeaders } from './leaders.ts'
import { liveBehind } from './liveness.ts'

/** Words of a function: V8 does not optimise functions of more than 60 KiB of bytecode. */
const CHUNK_WORDS = 512

/** A function made of words: runs from a block until the context stops or leaves the chunk. */
export type ChunkFunction = (machine: Machine, block: number) => Stop

/** A stretch of the control store. */
export interface Chunk {
  /** Number of the block that begins at an address. */
  readonly blocks: Map<number, number>
  /** The first address behind it. */
  readonly end: number
  /** Made when execution first comes to it. */
  run: ChunkFunction | undefined
}

/** Chunks of the words that a store held when the plan was made. */
export class ProgramPlan {
  /** Chunk and block at each address that begins a block. */
  readonly chunkAt: (Chunk | undefined)[]
  readonly blockAt: Int16Array
  readonly #store: ControlStore
  readonly #timing: CoreTiming
  readonly #behind: Uint8Array
  readonly #writtenIndexes: ReadonlySet<number>

  constructor(store: ControlStore, timing: CoreTiming) {
    this.#store = store
    this.#timing = timing
    this.#behind = liveBehind(store)
    this.#writtenIndexes = writtenIndexes(store)
    this.chunkAt = new Array(store.words.length).fill(undefined)
    this.blockAt = new Int16Array(store.words.length)
    for (const { members, end } of groups(blockLeaders(store))) this.#addChunk(members, end)
  }

  /** Makes a chunk's function. */
  compile(chunk: Chunk): ChunkFunction {
    const { text, forms } = new ChunkWriter({
      store: this.#store,
      timing: this.#timing,
      behind: this.#behind,
      blocks: chunk.blocks,
      writtenIndexes: this.#writtenIndexes,
      end: chunk.end,
    }).write()
    const make = new Function('D', 'readCsr', 'upperProduct', `'use strict';return function(M,p){${text}}`)
    const run = make(forms, readControlRegister, upperProduct) as ChunkFunction
    chunk.run = run
    return run
  }

  #addChunk(leaders: readonly number[], next: number | undefined): void {
    const { words } = this.#store
    let end = next ?? leaders[leaders.length - 1] ?? 0
    if (next === undefined) while (words[end] !== undefined) end++
    const chunk: Chunk = { blocks: new Map(leaders.map((leader, block) => [leader, block])), end, run: undefined }
    for (const [leader, block] of chunk.blocks) {
      this.chunkAt[leader] = chunk
      this.blockAt[leader] = block
    }
  }
}

/** Index registers of local memory that some word writes. */
function writtenIndexes(store: ControlStore): ReadonlySet<number> {
  return new Set(
    store.instructions.flatMap((instruction) =>
      isExecutable(instruction) && instruction.cls === 'localCsr' && instruction.write
        ? [LM_INDEX_OF_CSR.get(instruction.csrBytes) ?? 0]
        : [],
    ),
  )
}

/** Leaders in groups of up to `CHUNK_WORDS` words, each with the first address behind it if another group follows. */
function groups(leaders: readonly number[]): { readonly members: number[]; readonly end: number | undefined }[] {
  const all: number[][] = []
  for (const leader of leaders) {
    const last = all[all.length - 1]
    const first = last?.[0]
    if (last === undefined || first === undefined || leader - first >= CHUNK_WORDS) all.push([leader])
    else last.push(leader)
  }
  return all.map((members, index) => ({ members, end: all[index + 1]?.[0] }))
}

/** Plans that are kept for the next core with the same words, the longest unused one first. */
const PLANS = new Map<string, ProgramPlan>()
const MOST_PLANS = 32

/** The plan of a store's words. */
export function planOf(store: ControlStore, timing: CoreTiming): ProgramPlan {
  const key = `${store.contexts} ${JSON.stringify(timing)} ${store.words.join()}`
  const plan = PLANS.get(key) ?? new ProgramPlan(store.copy(), timing)
  PLANS.delete(key)
  PLANS.set(key, plan)
  const [oldest] = PLANS.keys()
  if (PLANS.size > MOST_PLANS && oldest !== undefined) PLANS.delete(oldest)
  return plan
}
