/** Programs that throw, and what they answer on Linux. `caught` is the exception callback. */
import type { FunctionCase } from './function-cases.ts'

const thrown = (cookie: string | number): string => `\nr1 = ${cookie}\ncall bpf_throw`
const EXIT = '\nexit'
/** A function that throws `cookie`, or answers 7 where r1 is 0. */
const second = (cookie: number): string =>
  `\nsecond: r6 = r1\nif r6 == 0 goto +4${thrown(cookie)}\nr0 = 9${EXIT}\nr0 = 7${EXIT}`
/** A function that calls the other one, and adds to what it answers. */
const FIRST = '\nfirst: r6 = 100\ncall second\nr0 += r6\nexit'
const CAUGHT = '\ncaught: r0 = r1\nr0 += 1000\nexit'
/** A number that no path knows beforehand: 64, the packet's length. */
const LENGTH = 'r7 = *(u32 *)(r1 + 0)'

// biome-ignore format: table
export const EXCEPTION_CASES: readonly FunctionCase[] = [
  ['the main function throws',                  `r6 = r1${thrown(64)}\nr0 = 1${EXIT}`,                                64],
  ['the main function throws, caught',          `r6 = r1${thrown(64)}\nr0 = 1${EXIT}${CAUGHT}`,                       1064],
  ['a function throws',                         `r1 = 1\ncall second\nr0 += 1${EXIT}${second(32)}`,                   32],
  ['a function throws, caught',                 `r1 = 1\ncall second\nr0 += 1${EXIT}${second(32)}${CAUGHT}`,          1032],
  ['a function might have thrown',              `r1 = 0\ncall second\nr0 += 1${EXIT}${second(32)}`,                   8],
  ['a function might have thrown, not caught',  `${LENGTH}\nr1 = 0\nif r7 > 64 goto +1\ngoto +1\nr1 = 1\ncall second\nr0 += 1${EXIT}${second(32)}${CAUGHT}`, 8],
  ['a function throws where the packet says',   `${LENGTH}\nr1 = 0\nif r7 >= 50 goto +1\ngoto +1\nr1 = 1\ncall second\nr0 += 1${EXIT}${second(32)}${CAUGHT}`, 1032],
  ['through two functions',                     `r1 = 1\ncall first\nr0 += 1${EXIT}${FIRST}${second(5)}`,             5],
  ['through two functions, caught',             `r1 = 1\ncall first\nr0 += 1${EXIT}${FIRST}${second(5)}${CAUGHT}`,    1005],
  ['through two functions, not thrown',         `r1 = 0\ncall first\nr0 += 1${EXIT}${FIRST}${second(5)}${CAUGHT}`,    108],
  ['more than 32 bits',                         `r6 = r1\nr1 = 0x1200000005 ll\ncall bpf_throw\nr0 = 1${EXIT}`,       5],
  ['the number of a packet',                    `${LENGTH}${thrown('r7')}\nr0 = 1${EXIT}`,                            64],
  ['after a call that did not throw',           `r1 = 0\ncall second\nr1 = r0\nr1 += 50\ncall bpf_throw\nr0 = 1${EXIT}${second(5)}`, 57],
]
