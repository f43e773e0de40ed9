import { describe, expect, it } from 'vitest'
import * as tnums from '../../src/domain/tnum.ts'
import { Tnum } from '../../src/domain/tnum.ts'
import * as words from '../../src/domain/word64.ts'

const WIDTH = 4
/** Where the four bits sit: at the bottom, across the halves of the word, and at the top. */
const WINDOWS = [0, 30, 60]

/** All tnums of four bits, shifted into a window. */
function allTnums(window: number): Tnum[] {
  const found: Tnum[] = []
  for (let mask = 0; mask < 1 << WIDTH; mask++) {
    for (let value = 0; value < 1 << WIDTH; value++) {
      if ((value & mask) === 0) found.push(new Tnum(at(value, window), at(mask, window)))
    }
  }
  return found
}

function at(value: number, window: number): words.Word64 {
  return words.shiftLeft(words.zeroExtended(value), window)
}

function members(tnum: Tnum, window: number): words.Word64[] {
  const found: words.Word64[] = []
  for (let value = 0; value < 1 << WIDTH; value++) {
    const word = at(value, window)
    if (tnums.tnumHolds(tnum, word)) found.push(word)
  }
  return found
}

function smallestHolding(set: readonly words.Word64[]): Tnum {
  return set.map(tnums.tnumConstant).reduce((a, b) => tnums.tnumUnion(a, b))
}

// biome-ignore format: table
const OPERATIONS: readonly (readonly [string, (a: Tnum, b: Tnum) => Tnum, (a: words.Word64, b: words.Word64) => words.Word64, boolean])[] = [
  // name        abstract              concrete       optimal
  ['add',        tnums.tnumAdd,        words.add,      true],
  ['subtract',   tnums.tnumSubtract,   words.subtract, true],
  ['and',        tnums.tnumAnd,        words.and,      true],
  ['or',         tnums.tnumOr,         words.or,       true],
  ['xor',        tnums.tnumXor,        words.xor,      true],
  ['multiply',   tnums.tnumMultiply,   words.multiply, false],
]

describe('tnum operations over all pairs of four bits', () => {
  for (const window of WINDOWS) {
    const universe = allTnums(window).map((tnum) => ({ tnum, words: members(tnum, window) }))
    for (const [name, abstract, concrete, optimal] of OPERATIONS) {
      it(`${name} is sound${optimal ? ' and optimal' : ''}, bits at ${window}`, () => {
        let unsound = 0
        let loose = 0
        for (const a of universe) {
          for (const b of universe) {
            const result = abstract(a.tnum, b.tnum)
            const results = a.words.flatMap((x) => b.words.map((y) => concrete(x, y)))
            if (!results.every((word) => tnums.tnumHolds(result, word))) unsound++
            if (!tnums.tnumEquals(result, smallestHolding(results))) loose++
          }
        }
        expect(unsound).toBe(0)
        if (optimal) expect(loose).toBe(0)
      })
    }
    it(`shifts are sound and optimal, bits at ${window}`, () => {
      for (const { tnum, words: set } of universe) {
        for (let shift = 0; shift < 64; shift++) {
          expect(tnums.tnumShiftLeft(tnum, shift)).toEqual(smallestHolding(set.map((x) => words.shiftLeft(x, shift))))
          expect(tnums.tnumShiftRight(tnum, shift)).toEqual(smallestHolding(set.map((x) => words.shiftRight(x, shift))))
          const arithmetic = smallestHolding(set.map((x) => words.shiftRightArithmetic(x, shift)))
          expect(tnums.tnumShiftRightArithmetic(tnum, shift)).toEqual(arithmetic)
        }
      }
    })
    it(`order, meet and join agree with the sets, bits at ${window}`, () => {
      for (const a of universe) {
        for (const b of universe) {
          const common = a.words.filter((x) => tnums.tnumHolds(b.tnum, x))
          const contained = b.words.every((x) => tnums.tnumHolds(a.tnum, x))
          if (tnums.tnumContains(a.tnum, b.tnum) !== contained) throw new Error('order')
          if (tnums.tnumOverlaps(a.tnum, b.tnum) !== common.length > 0) throw new Error('overlap')
          const meet = tnums.tnumIntersect(a.tnum, b.tnum)
          if (common.length > 0 && !tnums.tnumEquals(meet, smallestHolding(common))) throw new Error('meet')
          const join = tnums.tnumUnion(a.tnum, b.tnum)
          if (!tnums.tnumEquals(join, smallestHolding([...a.words, ...b.words]))) throw new Error('join')
        }
      }
    })
    it(`the tnum of a range is the smallest that holds it, bits at ${window}`, () => {
      for (let low = 0; low < 1 << WIDTH; low++) {
        for (let high = low; high < 1 << WIDTH; high++) {
          const result = tnums.tnumOfRange(at(low, window), at(high, window))
          for (let value = low; value <= high; value++) {
            expect(tnums.tnumHolds(result, at(value, window))).toBe(true)
          }
        }
      }
    })
  }
})
