import { PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { PASS, type VerifierCase } from '../support/case.ts'
import type { CaseFunction } from '../support/functions.ts'

const MAIN: CaseFunction = { name: 'main', args: [{ struct: 'xdp_md', bytes: 24 }] }
const CALLBACK: CaseFunction = { name: 'round', args: ['int', 'void *'], linkage: 'static' }
const functions: readonly CaseFunction[] = [MAIN, CALLBACK]

/** bpf_loop with the context in r3. */
const loop = (rounds: number | string, context = 'r10'): string => `
  r1 = ${rounds}
  r2 = round ll
  r3 = ${context}
  r4 = 0
  call 181`
/** bpf_for_each_map_elem */
const each = (map: string, context = 'r10'): string => `
  r1 = ${map} ll
  r2 = round ll
  r3 = ${context}
  r4 = 0
  call 164`
const END = (value = 0): string => `\n  r0 = ${value}\n  exit`

const LOOPS: readonly VerifierCase[] = [
  { name: 'a loop that does nothing', asm: `${loop(10)}${PASS}\nround:${END()}`, functions },
  { name: 'a loop of no rounds', asm: `${loop(0)}${PASS}\nround: r0 = *(u8 *)(r1 + 0)${END()}`, functions },
  { name: 'a loop of one round', asm: `${loop(1)}${PASS}\nround:${END()}`, functions },
  { name: 'a callback that answers 2', asm: `${loop(10)}${PASS}\nround:${END(2)}`, functions },
  { name: 'a callback that answers anything', asm: `${loop(10)}${PASS}\nround: r0 = r1\nexit`, functions },
  { name: 'a callback that answers nothing', asm: `${loop(10)}${PASS}\nround: exit`, functions },
  { name: 'a callback that answers a pointer', asm: `${loop(10)}${PASS}\nround: r0 = r10\nexit`, functions },
  {
    name: 'the index is any number',
    asm: `${loop(10)}${PASS}\nround: r3 = r10\nr3 += -8\nr3 += r1\nr0 = *(u8 *)(r3 + 0)${END()}`,
    functions,
  },
  {
    name: 'a bounded index',
    asm: `${loop(10)}${PASS}\nround: *(u64 *)(r10 - 8) = 0\nif r1 > 7 goto out\nr3 = r10\nr3 += -8\nr3 += r1\nr0 = *(u8 *)(r3 + 0)\nout:${END()}`,
    functions,
  },
  {
    name: 'a counter on the stack of the caller',
    asm: `*(u64 *)(r10 - 8) = 0\nr6 = r10\nr6 += -8${loop(10, 'r6')}\nr0 = *(u64 *)(r10 - 8)\nexit\nround: r3 = *(u64 *)(r2 + 0)\nr3 += 1\n*(u64 *)(r2 + 0) = r3${END()}`,
    functions,
  },
  {
    name: 'a counter that is an offset',
    asm: `*(u64 *)(r10 - 8) = 0\nr6 = r10\nr6 += -8${loop(10, 'r6')}\nr1 = *(u64 *)(r10 - 8)\nr2 = r10\nr1 = -r1\nr2 += r1\nr0 = *(u8 *)(r2 - 1)\nexit\nround: r3 = *(u64 *)(r2 + 0)\nr3 += 1\n*(u64 *)(r2 + 0) = r3${END()}`,
    functions,
  },
  {
    name: 'a flag set by a callback',
    asm: `*(u64 *)(r10 - 8) = 0\nr6 = r10\nr6 += -8${loop(10, 'r6')}\nr1 = *(u64 *)(r10 - 8)\nif r1 == 0 goto out\nr0 = *(u8 *)(r1 + 0)\nout:${PASS}\nround: *(u64 *)(r2 + 0) = 7${END(1)}`,
    functions,
  },
  {
    name: 'registers of the caller',
    asm: `r6 = 5\nr7 = r10${loop(10)}\nr1 = r7\nr6 = -r6\nr1 += r6\n*(u8 *)(r1 - 8) = 0${PASS}\nround: r6 = 9\nr7 = 0${END()}`,
    functions,
  },
  {
    name: 'a register that the callback reads but was not given',
    asm: `${loop(10)}${PASS}\nround: r0 = r3\nexit`,
    functions,
  },
  {
    name: 'a loop in a loop',
    asm: `${loop(10)}${PASS}\nround: r1 = 3\nr2 = inner ll\nr3 = r10\nr4 = 0\ncall 181${END()}\ninner:${END()}`,
    functions: [...functions, { name: 'inner', args: ['int', 'void *'], linkage: 'static' }],
  },
  { name: 'a loop of unknown rounds', asm: `r6 = *(u32 *)(r1 + 12)${loop('r6')}${PASS}\nround:${END()}`, functions },
  {
    name: 'a global callback',
    asm: `${loop(10)}${PASS}\nround:${END()}`,
    functions: [MAIN, { ...CALLBACK, linkage: 'global', args: ['int', 'int'] }],
  },
  { name: 'a callback without BTF', asm: `${loop(10)}${PASS}\nround:${END()}` },
  { name: 'a number for a callback', asm: `r1 = 10\nr2 = 0\nr3 = 0\nr4 = 0\ncall 181${PASS}` },
  {
    name: 'a callback that is moved',
    asm: `r1 = 10\nr2 = round ll\nr2 += 8\nr3 = 0\nr4 = 0\ncall 181${PASS}\nround:${END()}`,
    functions,
  },
  {
    name: 'a callback called as a function, too',
    asm: `r1 = 1\nr2 = 0\ncall round${loop(10)}${PASS}\nround:${END()}`,
    functions,
  },
  {
    name: 'a reference got in a callback',
    asm: `${loop(10)}${PASS}\nround: r1 = ring ll\nr2 = 8\nr3 = 0\ncall 131${END()}`,
    functions,
  },
  {
    name: 'a reference got and given back in a callback',
    asm: `${loop(10)}${PASS}\nround: r1 = ring ll\nr2 = 8\nr3 = 0\ncall 131\nif r0 == 0 goto out\nr1 = r0\nr2 = 0\ncall 132\nout:${END()}`,
    functions,
  },
  {
    name: "a caller's reference given back in a callback",
    asm: `r1 = ring ll\nr2 = 8\nr3 = 0\ncall 131\nif r0 == 0 goto out\n*(u64 *)(r10 - 8) = r0\nr6 = r10\nr6 += -8${loop(10, 'r6')}\nout:${PASS}\nround: r1 = *(u64 *)(r2 + 0)\nr2 = 0\ncall 132${END()}`,
    functions,
  },
  {
    name: 'a loop with every state kept',
    asm: `${loop(3)}${PASS}\nround:${END()}`,
    functions,
    flags: PROG_FLAG.TEST_STATE_FREQ,
  },
]

const eachFunctions: readonly CaseFunction[] = [
  MAIN,
  { name: 'round', args: ['void *', 'void *', 'void *', 'void *'], linkage: 'static' },
]

const ELEMENTS: readonly VerifierCase[] = [
  {
    name: 'every element of a hash',
    asm: `${each('hash')}${PASS}\nround: r0 = *(u32 *)(r2 + 0)\nr1 = *(u64 *)(r3 + 8)\n*(u64 *)(r3 + 0) = 1${END()}`,
    functions: eachFunctions,
  },
  {
    name: 'every element of an array',
    asm: `${each('array')}${PASS}\nround: r1 = *(u64 *)(r3 + 56)${END()}`,
    functions: eachFunctions,
  },
  {
    name: 'past the value of an element',
    asm: `${each('hash')}${PASS}\nround: r1 = *(u64 *)(r3 + 16)${END()}`,
    functions: eachFunctions,
  },
  {
    name: 'past the key of an element',
    asm: `${each('hash')}${PASS}\nround: r1 = *(u64 *)(r2 + 0)${END()}`,
    functions: eachFunctions,
  },
  {
    name: 'a store to the key of an element',
    asm: `${each('hash')}${PASS}\nround: *(u32 *)(r2 + 0) = 0${END()}`,
    functions: eachFunctions,
  },
  { name: 'every element of a trie', asm: `${each('lpm')}${PASS}\nround:${END()}`, functions: eachFunctions },
  {
    name: 'a look-up in a callback',
    asm: `${each('hash')}${PASS}\nround: call 1\nif r0 == 0 goto out\nr0 = *(u64 *)(r0 + 0)\nout:${END()}`,
    functions: eachFunctions,
  },
  {
    name: 'the context of a callback',
    asm: `*(u64 *)(r10 - 8) = 0\nr6 = r10\nr6 += -8${each('hash', 'r6')}${PASS}\nround: r1 = *(u64 *)(r4 + 0)${END()}`,
    functions: eachFunctions,
  },
]

const MAY_GOTOS: readonly VerifierCase[] = [
  { name: 'a loop that may go on', asm: `r0 = 0\nnext: may_goto out\nr0 += 1\ngoto next\nout: exit` },
  {
    name: 'a loop that may go on, over a counter',
    asm: `r6 = 0\nnext: may_goto out\nr6 += 1\nif r6 != 100 goto next\nout: r0 = r6\nexit`,
  },
  {
    name: 'a counter of rounds for an offset',
    asm: `r6 = 0\nnext: may_goto out\nr6 += 1\ngoto next\nout: r1 = r10\nr6 = -r6\nr1 += r6\nr0 = *(u8 *)(r1 - 1)\nexit`,
  },
  {
    name: 'a pointer that a round changes',
    asm: `r6 = r10\nnext: may_goto out\nr6 = 0\ngoto next\nout: *(u64 *)(r6 - 8) = 0${PASS}`,
  },
  {
    name: 'a slot that a round changes',
    asm: `*(u64 *)(r10 - 8) = 0\nnext: may_goto out\nr1 = *(u64 *)(r10 - 8)\nr1 += 1\n*(u64 *)(r10 - 8) = r1\ngoto next\nout: r0 = *(u64 *)(r10 - 8)\nexit`,
  },
  { name: 'may_goto that leaves nothing to do', asm: `may_goto out\nout:${PASS}` },
  {
    name: 'may_goto in may_goto',
    asm: `r6 = 0\nr7 = 0\nnext: may_goto out\ninner: may_goto next\nr7 += 1\ngoto inner\nout:${PASS}`,
  },
  { name: 'a loop without end besides', asm: `may_goto out\nout: r0 = 0\nnext: goto next` },
]

const ALIGNMENT: readonly VerifierCase[] = [
  {
    name: 'a value read between words',
    asm: `*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = array ll\ncall 1\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 2)\nout:${PASS}`,
  },
  {
    name: 'a value read between words, strictly',
    asm: `*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = array ll\ncall 1\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 2)\nout:${PASS}`,
    flags: PROG_FLAG.STRICT_ALIGNMENT,
  },
  {
    name: 'a buffer read between words, strictly',
    asm: `r2 = *(u32 *)(r1 + 76)\nr3 = *(u32 *)(r1 + 80)\nr4 = r2\nr4 += 8\nif r4 > r3 goto out\nr0 = *(u32 *)(r2 + 0)\nout:${PASS}`,
    type: PROG_TYPE.SCHED_CLS,
    flags: PROG_FLAG.STRICT_ALIGNMENT,
  },
]

export const CALLBACK_CASES: readonly VerifierCase[] = [...LOOPS, ...ELEMENTS]
export const MAY_GOTO_CASES: readonly VerifierCase[] = [...MAY_GOTOS, ...ALIGNMENT]
