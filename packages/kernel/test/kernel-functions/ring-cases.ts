/** Programs that fill a ring of 4096 bytes, and what they answer on Linux. */
import type { FunctionCase } from './function-cases.ts'

const EXIT = '\nexit'
/** `body` so many times, r6 counting what it likes. */
const times = (count: number, body: string): string => `
r6 = 0
*(u64 *)(r10 - 64) = 0x1234
r1 = r10
r1 += -8
r2 = 0
r3 = ${count}
call bpf_iter_num_new
next: r1 = r10
r1 += -8
call bpf_iter_num_next
if r0 == 0 goto done${body}
goto next
done: r1 = r10
r1 += -8
call bpf_iter_num_destroy`
const output = (bytes: number, flags = 0): string => `
r1 = ring ll
r2 = r10
r2 += -64
r3 = ${bytes}
r4 = ${flags}
call 130`
const reserve = (bytes: number, flags = 0): string => `\nr1 = ring ll\nr2 = ${bytes}\nr3 = ${flags}\ncall 131`
const query = (what: number): string => `\nr1 = ring ll\nr2 = ${what}\ncall 134`
const finish = (helper: number): string => `\nr1 = r0\nr2 = 0\ncall ${helper}`
const taken = (bytes: number, helper: number): string =>
  `${reserve(bytes)}\nif r0 == 0 goto next\nr6 += 1${finish(helper)}`
const COUNT = `\nr0 = r6${EXIT}`

// biome-ignore format: table
export const RING_CASES: readonly FunctionCase[] = [
  ['records until a ring is full',         times(300, `${output(8)}\nif r0 != 0 goto next\nr6 += 1`) + COUNT,     255],
  ['what a full ring answers',             times(300, `${output(8)}\nr6 = r0`) + COUNT,                           -11],
  ['records of an odd length',             times(200, `${output(13)}\nif r0 != 0 goto next\nr6 += 1`) + query(0) + EXIT, 4080],
  ['unknown flags',                        output(8, 4) + EXIT,                                                   -22],
  ['reserved and submitted',               times(99, taken(100, 132)) + COUNT,                                    36],
  ['reserved and discarded',               times(99, taken(100, 133)) + query(3) + EXIT,                          4032],
  ['one that just fits not',               `${reserve(4088)}\nif r0 != 0 goto there\nr0 = 7${EXIT}\nthere:${finish(133)}\nr0 = 8${EXIT}`, 7],
  ['one that just fits',                   `${reserve(4080)}\nif r0 != 0 goto there\nr0 = 7${EXIT}\nthere:${finish(133)}\nr0 = 8${EXIT}`, 8],
  ['one behind one that is not finished',  `${reserve(3000)}\nif r0 == 0 goto out\nr7 = r0${output(8)}\nr8 = r0\nr0 = r7${finish(132)}${query(0)}\nr0 += r8\nout: exit`, 3024],
  ['reserved with flags',                  `${reserve(8, 1)}\nif r0 != 0 goto there\nr0 = 7${EXIT}\nthere:${finish(133)}\nr0 = 8${EXIT}`, 7],
  ['how large a ring is',                  query(1) + EXIT,                                                       4096],
  ['where its reader is',                  `${output(8)}${query(2)}${EXIT}`,                                      0],
  ['what nobody asks',                     query(9) + EXIT,                                                       0],
  ['a dynptr of a record',                 `r1 = ring ll\nr2 = 24\nr3 = 0\nr4 = r10\nr4 += -32\ncall 198\nr6 = r0\nr1 = r10\nr1 += -32\ncall bpf_dynptr_size\nr6 += r0\nr1 = r10\nr1 += -32\nr2 = 0\ncall 199${query(0)}\nr0 += r6${EXIT}`, 56],
  ['a dynptr of a record too large',       `r1 = ring ll\nr2 = 5000\nr3 = 0\nr4 = r10\nr4 += -32\ncall 198\nr6 = r0\nr1 = r10\nr1 += -32\nr2 = 0\ncall 200${COUNT}`, -22],
]
