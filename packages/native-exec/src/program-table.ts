import { addressOf } from './foreign-functions.ts'
import { NativeExecError } from './native-exec-error.ts'

/** Ids are small numbers that the kernel counts up; the table has 8 bytes for each up to the highest. */
export const MAX_PROGRAM_ID: number = (1 << 20) - 1
const FIRST_COUNT = 64
const TWO_32 = 2 ** 32

/**
 * Where tail calls lead, in one thread: the host address of a program's tail entry by its id, 0 where there is none.
 * It grows by replacement; whoever holds its address must then take the new one.
 */
export class ProgramTable {
  #words: Uint32Array = new Uint32Array(2 * FIRST_COUNT)
  /** Host address of the first entry. */
  address: number = addressOf(this.#words.buffer as ArrayBuffer)

  get count(): number {
    return this.#words.length / 2
  }

  /** @returns whether the table moved @throws NativeExecError NATIVE_PROGRAM_ID */
  set(id: number, entry: number): boolean {
    checkId(id)
    const moved = id >= this.count
    if (moved) this.#grow(id)
    this.#words[2 * id] = entry
    this.#words[2 * id + 1] = Math.floor(entry / TWO_32)
    return moved
  }

  clear(id: number): void {
    if (id < this.count) this.set(id, 0)
  }

  #grow(id: number): void {
    const larger = new Uint32Array(2 * 2 ** Math.ceil(Math.log2(id + 1)))
    larger.set(this.#words)
    this.#words = larger
    this.address = addressOf(larger.buffer)
  }
}

function checkId(id: number): void {
  if (Number.isInteger(id) && id >= 0 && id <= MAX_PROGRAM_ID) return
  throw new NativeExecError({
    code: 'NATIVE_PROGRAM_ID',
    message: 'program id out of range',
    got: id,
    expected: `0 to ${MAX_PROGRAM_ID}`,
  })
}
