import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ALU_OPS,
  type AluOp,
  absoluteA,
  alu,
  BR_CONDITIONS,
  type BrCondition,
  br,
  branchTarget,
  brBit,
  brByte,
  classOf,
  cmd,
  decode,
  doubleShiftRight,
  gprA,
  gprB,
  gprBoth,
  imm,
  immed,
  immedValue,
  isBranch,
  ldField,
  loadImmediate,
  local,
  localCsrWrite,
  localIncrement,
  MicrocodeError,
  mulStep,
  NO_OPERAND,
  neighbour,
  nop,
  type Operand,
  rotateRight,
  rtn,
  sameOperand,
  setBranchTarget,
  setImmedValue,
  shf,
  shiftLeft,
  shiftRight,
  xfer,
} from '../src/index.ts'

const a = fc.nat(31).map(gprA)
const b = fc.nat(31).map(gprB)
const lm = fc.tuple(fc.nat(3), fc.nat(7)).map(([index, offset]) => local(index, offset))
const wide = fc.oneof(
  fc.nat(63).map(xfer),
  fc.nat(31).map(neighbour),
  fc.nat(255).map(imm),
  lm,
  fc.nat(3).map(localIncrement),
)
const narrow = fc.oneof(fc.nat(63).map(xfer), fc.nat(255).map(imm), lm)
const both = fc.nat(31).map(gprBoth)
const anyAlu = fc.constantFrom(...(Object.keys(ALU_OPS) as AluOp[]))
const address = fc.nat(2 ** 14 - 1)
const defer = fc.nat(3)

/** Two sources that can be read at once, in either order. */
const pair = (other: fc.Arbitrary<Operand>): fc.Arbitrary<readonly [Operand, Operand]> =>
  fc.oneof(
    fc.tuple(a, b),
    fc.tuple(b, a),
    fc.tuple(a, other),
    fc.tuple(b, other),
    fc.tuple(other, a),
    fc.tuple(other, b),
  )

/** Index registers above 1 need a bit that all sources of a word share: those of the other one would be read as above, too. */
const extensionFits = (...sources: readonly Operand[]): boolean =>
  new Set(sources.filter(({ kind }) => kind === 'local').map(({ index }) => index > 1)).size < 2

describe('words that are built say what they were built from', () => {
  it('alu', () => {
    fc.assert(
      fc.property(fc.oneof(a, b, both, lm), pair(wide), anyAlu, (dst, [left, right], op) => {
        const word = decode(alu(dst, left, op, right))
        expect(word).toMatchObject({ cls: 'alu', op, dst, left, right, setsConditions: true })
      }),
    )
  })

  it('shf', () => {
    const shift = fc.oneof(
      fc.integer({ min: 1, max: 31 }).map(rotateRight),
      fc.integer({ min: 1, max: 31 }).map(shiftLeft),
      fc.oneof(fc.integer({ min: 1, max: 31 }), fc.constant('indirect' as const)).map(shiftRight),
      fc.integer({ min: 1, max: 31 }).map(doubleShiftRight),
    )
    fc.assert(
      fc.property(fc.oneof(a, b, both, lm), pair(narrow), shift, (dst, [left, right], by) => {
        fc.pre(extensionFits(left, right))
        expect(decode(shf(dst, left, 'OR', right, by))).toMatchObject({
          cls: 'shf',
          op: 'OR',
          dst,
          left,
          right,
          shift: by,
        })
      }),
    )
  })

  it('ld_field', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.tuple(a, b), fc.tuple(b, a), fc.tuple(both, narrow), fc.tuple(lm, b)),
        fc.nat(15),
        ([dst, src], byteMask) => {
          const word = decode(ldField(dst, byteMask, src, shiftRight(8)))
          expect(word).toMatchObject({ cls: 'ldField', dst, byteMask, src, clears: false })
        },
      ),
    )
  })

  it('branches', () => {
    const conditions = fc.constantFrom(...(Object.keys(BR_CONDITIONS) as BrCondition[]))
    fc.assert(
      fc.property(conditions, address, defer, fc.oneof(a, b), fc.nat(31), (condition, target, shadow, src, bit) => {
        expect(decode(br(condition, target, shadow))).toMatchObject({ cls: 'br', condition, target, defer: shadow })
        const onBit = brBit(src, bit, true, target, shadow)
        expect(decode(onBit)).toMatchObject({ cls: 'brBit', src, bit, set: true, target, defer: shadow })
        expect(decode(brByte(src, bit % 4, bit * 8, false, target, shadow))).toMatchObject({
          cls: 'brByte',
          src,
          byte: bit % 4,
          value: bit * 8,
          equal: false,
          target,
        })
        expect(decode(rtn(src, shadow, bit))).toEqual({ cls: 'brAlu', src, defer: shadow, offset: bit })
        expect(branchTarget(setBranchTarget(onBit, 2 ** 14 - 1 - target))).toBe(2 ** 14 - 1 - target)
        expect(isBranch(onBit)).toBe(true)
      }),
    )
  })

  it('immediates: any 32 bits come out of the words that load them', () => {
    fc.assert(
      fc.property(fc.integer(), fc.oneof(a, b, both), (value, dst) => {
        const words = loadImmediate(dst, value).map((word) => decode(word))
        let register = 0
        for (const word of words) {
          if (word?.cls !== 'immed') throw new Error('not an immed')
          expect(sameOperand(word.dst, dst)).toBe(true)
          const moved = word.value << (8 * word.shiftBytes)
          register = word.width === 'word' ? (register & 0xffff) | moved : word.invert ? ~moved : moved
        }
        expect(register).toBe(value)
      }),
    )
  })

  it('immediates of relocations can be changed', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.nat(0xffff), fc.oneof(a, b, fc.constant(NO_OPERAND)), (before, after, dst) => {
        const word = immed(dst, before)
        expect(immedValue(word)).toBe(before)
        expect(setImmedValue(word, after)).toBe(immed(dst, after))
      }),
    )
  })
})

describe('what has no encoding is refused', () => {
  it.each([
    ['two registers of one bank', () => alu(gprA(0), gprA(1), '+', gprA(2)), 'MICROCODE_OPERAND'],
    ['an immediate as destination', () => alu(imm(1), gprA(1), '+', gprB(2)), 'MICROCODE_OPERAND'],
    ['a register that there is not', () => alu(gprA(32), gprA(1), '+', gprB(2)), 'MICROCODE_OPERAND'],
    ['a fraction', () => alu(gprA(Number.NaN), gprA(1), '+', gprB(2)), 'MICROCODE_OPERAND'],
    [
      'an absolute register in a restricted place',
      () => shf(absoluteA(40), gprA(1), 'OR', gprB(1), shiftLeft(1)),
      'MICROCODE_OPERAND',
    ],
    ['a wide immediate', () => alu(gprA(0), gprA(1), '+', imm(256)), 'MICROCODE_OPERAND'],
    ['an offset out of reach', () => alu(gprA(0), gprA(1), '+', local(0, 16)), 'MICROCODE_OPERAND'],
    ['an index register that there is not', () => local(4), 'MICROCODE_OPERAND'],
    [
      'post modification in a restricted place',
      () => shf(gprA(0), localIncrement(1), 'OR', gprB(1), shiftLeft(1)),
      'MICROCODE_OPERAND',
    ],
    [
      'a next neighbour in a restricted place',
      () => ldField(gprA(0), 1, neighbour(1), shiftLeft(1)),
      'MICROCODE_OPERAND',
    ],
    [
      'an indirect rotation',
      () => shf(gprA(0), gprA(1), 'OR', gprB(1), { direction: 'rotate', amount: 'indirect' }),
      'MICROCODE_FIELD',
    ],
    ['a shift by 32', () => shf(gprA(0), gprA(1), 'OR', gprB(1), shiftLeft(32)), 'MICROCODE_FIELD'],
    ['17 bits of an immed', () => immed(gprA(0), 0x10000), 'MICROCODE_FIELD'],
    ['a target out of reach', () => br('br', 2 ** 14), 'MICROCODE_FIELD'],
    ['a shadow of four words', () => br('br', 0, 4), 'MICROCODE_FIELD'],
    ['a bit above 31', () => brBit(gprA(0), 32, true, 0), 'MICROCODE_FIELD'],
    ['a step of the start', () => mulStep(gprA(0), 'start', 'step2', gprB(1)), 'MICROCODE_FIELD'],
    ['a register at an odd address', () => localCsrWrite(0x65, gprA(0)), 'MICROCODE_FIELD'],
    ['a command that would exchange its sources', () => command(gprB(1), gprA(1)), 'MICROCODE_OPERAND'],
    ['a command through index register 2', () => command(local(2), gprB(1)), 'MICROCODE_OPERAND'],
    ['a value of another word', () => immedValue(nop() + 2 ** 31), 'MICROCODE_WORD'],
    ['a value of a shifted immed', () => setImmedValue(immed(gprA(0), 1, { shiftBytes: 1 }), 3), 'MICROCODE_WORD'],
  ])('%s', (_, build, code) => {
    expect(build).toThrow(MicrocodeError)
    expect(build).toThrow(expect.objectContaining({ code }))
  })

  const command = (left: Operand, right: Operand): number =>
    cmd({ command: 'read32_swap', mode: '32', xfer: 0, left, right, count: 0, swap: 'swap' })
})

describe('decode', () => {
  it('takes any 45 bits: it gives undefined, or a word of the class that classOf names', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 32 - 1),
        fc.nat(2 ** 13 - 1),
        fc.constantFrom(4 as const, 8 as const),
        (low, high, contexts) => {
          const word = high * 2 ** 32 + low
          const instruction = decode(word, { contexts })
          if (instruction !== undefined) expect(instruction.cls).toBe(classOf(word))
        },
      ),
      { numRuns: 2000 },
    )
  })
})
