/**
 * The control store as functions: words are turned into the text of JavaScript functions of some hundred words each, made when
 * execution first comes to them. Where it comes to an address that begins no block (a computed branch), words are executed by
 * the table until one begins.
 *
 * @see docs/decisions/0011-microcode-as-functions.md
 */
import { readControlRegister } from '../execution/control-registers.ts'
import { upperProduct } from '../execution/data-words.ts'
import { isExecutable, LM_INDEX_OF_CSR } from '../execution/executable.ts'
import { executeWords, type Surroundings } from '../execution/word-executor.ts'
import { type Machine, STOP, type Stop } from '../machine.ts'
import { ChunkWriter } from './chunk-source.ts'
import { blockLeaders } from './leaders.ts'
import { liveBehind } from './liveness.ts'

/** Words of a function: V8 does not optimise functions of more than 60 KiB of bytecode. */
const CHUNK_WORDS = 512

type ChunkFunction = (machine: Machine, block: number) => Stop

interface Chunk {
  /** Number of the block that begins at an address. */
  readonly blocks: Map<number, number>
  readonly end: number
  run: ChunkFunction | undefined
}

/** A control store's functions, made anew when its words change. */
export class GeneratedProgram {
  readonly #around: Surroundings
  #version = -1
  /** Chunk and block at each address that begins a block. */
  #chunkAt: (Chunk | undefined)[] = []
  #blockAt = new Int16Array(0)
  #behind: Uint8Array = new Uint8Array(0)
  #writtenIndexes: ReadonlySet<number> = new Set()

  private constructor(around: Surroundings) {
    this.#around = around
  }

  /** `undefined` where the page forbids functions of text. */
  static make(around: Surroundings): GeneratedProgram | undefined {
    try {
      return Function('return 0')() === 0 ? new GeneratedProgram(around) : undefined
    } catch {
      return undefined
    }
  }

  /** Executes words until the context stops. */
  execute(machine: Machine): Stop {
    if (this.#version !== this.#around.store.version) this.#plan()
    for (;;) {
      const chunk = this.#chunkAt[machine.pc]
      let stop: Stop | undefined
      if (chunk === undefined) stop = executeWords(machine, this.#around, (pc) => this.#chunkAt[pc] !== undefined)
      else stop = (chunk.run ?? this.#compile(chunk))(machine, this.#blockAt[machine.pc] ?? 0)
      if (stop !== STOP.chunk && stop !== undefined) return stop
    }
  }

  #plan(): void {
    const { store } = this.#around
    this.#version = store.version
    this.#behind = liveBehind(store)
    this.#writtenIndexes = new Set(
      store.instructions.flatMap((instruction) =>
        isExecutable(instruction) && instruction.cls === 'localCsr' && instruction.write
          ? [LM_INDEX_OF_CSR.get(instruction.csrBytes) ?? 0]
          : [],
      ),
    )
    this.#chunkAt = new Array(store.words.length).fill(undefined)
    this.#blockAt = new Int16Array(store.words.length)
    for (const leaders of groups(blockLeaders(store))) this.#addChunk(leaders.members, leaders.end)
  }

  #addChunk(leaders: readonly number[], next: number | undefined): void {
    const { words } = this.#around.store
    let end = next ?? leaders[leaders.length - 1] ?? 0
    if (next === undefined) while (words[end] !== undefined) end++
    const chunk: Chunk = { blocks: new Map(leaders.map((leader, block) => [leader, block])), end, run: undefined }
    for (const [leader, block] of chunk.blocks) {
      this.#chunkAt[leader] = chunk
      this.#blockAt[leader] = block
    }
  }

  #compile(chunk: Chunk): ChunkFunction {
    const { store, timing, sink, random } = this.#around
    const { text, forms } = new ChunkWriter({
      store,
      timing,
      behind: this.#behind,
      blocks: chunk.blocks,
      writtenIndexes: this.#writtenIndexes,
      end: chunk.end,
    }).write()
    const make = new Function('D', 'sink', 'readCsr', 'upperProduct', `'use strict';return function(M,p){${text}}`)
    const run = make(
      forms,
      sink,
      (csrBytes: number, machine: Machine) => readControlRegister(csrBytes, machine, random),
      upperProduct,
    ) as ChunkFunction
    chunk.run = run
    return run
  }
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
