import { lookup, PASS, type VerifierCase } from '../support/case.ts'
import type { CaseFunction } from '../support/functions.ts'

const MAIN: CaseFunction = { name: 'main', args: [{ struct: 'xdp_md', bytes: 24 }] }
const CALLBACK: CaseFunction = { name: 'sample', args: ['void *', 'void *'], linkage: 'static' }
const functions: readonly CaseFunction[] = [MAIN, CALLBACK]

const pointer = (number: number, offset: number): string => `\nr${number} = r10\nr${number} += ${offset}`
/** bpf_ringbuf_reserve_dynptr, bpf_ringbuf_submit_dynptr, bpf_ringbuf_discard_dynptr */
const reserve = (at = -24): string => `\nr1 = ring ll\nr2 = 8\nr3 = 0${pointer(4, at)}\ncall 198`
const submit = (at = -24): string => `${pointer(1, at)}\nr2 = 0\ncall 199`
const discard = (at = -24): string => `${pointer(1, at)}\nr2 = 0\ncall 200`
/** r0 = bpf_dynptr_data(dynptr, 0, size) */
const data = (at = -24, size: number | string = 8): string => `${pointer(1, at)}\nr2 = 0\nr3 = ${size}\ncall 203`
/** bpf_dynptr_read to the stack, bpf_dynptr_write from it. */
const read = (to: number, size: number, at = -24): string =>
  `${pointer(1, to)}\nr2 = ${size}${pointer(3, at)}\nr4 = 0\nr5 = 0\ncall 201`
const write = (from: number, size: number, at = -24): string =>
  `${pointer(1, at)}\nr2 = 0${pointer(3, from)}\nr4 = ${size}\nr5 = 0\ncall 202`
/** r6 = an element; bpf_dynptr_from_mem of it. */
const ELEMENT = `${lookup('single')}\nif r0 == 0 goto out\nr6 = r0`
const fromElement = (at = -24): string => `\nr1 = r6\nr2 = 64\nr3 = 0${pointer(4, at)}\ncall 197`
const OUT = `\nout:${PASS}`

const MADE: readonly VerifierCase[] = [
  { name: 'a dynptr reserved and submitted', asm: `${reserve()}${submit()}${PASS}` },
  { name: 'a dynptr reserved and discarded', asm: `${reserve()}${discard()}${PASS}` },
  { name: 'a dynptr that is kept', asm: `${reserve()}${PASS}` },
  { name: 'two dynptrs', asm: `${reserve()}${reserve(-40)}${submit()}${submit(-40)}${PASS}` },
  { name: 'one of two dynptrs kept', asm: `${reserve()}${reserve(-40)}${submit(-40)}${PASS}` },
  { name: 'a dynptr submitted twice', asm: `${reserve()}${submit()}${submit()}${PASS}` },
  { name: 'a dynptr submitted that was never made', asm: `${submit()}${PASS}` },
  { name: 'a dynptr of a map’s value', asm: `${ELEMENT}${fromElement()}${OUT}` },
  { name: 'a dynptr of a map’s value submitted', asm: `${ELEMENT}${fromElement()}${submit()}${OUT}` },
  { name: 'a dynptr of the stack', asm: `r6 = r10\nr6 += -64${fromElement()}${PASS}` },
  { name: 'a dynptr at an odd offset', asm: `${reserve(-23)}${PASS}` },
  { name: 'a dynptr of half a place', asm: `${reserve(-8)}${PASS}` },
  { name: 'a dynptr above the frame', asm: `${reserve(8)}${PASS}` },
  {
    name: 'a dynptr at a variable offset',
    asm: `r6 = *(u32 *)(r1 + 0)\nr6 = *(u32 *)(r1 + 12)\nr6 &= 8\nr1 = ring ll\nr2 = 8\nr3 = 0${pointer(4, -32)}\nr4 += r6\ncall 198${PASS}`,
  },
  { name: 'a dynptr in a map’s value', asm: `${ELEMENT}\nr1 = ring ll\nr2 = 8\nr3 = 0\nr4 = r6\ncall 198${OUT}` },
  { name: 'a dynptr over one of a map’s value', asm: `${ELEMENT}${fromElement()}${fromElement()}${OUT}` },
  { name: 'a dynptr over one half of another', asm: `${ELEMENT}${fromElement()}${fromElement(-32)}${OUT}` },
  { name: 'a dynptr over a reserved one', asm: `${reserve()}${reserve()}${submit()}${PASS}` },
  { name: 'a dynptr over half a reserved one', asm: `${ELEMENT}${reserve()}${fromElement(-32)}${submit()}${OUT}` },
]

const USED: readonly VerifierCase[] = [
  { name: 'a load from a dynptr', asm: `${reserve()}\nr6 = *(u64 *)(r10 - 24)${submit()}${PASS}` },
  { name: 'a byte of a dynptr', asm: `${reserve()}\nr6 = *(u8 *)(r10 - 10)${submit()}${PASS}` },
  { name: 'a store to a reserved dynptr', asm: `${reserve()}\n*(u8 *)(r10 - 10) = 0${submit()}${PASS}` },
  { name: 'a store to a dynptr of a map’s value', asm: `${ELEMENT}${fromElement()}\n*(u8 *)(r10 - 10) = 0${OUT}` },
  {
    name: 'a dynptr used after a store to it',
    asm: `${ELEMENT}${fromElement()}\n*(u64 *)(r10 - 16) = 0${data()}${OUT}`,
  },
  {
    name: 'memory of a dynptr',
    asm: `${reserve()}${data()}\nif r0 == 0 goto out\n*(u64 *)(r0 + 0) = 1\nout:${submit()}${PASS}`,
  },
  {
    name: 'memory past a dynptr’s',
    asm: `${reserve()}${data()}\nif r0 == 0 goto out\n*(u64 *)(r0 + 1) = 1\nout:${submit()}${PASS}`,
  },
  { name: 'memory of a dynptr that may be NULL', asm: `${reserve()}${data()}\n*(u64 *)(r0 + 0) = 1${submit()}${PASS}` },
  { name: 'memory of no known size', asm: `r6 = *(u32 *)(r1 + 12)${reserve()}${data(-24, 'r6')}${submit()}${PASS}` },
  {
    name: 'memory of a dynptr after it was submitted',
    asm: `${reserve()}${data()}\nr6 = r0${submit()}\nif r6 == 0 goto out\nr0 = *(u64 *)(r6 + 0)${OUT}`,
  },
  {
    name: 'memory of another dynptr after one was submitted',
    asm: `${reserve()}${reserve(-40)}${data()}\nr6 = r0${submit(-40)}\nif r6 == 0 goto out\n*(u64 *)(r6 + 0) = 1\nout:${submit()}${PASS}`,
  },
  {
    name: 'memory of a dynptr that was overwritten',
    asm: `${ELEMENT}${fromElement()}${data()}\nif r0 == 0 goto out\n*(u64 *)(r10 - 24) = 0\nr0 = *(u64 *)(r0 + 0)${OUT}`,
  },
  {
    name: 'memory of a dynptr beside one that was overwritten',
    asm: `${ELEMENT}${fromElement()}${fromElement(-40)}${data()}\nif r0 == 0 goto out\n*(u64 *)(r10 - 40) = 0\nr0 = *(u64 *)(r0 + 0)${OUT}`,
  },
  {
    name: 'a dynptr’s memory given to bpf_ringbuf_submit',
    asm: `${reserve()}${data()}\nif r0 == 0 goto out\nr1 = r0\nr2 = 0\ncall 132\nout:${submit()}${PASS}`,
  },
  { name: 'a read through a dynptr', asm: `${reserve()}${read(-40, 8)}${submit()}${PASS}` },
  { name: 'a read over the dynptr', asm: `${reserve()}${read(-32, 16)}${submit()}${PASS}` },
  { name: 'a read through no dynptr', asm: `${read(-40, 8)}${PASS}` },
  { name: 'a read through the second half', asm: `${reserve()}${read(-40, 8, -16)}${submit()}${PASS}` },
  { name: 'a read after the dynptr was submitted', asm: `${reserve()}${submit()}${read(-40, 8)}${PASS}` },
  { name: 'a write through a dynptr', asm: `*(u64 *)(r10 - 40) = 5${reserve()}${write(-40, 8)}${submit()}${PASS}` },
  { name: 'a write of the dynptr itself', asm: `${reserve()}${write(-24, 16)}${submit()}${PASS}` },
  {
    name: 'a dynptr put into a map',
    asm: `${reserve()}\n*(u32 *)(r10 - 4) = 0\nr1 = kptrs ll${pointer(2, -4)}${pointer(3, -32)}\nr4 = 0\ncall 2${submit()}${PASS}`,
  },
  {
    name: 'a load that may hit a dynptr',
    asm: `r6 = *(u32 *)(r1 + 12)${reserve()}\nr6 &= 15${pointer(7, -24)}\nr7 += r6\nr0 = *(u8 *)(r7 + 0)${submit()}${PASS}`,
  },
  {
    name: 'a store that may hit a dynptr',
    asm: `r6 = *(u32 *)(r1 + 12)${reserve()}\nr6 &= 15${pointer(7, -32)}\nr7 += r6\n*(u8 *)(r7 + 0) = 0${submit()}${PASS}`,
  },
]

/** bpf_user_ringbuf_drain, with the frame pointer for the callback. */
const DRAIN = `r1 = samples ll\nr2 = sample ll\nr3 = r10\nr4 = 0\ncall 209`
const END = '\nr0 = 0\nexit'
const KEPT = '\nr6 = r1'

const CALLBACKS: readonly VerifierCase[] = [
  { name: 'samples that nobody looks at', asm: `${DRAIN}${PASS}\nsample:${END}`, functions },
  {
    name: 'a sample read',
    asm: `${DRAIN}${PASS}\nsample: r3 = r1${pointer(1, -8)}\nr2 = 8\nr4 = 0\nr5 = 0\ncall 201${END}`,
    functions,
  },
  {
    name: 'a sample’s memory',
    asm: `${DRAIN}${PASS}\nsample: r2 = 0\nr3 = 8\ncall 203\nif r0 == 0 goto end\nr0 = *(u64 *)(r0 + 0)\nend:${END}`,
    functions,
  },
  { name: 'a sample’s dynptr loaded', asm: `${DRAIN}${PASS}\nsample: r0 = *(u64 *)(r1 + 0)${END}`, functions },
  {
    name: 'a sample’s dynptr moved',
    asm: `${DRAIN}${PASS}\nsample: r1 += 8\nr2 = 0\nr3 = 8\ncall 203${END}`,
    functions,
  },
  {
    name: 'a sample’s dynptr moved back',
    asm: `${DRAIN}${PASS}\nsample: r1 += -8\nr2 = 0\nr3 = 8\ncall 203${END}`,
    functions,
  },
  { name: 'a sample submitted', asm: `${DRAIN}${PASS}\nsample: r2 = 0\ncall 199${END}`, functions },
  {
    name: 'a sample reserved',
    asm: `${DRAIN}${PASS}\nsample:${KEPT}\nr1 = ring ll\nr2 = 8\nr3 = 0\nr4 = r6\ncall 198${END}`,
    functions,
  },
  { name: 'a callback for a sample that answers 2', asm: `${DRAIN}${PASS}\nsample: r0 = 2\nexit`, functions },
  { name: 'samples of another ring', asm: `${DRAIN.replace('samples', 'ring')}${PASS}\nsample:${END}`, functions },
]

const GLOBAL: readonly CaseFunction[] = [MAIN, { name: 'take', args: [{ struct: 'bpf_dynptr', bytes: 16 }] }]
const TAKE = `${pointer(1, -24)}\ncall take`
const SLICE = '\ntake: r2 = 0\nr3 = 8\ncall 203\nif r0 == 0 goto end\nr0 = *(u64 *)(r0 + 0)\nend:'

/** Functions that are judged by themselves. */
const HANDED: readonly VerifierCase[] = [
  {
    name: 'a dynptr handed to a global function',
    asm: `${reserve()}${TAKE}${submit()}${PASS}${SLICE}${END}`,
    functions: GLOBAL,
  },
  { name: 'no dynptr handed to a global function', asm: `${TAKE}${PASS}${SLICE}${END}`, functions: GLOBAL },
  { name: 'a number handed for a dynptr', asm: `r1 = 0\ncall take${PASS}${SLICE}${END}`, functions: GLOBAL },
  {
    name: 'a map’s value handed for a dynptr',
    asm: `${ELEMENT}\nr1 = r6\ncall take\nout:${PASS}${SLICE}${END}`,
    functions: GLOBAL,
  },
  {
    name: 'a global function that submits',
    asm: `${reserve()}${TAKE}${submit()}${PASS}\ntake: r2 = 0\ncall 199${END}`,
    functions: GLOBAL,
  },
  {
    name: 'a global function that loads its dynptr',
    asm: `${reserve()}${TAKE}${submit()}${PASS}\ntake: r0 = *(u64 *)(r1 + 0)${END}`,
    functions: GLOBAL,
  },
]

/** Those of one function. */
export const FRAME_DYNPTR_CASES: readonly VerifierCase[] = [...MADE, ...USED]

export const DYNPTR_CASES: readonly VerifierCase[] = [...FRAME_DYNPTR_CASES, ...CALLBACKS, ...HANDED]
