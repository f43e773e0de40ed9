/** Words for tests: every form that the kernel's driver emits, by our builders, and words at random, class by class. */
import {
  absoluteA,
  absoluteB,
  alu,
  br,
  brBit,
  brByte,
  CSRS,
  cmd,
  ctxArb,
  doubleShiftRight,
  gprA,
  gprB,
  gprBoth,
  imm,
  immed,
  LAYOUTS,
  ldField,
  ldFieldClear,
  loadImmediate,
  local,
  localCsrRead,
  localCsrWrite,
  localDecrement,
  localIncrement,
  mulStep,
  NO_OPERAND,
  NO_SHIFT,
  neighbour,
  nop,
  rotateRight,
  rtn,
  shf,
  shiftLeft,
  shiftRight,
  type Word,
  xfer,
} from '../src/index.ts'

// biome-ignore format: a word a line
/** Words as the driver makes them. */
export const DRIVER_WORDS: readonly Word[] = [
  nop(),
  alu(gprBoth(2), gprA(2), '+', gprB(3)),
  alu(gprBoth(2), gprB(2), '-', gprA(3)),
  alu(NO_OPERAND, gprA(4), 'XOR', imm(0x11)),
  alu(gprB(22), gprB(22), 'AND', local(1, 0)),
  alu(gprBoth(4), NO_OPERAND, 'B', local(1, 2)),
  alu(local(0, 15), NO_OPERAND, 'B', gprB(6)),
  alu(localIncrement(3), NO_OPERAND, 'B', gprB(7)),
  alu(localDecrement(2), NO_OPERAND, '~B', gprB(7)),
  alu(gprBoth(8), NO_OPERAND, 'B', localIncrement(3)),
  alu(xfer(1), NO_OPERAND, 'B', gprA(9)),
  alu(xfer(40), NO_OPERAND, 'B', xfer(33)),
  alu(absoluteA(0x55), absoluteB(0x66), '+', gprA(1)),
  alu(neighbour(3), neighbour(2), 'OR', gprB(1)),
  alu(gprA(20), gprA(4), '+16', local(1, 2)),
  alu(gprBoth(1), gprA(1), '-carry', gprB(3)),
  alu(NO_OPERAND, imm(0), '-carry', gprB(3)),
  alu(gprA(0), NO_OPERAND, 'B', imm(0)),
  alu(NO_OPERAND, gprA(2), 'AND~', imm(255)),
  immed(gprA(0), 0x1234),
  immed(gprB(0), 0),
  immed(NO_OPERAND, 0x890),
  immed(xfer(0), 0xffff, { invert: true }),
  immed(gprBoth(5), 0x12, { width: 'byte', shiftBytes: 1 }),
  ...[0, 0xffff, 0x123400, 0xffff0000, -1, 0xff1234ff, 0x12345678, 0x44112282].flatMap((value) => loadImmediate(gprBoth(2), value)),
  shf(gprBoth(4), NO_OPERAND, 'B', gprB(4), shiftLeft(3)),
  shf(gprBoth(4), NO_OPERAND, 'B', gprB(4), shiftRight(31)),
  shf(gprBoth(4), NO_OPERAND, 'B', gprB(4), shiftLeft('indirect')),
  shf(gprBoth(5), gprA(5), 'B', gprB(4), doubleShiftRight(20)),
  shf(gprBoth(5), gprA(5), 'B', gprB(4), doubleShiftRight('indirect')),
  shf(gprBoth(5), NO_OPERAND, 'asr', gprB(5), shiftRight(31)),
  shf(gprBoth(5), NO_OPERAND, 'asr', gprB(5), shiftRight('indirect')),
  shf(gprB(2), imm(0xff), 'AND', gprB(2), shiftRight('indirect')),
  shf(local(1, 4), local(1, 4), 'OR', imm(1), shiftLeft(4)),
  ldField(gprBoth(0), 0xf, gprA(0), rotateRight(8)),
  ldField(gprBoth(0), 0x5, gprA(0), rotateRight(16)),
  ldField(gprA(0), 0xc, imm(0x82), shiftLeft(16)),
  ldField(local(1, 6), 0x1, gprB(4), NO_SHIFT),
  ldFieldClear(gprBoth(2), 0x3, xfer(0), NO_SHIFT),
  ldFieldClear(gprBoth(2), 0x1, local(3, 7), shiftRight(24)),
  mulStep(gprA(2), 'start', 'step1', gprB(4)),
  mulStep(gprA(2), '16x16', 'step2', imm(7)),
  mulStep(gprA(2), '32x32', 'step4', gprB(4)),
  mulStep(gprBoth(2), '16x16', 'last', NO_OPERAND),
  mulStep(gprBoth(2), '32x32', 'last', NO_OPERAND),
  mulStep(gprBoth(3), '32x32', 'last2', NO_OPERAND),
  mulStep(NO_OPERAND, '32x32', 'last', NO_OPERAND),
  br('br', 15000, 2),
  br('beq', 17),
  br('bcc', 8191, 1),
  br('blt', 8192, 3),
  brBit(gprA(4), 5, true, 77),
  brBit(gprB(4), 31, false, 9000, 2),
  brByte(gprA(4), 2, 0x81, true, 10),
  brByte(gprB(4), 0, 0x7f, false, 10, 1),
  rtn(gprA(21)),
  rtn(gprB(21), 3),
  rtn(gprA(3), 1, 0x123),
  ctxArb({ events: 1 }),
  ctxArb({ events: 0 }),
  ctxArb({ events: 0x106, any: true, defer: 2 }),
  ctxArb({ events: 0x2, resumeAt: 300 }),
  localCsrWrite(CSRS.actLmAddr3, gprB(21)),
  localCsrWrite(CSRS.actLmAddr0, gprA(22)),
  localCsrWrite(CSRS.actLmAddr2, imm(0)),
  localCsrRead(CSRS.pseudoRandom),
  cmd({ command: 'read32_swap', mode: '32', xfer: 0, left: gprA(4), right: imm(12), count: 3, swap: 'swap' }),
  cmd({ command: 'read32_swap', mode: '40-ba', xfer: 0, left: gprA(0), right: gprB(1), count: 0, swap: 'swap' }),
  cmd({ command: 'read8', mode: '32', xfer: 0, left: local(1, 2), right: gprB(21), count: 3, swap: 'swap' }),
  cmd({ command: 'write8_swap', mode: '32', xfer: 0, left: gprA(4), right: imm(0x7f), count: 1, swap: 'swap' }),
  cmd({ command: 'write32_swap', mode: '32', xfer: 8, left: gprA(4), right: gprB(21), count: 7, swap: 'swap', indirect: true }),
  cmd({ command: 'add', mode: '40-ba', xfer: 0, left: gprA(0), right: gprB(1), count: 0, swap: 'swap-defer1' }),
  cmd({ command: 'add', mode: '40-ba', xfer: 0, left: gprA(0), right: gprB(1), count: 4, swap: 'swap-defer2' }),
  cmd({ command: 'add_imm', mode: '40-ba', xfer: 0, left: gprA(20), right: gprB(20), count: 0, swap: 'no-swap', indirect: true }),
]

/** A reproducible stream of numbers below 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Words at random: `perClass` of each class, and as many of no class in particular. */
export function randomWords(perClass: number, seed: number): Word[] {
  const random = randomNumbers(seed)
  const words = Array.from({ length: perClass }, () => Math.floor(random() * 2 ** 45))
  for (const { mask, base } of Object.values(LAYOUTS)) {
    for (let count = 0; count < perClass; count++) words.push(wordOf(mask, base, random))
  }
  return words
}

/** The class's own bits, the others at random. */
function wordOf(mask: number, base: number, random: () => number): Word {
  let word = base
  for (let bit = 0; bit < 45; bit++) {
    if (Math.floor(mask / 2 ** bit) % 2 === 0 && random() < 0.5) word += 2 ** bit
  }
  return word
}
