import {
  type AluOp,
  alu,
  type BrCondition,
  br,
  cmd,
  doubleShiftRight,
  gprA,
  gprB,
  gprBoth,
  imm,
  immed,
  ldField,
  loadImmediate,
  type MemCommand,
  mulStep,
  NO_OPERAND,
  NO_SHIFT,
  rotateRight,
  shf,
  shiftLeft,
  shiftRight,
  type Word,
  xfer,
} from '@bpfoundry/microcode'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endOf, runWords, START } from './core.ts'

const EXECUTIONS = ['generated', 'table'] as const
const word = fc.oneof(fc.constantFrom(0, 1, -1, 0x7fffffff, -0x80000000, 0xffff, 0x10000), fc.integer())
const u32 = (value: number): bigint => BigInt(value >>> 0)
const u64 = (high: number, low: number): bigint => (u32(high) << 32n) | u32(low)
const i64 = (high: number, low: number): bigint => BigInt.asIntN(64, u64(high, low))

/** Operations on 64 bits as the driver makes them: the low words, then the high words with the carry. */
const PAIRS: readonly (readonly [low: AluOp, high: AluOp, expected: (x: bigint, y: bigint) => bigint])[] = [
  ['+', '+carry', (x, y) => x + y],
  ['-', '-carry', (x, y) => x - y],
  ['AND', 'AND', (x, y) => x & y],
  ['OR', 'OR', (x, y) => x | y],
  ['XOR', 'XOR', (x, y) => x ^ y],
  ['AND~', 'AND~', (x, y) => x & ~y],
  ['~AND', '~AND', (x, y) => ~x & y],
]

/** Branches behind a subtraction of 64 bits. */
const COMPARISONS: readonly (readonly [
  condition: BrCondition,
  taken: (x: bigint, y: bigint) => boolean,
  signed: boolean,
])[] = [
  ['bcc', (x, y) => x < y, false],
  ['bcs', (x, y) => x >= y, false],
  ['blt', (x, y) => x < y, true],
  ['bge', (x, y) => x >= y, true],
]

describe.each(EXECUTIONS)('words, %s', (execution) => {
  it.each(PAIRS)('%s and %s work on 64 bits', (low, high, expected) => {
    const words = [alu(gprBoth(4), gprA(0), low, gprB(2)), alu(gprBoth(5), gprA(1), high, gprB(3))]
    fc.assert(
      fc.property(word, word, word, word, (x0, x1, y0, y1) => {
        const { core } = runWords(words, { execution, a: { 0: x0, 1: x1 }, b: { 2: y0, 3: y1 } })
        const { a, b } = core.context(0)
        expect(u64(a[5] ?? 0, a[4] ?? 0)).toBe(BigInt.asUintN(64, expected(u64(x1, x0), u64(y1, y0))))
        expect([b[4], b[5]]).toEqual([a[4], a[5]])
      }),
      { numRuns: 40 },
    )
  })

  it.each(COMPARISONS)('%s behind a 64-bit subtraction', (condition, taken, signed) => {
    const words = [
      alu(NO_OPERAND, gprA(0), '-', gprB(2)),
      alu(NO_OPERAND, gprA(1), '-carry', gprB(3)),
      br(condition, START + 5),
      immed(gprA(9), 1),
      br('br', START + 6),
      immed(gprA(9), 2),
    ]
    fc.assert(
      fc.property(word, word, word, word, (x0, x1, y0, y1) => {
        const { core } = runWords(words, { execution, a: { 0: x0, 1: x1 }, b: { 2: y0, 3: y1 } })
        const is = signed ? taken(i64(x1, x0), i64(y1, y0)) : taken(u64(x1, x0), u64(y1, y0))
        expect(core.context(0).a[9]).toBe(is ? 2 : 1)
      }),
      { numRuns: 40 },
    )
  })

  it('products of 16 and of 32 bits', () => {
    const steps = (type: '16x16' | '32x32', count: number): Word[] => [
      mulStep(gprA(0), 'start', 'step1', gprB(1)),
      ...(['step1', 'step2', 'step3', 'step4'] as const)
        .slice(0, count)
        .map((step) => mulStep(gprA(0), type, step, gprB(1))),
    ]
    const words = [
      ...steps('32x32', 4),
      mulStep(gprBoth(2), '32x32', 'last', NO_OPERAND),
      mulStep(gprBoth(3), '32x32', 'last2', NO_OPERAND),
      ...steps('16x16', 2),
      mulStep(gprBoth(4), '16x16', 'last', NO_OPERAND),
    ]
    fc.assert(
      fc.property(word, word, (x, y) => {
        const { a } = runWords(words, { execution, a: { 0: x }, b: { 1: y } }).core.context(0)
        expect(u64(a[3] ?? 0, a[2] ?? 0)).toBe(u32(x) * u32(y))
        expect(u32(a[4] ?? 0)).toBe(u32(x & 0xffff) * u32(y & 0xffff))
      }),
      { numRuns: 60 },
    )
  })

  it('shifts of 64 bits by registers, as the driver makes them', () => {
    // r0:r1 >> r2 and r0:r1 s>> r2, for amounts below 32; left shifts by 1 to 31.
    const amount = alu(NO_OPERAND, gprA(2), 'OR', imm(0))
    const words = [
      amount,
      shf(gprBoth(4), gprA(1), 'B', gprB(0), doubleShiftRight('indirect')),
      amount,
      shf(gprBoth(5), NO_OPERAND, 'B', gprB(1), shiftRight('indirect')),
      alu(NO_OPERAND, gprA(2), 'OR', gprB(1)),
      shf(gprBoth(6), NO_OPERAND, 'asr', gprB(1), shiftRight('indirect')),
      alu(gprBoth(21), imm(32), '-', gprB(2)),
      alu(NO_OPERAND, gprA(21), 'OR', imm(0)),
      shf(gprBoth(8), gprA(1), 'B', gprB(0), doubleShiftRight('indirect')),
      amount,
      shf(gprBoth(7), NO_OPERAND, 'B', gprB(0), shiftLeft('indirect')),
    ]
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 31 }), (low, high, by) => {
        const b = { 0: low, 1: high, 2: by }
        const { a } = runWords(words, { execution, a: b, b }).core.context(0)
        expect(u64(a[5] ?? 0, a[4] ?? 0)).toBe(u64(high, low) >> BigInt(by))
        expect(a[6]).toBe(Number(BigInt.asIntN(32, BigInt(high) >> BigInt(by))))
        if (by > 0) expect(u64(a[8] ?? 0, a[7] ?? 0)).toBe(BigInt.asUintN(64, u64(high, low) << BigInt(by)))
      }),
      { numRuns: 60 },
    )
  })

  it('bytes in the other order, by rotation and fields', () => {
    // As the driver's byte swap, with copies: two sources are never of one bank.
    const words = [
      ldField(gprA(1), 0xf, gprB(0), rotateRight(8)),
      alu(gprB(1), NO_OPERAND, 'B', gprA(1)),
      ldField(gprA(1), 0x5, gprB(1), rotateRight(16)),
    ]
    fc.assert(
      fc.property(word, (value) => {
        const { a } = runWords(words, { execution, b: { 0: value } }).core.context(0)
        const view = new DataView(new ArrayBuffer(4))
        view.setInt32(0, value, true)
        expect(a[1]).toBe(view.getInt32(0, false))
      }),
      { numRuns: 20 },
    )
  })

  it('constants of 32 bits, also in a transfer register', () => {
    fc.assert(
      fc.property(word, (value) => {
        const { core } = runWords([...loadImmediate(gprBoth(3), value), ...loadImmediate(xfer(2), value)], {
          execution,
        })
        expect([core.context(0).a[3], core.context(0).b[3], core.context(0).xferOut[2]]).toEqual([value, value, value])
      }),
      { numRuns: 30 },
    )
  })

  it('a field of a register stays but for the bytes that are named', () => {
    const words = [ldField(gprA(1), 0b0110, gprB(0), NO_SHIFT)]
    const { a } = runWords(words, { execution, a: { 1: 0x11223344 }, b: { 0: 0x55667788 } }).core.context(0)
    expect(a[1]).toBe(0x11667744)
  })
})

const BYTES = Uint8Array.from({ length: 4096 }, (_, index) => (index * 7 + 3) & 0xff)

/** A command at an address that is not aligned, with 3 units or as many as it has. */
const command = (name: MemCommand, count: number): Word =>
  cmd({ command: name, mode: '32', xfer: 0, left: gprA(1), right: imm(5), count, swap: 'swap' })

describe.each(EXECUTIONS)('commands to memory, %s', (execution) => {
  const at = 101 + 5
  const view = new DataView(BYTES.buffer)

  it.each([
    ['read32_swap', 2, [view.getInt32(at, true), view.getInt32(at + 4, true), view.getInt32(at + 8, true)]],
    ['read32', 2, [view.getInt32(at), view.getInt32(at + 4), view.getInt32(at + 8)]],
    ['read8', 3, [view.getInt32(at), 0, 0]],
    ['read8', 5, [view.getInt32(at), view.getUint16(at + 4) << 16, 0]],
    ['read', 0, [view.getInt32(at), view.getInt32(at + 4), 0]],
  ] as const)('%s brings bytes into transfer registers (count %i)', (name, count, expected) => {
    const { core } = runWords([command(name, count)], { execution, a: { 1: 101 }, bytes: BYTES.slice() })
    expect([...core.context(0).xferIn.subarray(0, 3)]).toEqual(expected)
  })

  it.each([
    ['write8_swap', 4, [0x44, 0x33, 0x22, 0x11, 0x88]],
    ['write8', 4, [0x11, 0x22, 0x33, 0x44, 0x55]],
    ['write32_swap', 1, [0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55]],
    ['write32', 0, [0x11, 0x22, 0x33, 0x44]],
  ] as const)('%s takes bytes from transfer registers (count %i)', (name, count, expected) => {
    const words = [...loadImmediate(xfer(0), 0x11223344), ...loadImmediate(xfer(1), 0x55667788), command(name, count)]
    const { bytes } = runWords(words, { execution, a: { 1: 101 }, bytes: BYTES.slice() })
    const wanted = BYTES.slice()
    wanted.set(expected, at)
    expect(bytes).toEqual(wanted)
  })

  it('a length of 17 words comes from the previous ALU result', () => {
    const indirect = cmd({
      command: 'read32_swap',
      mode: '32',
      xfer: 0,
      left: gprA(1),
      right: imm(5),
      count: 7,
      swap: 'swap',
      indirect: true,
    })
    const words = [immed(NO_OPERAND, 0x80 | (16 << 8)), indirect]
    const { core } = runWords(words, { execution, a: { 1: 101 }, bytes: BYTES.slice() })
    const expected = Array.from({ length: 17 }, (_, index) => view.getInt32(at + 4 * index, true))
    expect([...core.context(0).xferIn.subarray(0, 18)]).toEqual([...expected, 0])
  })

  it.each([32, 64])('sums of %i bits are of big-endian words, the low one first', (bits) => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        (held, added) => {
          const bytes = new Uint8Array(64)
          const memory = new DataView(bytes.buffer)
          memory.setUint32(8, Number(held & 0xffffffffn))
          memory.setUint32(12, Number(held >> 32n))
          const words = [
            cmd({
              command: 'add',
              mode: '40-ba',
              xfer: 0,
              left: gprA(1),
              right: gprB(1),
              count: bits === 64 ? 4 : 0,
              swap: bits === 64 ? 'swap-defer2' : 'swap-defer1',
            }),
            alu(xfer(0), NO_OPERAND, 'B', gprA(2)),
            ...(bits === 64 ? [alu(xfer(1), NO_OPERAND, 'B', gprA(3))] : []),
          ]
          runWords(words, { execution, bytes, a: { 1: 8, 2: Number(added & 0xffffffffn), 3: Number(added >> 32n) } })
          const sum = BigInt(memory.getUint32(8)) | (BigInt(memory.getUint32(12)) << 32n)
          const low = (held + added) & 0xffffffffn
          expect(sum).toBe(bits === 64 ? BigInt.asUintN(64, held + added) : (held & ~0xffffffffn) | low)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('an immediate sum has its 16 bits in the previous ALU result', () => {
    const bytes = new Uint8Array(64)
    const words = [
      immed(gprA(21), 0x80 | (2 << 3) | (0xc << 8)),
      ldField(gprA(21), 0xc, gprB(2), shiftLeft(16)),
      cmd({
        command: 'add_imm',
        mode: '40-ba',
        xfer: 0,
        left: gprA(1),
        right: gprB(1),
        count: 0,
        swap: 'no-swap',
        indirect: true,
      }),
    ]
    new DataView(bytes.buffer).setUint32(8, 0xfffffff0)
    runWords(words, { execution, bytes, a: { 1: 8 }, b: { 2: 0xabcd0021 } })
    expect([...bytes.subarray(8, 16)]).toEqual([0, 0, 0, 0x11, 0, 0, 0, 1])
  })

  it('memory that there is not is an error', () => {
    expect(() => runWords([command('read32', 0)], { execution, a: { 1: 5000 } })).toThrow(
      expect.objectContaining({ code: 'MICROENGINE_ADDRESS' }),
    )
  })
})

describe.each(EXECUTIONS)('words that cannot be executed, %s', (execution) => {
  it.each([
    ['a word that is no instruction', 0x1fffffffffff],
    ['a lookup in content-addressable memory', alu(gprA(0), gprA(1), 'cam_lookup', gprB(1))],
    ['a branch in a shadow', br('br', START, 1)],
  ])('%s', (_, bad) => {
    const words = [bad, br('br', START)]
    expect(() => runWords(words, { execution })).toThrow(
      expect.objectContaining({ code: 'MICROENGINE_WORD', where: { pc: START } }),
    )
  })

  it('a branch to nowhere', () => {
    expect(() => runWords([br('br', 4000)], { execution })).toThrow(
      expect.objectContaining({ code: 'MICROENGINE_ADDRESS', where: { pc: 4000 } }),
    )
  })

  it('a program that never ends', () => {
    expect(() => runWords([br('br', START), br('br', endOf([]))], { execution })).toThrow(
      expect.objectContaining({ code: 'MICROENGINE_RUNAWAY' }),
    )
  })
})
