import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { lookup, type MapName, PASS, type VerifierCase } from '../support/case.ts'
import type { CaseFunction } from '../support/functions.ts'

/** r6 = an element of `map`, or out. */
const element = (map: MapName, register = 'r6'): string => `${lookup(map)}\nif r0 == 0 goto out\n${register} = r0`
const OUT = `\nout:${PASS}`
const at = (register: string, offset: number, number = 1): string =>
  `\nr${number} = ${register}\nr${number} += ${offset}`
const LOCK = `${at('r6', 4)}\ncall 93`
const UNLOCK = `${at('r6', 4)}\ncall 94`
/** r6 = the single value of the map with a lock. */
const LOCKED = element('locked')
const LOCKS = element('locks')
const TIMED = element('timed')

const LOCKING: readonly VerifierCase[] = [
  { name: 'a lock taken and given back', asm: `${LOCKED}${LOCK}\n*(u32 *)(r6 + 0) = 1${UNLOCK}${OUT}` },
  { name: 'a lock of an element', asm: `${LOCKS}${LOCK}\n*(u32 *)(r6 + 0) = 1${UNLOCK}${OUT}` },
  {
    name: 'a lock by the address of its value',
    asm: `r6 = value(locked) ll${LOCK}\nr7 = value(locked) ll${at('r7', 4)}\ncall 94${PASS}`,
  },
  { name: 'a lock loaded', asm: `${LOCKED}\nr0 = *(u32 *)(r6 + 4)${OUT}` },
  { name: 'a part of a lock loaded', asm: `${LOCKED}\nr0 = *(u8 *)(r6 + 7)${OUT}` },
  { name: 'beside a lock', asm: `${LOCKED}\nr0 = *(u32 *)(r6 + 0)\nr0 = *(u64 *)(r6 + 8)${OUT}` },
  { name: 'a lock stored to', asm: `${LOCKED}\n*(u32 *)(r6 + 4) = 0${OUT}` },
  { name: 'a lock and what is before it', asm: `${LOCKED}\n*(u64 *)(r6 + 0) = 0${OUT}` },
  { name: 'a lock changed atomically', asm: `${LOCKED}\nr1 = 1\nlock *(u32 *)(r6 + 4) += r1${OUT}` },
  {
    name: 'an offset that may hit a lock',
    asm: `${LOCKED}\nr1 = *(u32 *)(r6 + 0)\nr1 &= 7\nr6 += r1\nr0 = *(u8 *)(r6 + 0)${OUT}`,
  },
  {
    name: 'an offset that is past a lock',
    asm: `${LOCKED}\nr1 = *(u32 *)(r6 + 0)\nr1 &= 7\nr6 += r1\nr0 = *(u8 *)(r6 + 8)${OUT}`,
  },
  {
    name: 'a value with a lock handed to a helper',
    asm: `${LOCKED}\nr1 = r6\nr2 = 16\ncall 6${OUT}`,
  },
  {
    name: 'what is past a lock handed to a helper',
    asm: `${LOCKED}\nr1 = r6\nr1 += 8\nr2 = 8\ncall 6${OUT}`,
  },
  { name: 'a lock at another offset', asm: `${LOCKED}${at('r6', 8)}\ncall 93${OUT}` },
  {
    name: 'a lock at a variable offset',
    asm: `${LOCKED}\nr2 = *(u32 *)(r6 + 0)\nr2 &= 4\nr1 = r6\nr1 += r2\ncall 93${OUT}`,
  },
  { name: 'a map without a lock', asm: `${element('plain')}\nr1 = r6\ncall 93${OUT}` },
  { name: 'a map without BTF', asm: `${element('single')}\nr1 = r6\ncall 93${OUT}` },
  { name: 'a lock that may not be there', asm: `${lookup('locked')}\nr1 = r0\ncall 93${PASS}` },
  { name: 'a lock on the stack', asm: `*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\ncall 93${PASS}` },
  { name: 'a lock taken twice', asm: `${LOCKED}${LOCK}${LOCK}${UNLOCK}${OUT}` },
  { name: 'a lock that was not taken', asm: `${LOCKED}${UNLOCK}${OUT}` },
  { name: 'a lock kept', asm: `${LOCKED}${LOCK}${OUT}` },
  {
    name: 'a lock kept on one path',
    asm: `${LOCKED}\nr7 = *(u32 *)(r6 + 0)${LOCK}\nif r7 == 0 goto out${UNLOCK}${OUT}`,
  },
  {
    name: 'a lock given back on both paths',
    asm: `${LOCKED}\nr7 = *(u32 *)(r6 + 0)${LOCK}\nif r7 == 0 goto zero${UNLOCK}\ngoto out\nzero:${UNLOCK}${OUT}`,
  },
  {
    name: 'a lock taken on one path, given back after both',
    asm: `${LOCKED}\nr7 = *(u32 *)(r6 + 0)\nif r7 == 0 goto zero${LOCK}\nzero:${UNLOCK}${OUT}`,
  },
  { name: 'a helper under a lock', asm: `${LOCKED}${LOCK}\ncall 7${UNLOCK}${OUT}` },
  { name: 'a second lock under a lock', asm: `${LOCKED}${element('locks', 'r7')}${LOCK}${at('r7', 4)}\ncall 93${OUT}` },
  {
    name: 'the lock of another look-up given back',
    asm: `${LOCKS}${element('locks', 'r7')}${LOCK}${at('r7', 4)}\ncall 94${OUT}`,
  },
  {
    name: 'the lock of another map given back',
    asm: `${LOCKED}${element('locks', 'r7')}${LOCK}${at('r7', 4)}\ncall 94${OUT}`,
  },
  {
    name: 'a function under a lock',
    asm: `${LOCKED}${LOCK}\nr1 = r6\ncall store${UNLOCK}${OUT}\nstore: *(u32 *)(r1 + 0) = 1\nr0 = 0\nexit`,
  },
  {
    name: 'a function that gives a lock back',
    asm: `${LOCKED}${LOCK}\nr1 = r6\ncall back${OUT}\nback: r1 += 4\ncall 94\nr0 = 0\nexit`,
  },
  {
    name: 'a global function under a lock',
    asm: `${LOCKED}${LOCK}\nr1 = 1\ncall apart${UNLOCK}${OUT}\napart: r0 = r1\nexit`,
    functions: [
      { name: 'main', args: [{ struct: 'xdp_md', bytes: 24 }] },
      { name: 'apart', args: ['int'] },
    ],
  },
  {
    name: 'a global function under a lock that is handed what it does not take',
    asm: `${LOCKED}${LOCK}\nr1 = r6\ncall apart${UNLOCK}${OUT}\napart: r0 = r1\nexit`,
    functions: [
      { name: 'main', args: [{ struct: 'xdp_md', bytes: 24 }] },
      { name: 'apart', args: ['int'] },
    ],
  },
  {
    name: 'a packet load under a lock',
    asm: `r8 = r1${LOCKED}${LOCK}\nr7 = r6\nr6 = r8\nr0 = *(u32 *)skb[0]\nr6 = r7${UNLOCK}${OUT}`,
    type: PROG_TYPE.SCHED_CLS,
  },
  {
    name: 'a tail call under a lock',
    asm: `r8 = r1${LOCKED}${LOCK}\nr1 = r8\nr2 = progs ll\nr3 = 0\ncall 12${UNLOCK}${OUT}`,
  },
  {
    name: 'a loop under a lock',
    asm: `${LOCKED}${LOCK}\nr7 = 0\nnext: r7 += 1\nif r7 < 4 goto next${UNLOCK}${OUT}`,
  },
  { name: 'a lock in a socket filter', asm: `${LOCKED}${LOCK}${UNLOCK}${OUT}`, type: PROG_TYPE.SOCKET_FILTER },
  { name: 'a lock in a kprobe', asm: `${LOCKED}${LOCK}${UNLOCK}${OUT}`, type: PROG_TYPE.KPROBE },
  { name: 'a map with a lock in a kprobe', asm: `r1 = locked ll${PASS}`, type: PROG_TYPE.KPROBE },
]

const functions: readonly CaseFunction[] = [
  { name: 'main', args: [{ struct: 'xdp_md', bytes: 24 }] },
  { name: 'fired', args: ['void *', 'void *', 'void *'], linkage: 'static' },
]
const INIT = `${at('r6', 8)}\nr2 = timed ll\nr3 = 1\ncall 169`
const SET = (number = 6): string => `${at(`r${number}`, 8)}\nr2 = fired ll\ncall 170`
const START = `${at('r6', 8)}\nr2 = 1000\nr3 = 0\ncall 171`
const END = (value = 0): string => `\nr0 = ${value}\nexit`

const TIMERS: readonly VerifierCase[] = [
  {
    name: 'a timer that is set up, started and cancelled',
    asm: `${TIMED}${INIT}${SET()}${START}${at('r6', 8)}\ncall 172${OUT}\nfired: *(u64 *)(r3 + 0) = 1${END()}`,
    functions,
  },
  { name: 'a callback that answers 1', asm: `${TIMED}${SET()}${OUT}\nfired:${END(1)}`, functions },
  {
    name: 'a callback that answers any number',
    asm: `${TIMED}${SET()}${OUT}\nfired: r0 = *(u64 *)(r3 + 0)\nexit`,
    functions,
  },
  { name: 'a callback that answers a pointer', asm: `${TIMED}${SET()}${OUT}\nfired: r0 = r3\nexit`, functions },
  { name: 'a callback that answers nothing', asm: `${TIMED}${SET()}${OUT}\nfired: exit`, functions },
  {
    name: 'a callback that sets itself again',
    asm: `${TIMED}${SET()}${OUT}\nfired: r6 = r3${SET()}${START}${END()}`,
    functions,
  },
  {
    name: 'a callback that reads its key',
    asm: `${TIMED}${SET()}${OUT}\nfired: r0 = *(u32 *)(r2 + 0)\nr0 = 0\nexit`,
    functions,
  },
  {
    name: 'a callback that looks into its map',
    asm: `${element('timers')}${SET()}${OUT}\nfired: call 1\nif r0 == 0 goto no\nr1 = *(u64 *)(r0 + 0)\nno:${END()}`,
    functions,
  },
  {
    name: 'a callback that loops',
    asm: `${TIMED}${SET()}${OUT}\nfired: r1 = 0\nnext: r1 += 1\nif r1 < 5 goto next${END()}`,
    functions,
  },
  { name: 'a callback without end', asm: `${TIMED}${SET()}${OUT}\nfired: r0 = 0\nnext: goto next`, functions },
  {
    name: 'a callback that reads what it was not given',
    asm: `${TIMED}${SET()}${OUT}\nfired: r0 = r4\nexit`,
    functions,
  },
  {
    name: 'a callback that keeps a reference',
    asm: `${TIMED}${SET()}${OUT}\nfired: r1 = ring ll\nr2 = 8\nr3 = 0\ncall 131${END()}`,
    functions,
  },
  {
    name: 'a callback set on two paths',
    asm: `${TIMED}\nr7 = *(u64 *)(r6 + 0)\nif r7 == 0 goto zero${SET()}\ngoto out\nzero:${SET()}${OUT}\nfired:${END()}`,
    functions,
  },
  {
    name: 'a callback with a deep stack',
    asm: `*(u64 *)(r10 - 400) = 0${TIMED}${SET()}${OUT}\nfired: *(u64 *)(r10 - 400) = 0${END()}`,
    functions,
  },
  {
    name: 'a callback that is called, too, with a deep stack',
    asm: `*(u64 *)(r10 - 400) = 0${TIMED}${SET()}\nr1 = 0\nr2 = 0\nr3 = 0\ncall fired${OUT}\nfired: *(u64 *)(r10 - 400) = 0${END()}`,
    functions,
  },
  {
    name: 'a callback with a stack that is too deep',
    asm: `${TIMED}${SET()}${OUT}\nfired: *(u64 *)(r10 - 400) = 0\ncall deep${END()}\ndeep: *(u64 *)(r10 - 400) = 0${END()}`,
    functions: [...functions, { name: 'deep', args: [], linkage: 'static' }],
  },
  { name: 'a timer at another offset', asm: `${TIMED}\nr1 = r6\ncall 172${OUT}` },
  { name: 'a timer of another map', asm: `${TIMED}${at('r6', 8)}\nr2 = timers ll\nr3 = 1\ncall 169${OUT}` },
  { name: 'a map without a timer', asm: `${element('plain')}\nr1 = r6\ncall 172${OUT}` },
  { name: 'a timer in a map without BTF', asm: `${element('single')}\nr1 = r6\ncall 172${OUT}` },
  {
    name: 'a timer at a variable offset',
    asm: `${TIMED}\nr2 = *(u32 *)(r6 + 0)\nr2 &= 8\nr1 = r6\nr1 += r2\ncall 172${OUT}`,
  },
  { name: 'a timer that is loaded', asm: `${TIMED}\nr0 = *(u64 *)(r6 + 8)${OUT}` },
  { name: 'a timer that is stored to', asm: `${TIMED}\n*(u32 *)(r6 + 20) = 0${OUT}` },
  {
    name: 'a timer handed over as a value',
    asm: `${TIMED}\n*(u32 *)(r10 - 4) = 0\nr1 = timers ll\nr2 = r10\nr2 += -4\nr3 = r6\nr4 = 0\ncall 2${OUT}`,
  },
  { name: 'a timer in a kprobe', asm: `r1 = timed ll${PASS}`, type: PROG_TYPE.KPROBE },
  { name: 'a timer in a program that is not GPL', asm: `${TIMED}${at('r6', 8)}\ncall 172${OUT}`, gpl: false },
  {
    name: 'a timer of an inner map',
    asm: `${element('outer', 'r7')}\n*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = r7\ncall 1\nif r0 == 0 goto out\nr1 = r0\nr1 += 8\nr2 = r7\nr3 = 1\ncall 169${OUT}`,
  },
  {
    name: 'a timer of another inner map',
    asm: `${element('outer', 'r7')}${element('outer', 'r8')}\n*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = r7\ncall 1\nif r0 == 0 goto out\nr1 = r0\nr1 += 8\nr2 = r8\nr3 = 1\ncall 169${OUT}`,
  },
]

const KPTRS = element('kptrs')

const OTHERS: readonly VerifierCase[] = [
  { name: 'a work queue that is loaded', asm: `${element('queued')}\nr0 = *(u64 *)(r6 + 16)${OUT}` },
  { name: 'beside a work queue', asm: `${element('queued')}\nr0 = *(u64 *)(r6 + 0)${OUT}` },
  { name: 'a work queue in a kprobe', asm: `r1 = queued ll${PASS}`, type: PROG_TYPE.KPROBE },
  { name: 'a part of a kernel pointer', asm: `${KPTRS}\nr0 = *(u32 *)(r6 + 0)${OUT}` },
  { name: 'across a kernel pointer', asm: `${KPTRS}\nr0 = *(u64 *)(r6 + 4)${OUT}` },
  { name: 'beside a kernel pointer', asm: `${KPTRS}\nr0 = *(u64 *)(r6 + 8)${OUT}` },
  {
    name: 'a kernel pointer at a variable offset',
    asm: `${KPTRS}\nr1 = *(u64 *)(r6 + 8)\nr1 &= 8\nr6 += r1\nr0 = *(u64 *)(r6 + 0)${OUT}`,
  },
  { name: 'no kernel pointer stored', asm: `${KPTRS}\n*(u64 *)(r6 + 0) = 0${OUT}` },
  { name: 'no kernel pointer stored from a register', asm: `${KPTRS}\nr1 = 0\n*(u64 *)(r6 + 0) = r1${OUT}` },
  { name: 'a number stored as a kernel pointer', asm: `${KPTRS}\n*(u64 *)(r6 + 0) = 1${OUT}` },
  { name: 'a number in a register stored as a kernel pointer', asm: `${KPTRS}\nr1 = 1\n*(u64 *)(r6 + 0) = r1${OUT}` },
  { name: 'another pointer stored as a kernel pointer', asm: `${KPTRS}\n*(u64 *)(r6 + 0) = r6${OUT}` },
  { name: 'a counted kernel pointer stored', asm: `${KPTRS}\nr1 = 0\n*(u64 *)(r6 + 16) = r1${OUT}` },
  { name: 'a kernel pointer changed atomically', asm: `${KPTRS}\nr1 = 0\nlock *(u64 *)(r6 + 0) += r1${OUT}` },
  {
    name: 'a kernel pointer handed to a helper',
    asm: `${KPTRS}\nr1 = r6\nr2 = 16\ncall 6${OUT}`,
  },
  { name: 'an exchange where no kernel pointer is', asm: `${KPTRS}${at('r6', 8)}\nr2 = 0\ncall 194${OUT}` },
  { name: 'an exchange of a pointer that is not counted', asm: `${KPTRS}\nr1 = r6\nr2 = 0\ncall 194${OUT}` },
  { name: 'an exchange in a map without kernel pointers', asm: `${element('plain')}\nr1 = r6\nr2 = 0\ncall 194${OUT}` },
  { name: 'an exchange in a map without BTF', asm: `${element('single')}\nr1 = r6\nr2 = 0\ncall 194${OUT}` },
]

const OBJECTS = element('objects')
/** r7 = the pointer that is not counted, or the counted one, or out. */
const UNCOUNTED = `${OBJECTS}\nr7 = *(u64 *)(r6 + 0)\nif r7 == 0 goto out`
const COUNTED = `${OBJECTS}\nr7 = *(u64 *)(r6 + 16)\nif r7 == 0 goto out`
const EXCHANGE = `${at('r6', 16)}\ncall 194`

const POINTERS: readonly VerifierCase[] = [
  { name: 'a kernel pointer that is not counted', asm: `${UNCOUNTED}\nr0 = *(u32 *)(r7 + 0)${OUT}` },
  { name: 'a kernel pointer that is not counted, past its end', asm: `${UNCOUNTED}\nr0 = *(u64 *)(r7 + 32)${OUT}` },
  {
    name: 'a kernel pointer that is not compared',
    asm: `${OBJECTS}\nr7 = *(u64 *)(r6 + 0)\nr0 = *(u32 *)(r7 + 0)${OUT}`,
  },
  {
    name: 'a pointer behind a kernel pointer',
    asm: `${UNCOUNTED}\nr1 = *(u64 *)(r7 + 16)\nr0 = *(u32 *)(r1 + 4)${OUT}`,
  },
  { name: 'a store through a kernel pointer', asm: `${UNCOUNTED}\n*(u32 *)(r7 + 0) = 1${OUT}` },
  { name: 'a kernel pointer stored back', asm: `${UNCOUNTED}\n*(u64 *)(r6 + 0) = r7${OUT}` },
  {
    name: 'a kernel pointer that may be NULL stored back',
    asm: `${OBJECTS}\nr7 = *(u64 *)(r6 + 0)\n*(u64 *)(r6 + 0) = r7${OUT}`,
  },
  { name: 'a kernel pointer that was moved stored back', asm: `${UNCOUNTED}\nr7 += 8\n*(u64 *)(r6 + 0) = r7${OUT}` },
  { name: 'a counted kernel pointer', asm: `${COUNTED}\nr0 = *(u32 *)(r7 + 0)${OUT}` },
  { name: 'a counted kernel pointer stored as one that is not', asm: `${COUNTED}\n*(u64 *)(r6 + 0) = r7${OUT}` },
  { name: 'an exchange of nothing', asm: `${OBJECTS}\nr2 = 0${EXCHANGE}\nr0 = 0${OUT}` },
  {
    name: 'an exchange that is not given back',
    asm: `${OBJECTS}\nr2 = 0${EXCHANGE}\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 0)${OUT}`,
  },
  {
    name: 'an exchange of what was there',
    asm: `${OBJECTS}\nr2 = 0${EXCHANGE}\nif r0 == 0 goto out\nr2 = r0${EXCHANGE}${OUT}`,
  },
  { name: 'an exchange of what may be NULL', asm: `${OBJECTS}\nr2 = 0${EXCHANGE}\nr2 = r0${EXCHANGE}${OUT}` },
  {
    name: 'an exchange of a moved pointer',
    asm: `${OBJECTS}\nr2 = 0${EXCHANGE}\nif r0 == 0 goto out\nr2 = r0\nr2 += 8${EXCHANGE}${OUT}`,
  },
  { name: 'an exchange of a pointer that is not held', asm: `${COUNTED}\nr2 = r7${EXCHANGE}${OUT}` },
  { name: 'an exchange of an untrusted pointer', asm: `${UNCOUNTED}\nr2 = r7${EXCHANGE}${OUT}` },
  { name: 'an exchange of a number', asm: `${OBJECTS}\nr2 = 1${EXCHANGE}${OUT}` },
]

export const LOCK_CASES: readonly VerifierCase[] = LOCKING
export const TIMER_CASES: readonly VerifierCase[] = TIMERS
export const FIELD_CASES: readonly VerifierCase[] = [
  ...OTHERS,
  ...POINTERS.map((row) => ({ ...row, kernelTypes: true as const })),
]
