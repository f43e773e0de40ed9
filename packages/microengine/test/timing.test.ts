import {
  alu,
  br,
  brBit,
  CSRS,
  cmd,
  ctxArb,
  gprA,
  gprB,
  imm,
  immed,
  local,
  localCsrRead,
  localCsrWrite,
  NO_OPERAND,
  rtn,
  type Word,
} from '@bpfoundry/microcode'
import { describe, expect, it } from 'vitest'
import { SINGLE_PATH_TIMING } from '../src/index.ts'
import { LATENCY_CYCLES, nops, runWords, START } from './core.ts'

const EXECUTIONS = ['generated', 'table'] as const
const zero = alu(NO_OPERAND, gprA(0), '-', imm(0))
const plain = immed(gprB(9), 1)
const read = cmd({ command: 'read32_swap', mode: '32', xfer: 0, left: gprA(1), right: imm(0), count: 0, swap: 'swap' })
const readFar = cmd({
  command: 'read32_swap',
  mode: '40-ba',
  xfer: 0,
  left: gprA(1),
  right: gprB(1),
  count: 0,
  swap: 'swap',
})
const post = cmd({
  command: 'write32_swap',
  mode: '32',
  xfer: 0,
  left: gprA(1),
  right: imm(0),
  count: 0,
  swap: 'no-swap',
  signal: 0,
})
const readDefer = (swap: 'swap-defer1' | 'swap-defer2'): Word =>
  cmd({ command: 'read32_swap', mode: '32', xfer: 0, left: gprA(1), right: imm(0), count: 0, swap })

/** Words, and the cycles that they take. Figures: J. Krude et al., nfp.md 2. */
const CASES: readonly (readonly [name: string, words: readonly Word[], cycles: number])[] = [
  ['ten words that calculate: one each', nops(10), 10],
  ['a branch that is not taken: 1', [zero, br('bne', START + 2)], 2],
  ['a taken branch right behind the word that set condition codes: 4', [zero, br('beq', START + 2)], 5],
  ['a taken branch later: 3', [zero, plain, br('beq', START + 3)], 5],
  ['an unconditional branch: 4', [br('br', START + 1)], 4],
  ['an unconditional branch with one word in its shadow: 4 with it', [br('br', START + 2, 1), plain], 4],
  ['an unconditional branch with two words in its shadow: 4 with them', [br('br', START + 3, 2), plain, plain], 4],
  [
    'a return with three words in its shadow: 4 with them',
    [immed(gprA(5), START + 5), rtn(gprA(5), 3), plain, plain, plain],
    5,
  ],
  [
    'a taken late branch with three words in its shadow: they are longer than the branch',
    [zero, br('beq', START + 5, 3), ...nops(3)],
    5,
  ],
  ['a branch on a bit that is not taken: 1', [brBit(gprA(0), 3, true, START + 1)], 1],
  ['a branch on a bit that is taken: 4', [brBit(gprA(0), 3, false, START + 1)], 4],
  ['a command that swaps: 3, then the memory', [read], 3 + LATENCY_CYCLES],
  ['a command with one word in its shadow: 3 with it', [readDefer('swap-defer1'), plain], 3 + LATENCY_CYCLES],
  ['a command with two words in its shadow: 3 with them', [readDefer('swap-defer2'), plain, plain], 3 + LATENCY_CYCLES],
  ['a command that does not swap: 1', [post, post, post], 3],
  ['a voluntary swap with nobody else there: 3', [ctxArb({ events: 1 })], 3],
  [
    'control registers: 1',
    [localCsrWrite(CSRS.actLmAddr0, gprA(0)), localCsrRead(CSRS.pseudoRandom), immed(gprA(1), 0)],
    3,
  ],
]

describe.each(EXECUTIONS)('cycles of %s execution', (execution) => {
  it.each(CASES)('%s', (_, words, cycles) => {
    expect(runWords(words, { execution }).cycles).toBe(cycles)
  })

  it.each([
    ['16 cycles behind the one before, with 32-bit addresses', [post, read], 1 + 16],
    ['25 cycles behind the one before, with 40-bit addresses', [post, readFar], 1 + 25],
    ['not when the words between take longer', [post, ...nops(40), read], 1 + 40 + 3],
  ])('a swapping command on a single path ends no sooner than %s', (_, words, cycles) => {
    expect(runWords(words, { execution, timing: SINGLE_PATH_TIMING }).cycles).toBe(cycles + LATENCY_CYCLES)
  })

  it.each([0, 1, 2, 3, 4])('an index register that was written %i words before', (between) => {
    // Index 0 points at word 0, then at word 16; the words hold 1 and 2.
    const words = [
      alu(local(0, 0), NO_OPERAND, 'B', imm(1)),
      localCsrWrite(CSRS.actLmAddr0, imm(64)),
      ...nops(4),
      alu(local(0, 0), NO_OPERAND, 'B', imm(2)),
      localCsrWrite(CSRS.actLmAddr0, imm(0)),
      ...nops(4),
      localCsrWrite(CSRS.actLmAddr0, imm(64)),
      ...nops(between),
      alu(gprA(3), NO_OPERAND, 'B', local(0, 0)),
    ]
    const { core } = runWords(words, { execution })
    // It takes three cycles: the driver has three words between writing and using it.
    expect(core.context(0).a[3]).toBe(between < 3 ? 1 : 2)
  })
})
