/** Control registers that words read: the random numbers and the time of the core. */
import { CSRS } from '@bpfoundry/microcode'
import type { Machine } from '../machine.ts'

/** Cycles of a step of the time stamp. */
const TIMESTAMP_CYCLES = 16
const WORD_LIMIT = 2 ** 32

/** The state of the pseudo-random number register. */
export class RandomRegister {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0 || 1
  }

  /** The next number: xorshift with the triple (13, 17, 5). The card's own polynomial is not public. */
  next(): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return state
  }
}

/** What a control register holds at the machine's cycle. */
export function readControlRegister(csrBytes: number, machine: Machine): number {
  if (csrBytes === CSRS.pseudoRandom) return machine.random.next()
  const steps = Math.floor((machine.base + machine.cycle) / TIMESTAMP_CYCLES)
  return (csrBytes === CSRS.timestampLow ? steps % WORD_LIMIT : Math.floor(steps / WORD_LIMIT)) | 0
}
