import {
  BPF_ADD,
  BPF_AND,
  BPF_ARSH,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_LSH,
  BPF_MUL,
  BPF_OR,
  BPF_RSH,
  BPF_SUB,
  BPF_XOR,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { synchronise } from '../../src/domain/bounds-deduction.ts'
import { branchTakenByConstant, refineByConstant, withoutHalves } from '../../src/domain/constant-comparison.ts'
import * as scalars from '../../src/domain/scalar.ts'
import { applyOperation } from '../../src/domain/scalar-arithmetic.ts'
import { signExtend32, signExtend64, truncate, zeroExtend32 } from '../../src/domain/scalar-casts.ts'
import { branchTaken, JSET_FAILS, oppositeRelation, refine } from '../../src/domain/scalar-comparison.ts'
import { tnumConstant, tnumUnion } from '../../src/domain/tnum.ts'
import * as words from '../../src/domain/word64.ts'
import { repetitions } from '../support/repetitions.ts'

/** Samples of each random test; narrow scalars are gone through whole everywhere. */
const RUNS = repetitions('VERIFIER_SCALAR_SAMPLES', 4000, 1000)

type KnownScalar = scalars.KnownScalar
const u64 = (x: bigint): bigint => BigInt.asUintN(64, x)
const s64 = (x: bigint): bigint => BigInt.asIntN(64, x)
const u32 = (x: bigint): bigint => BigInt.asUintN(32, x)
const s32 = (x: bigint): bigint => BigInt.asIntN(32, x)

// biome-ignore format: table
const ALU: readonly (readonly [string, number, (a: bigint, b: bigint, is32: boolean) => bigint])[] = [
  ['add',  BPF_ADD,  (a, b) => a + b],
  ['sub',  BPF_SUB,  (a, b) => a - b],
  ['mul',  BPF_MUL,  (a, b) => a * b],
  ['and',  BPF_AND,  (a, b) => a & b],
  ['or',   BPF_OR,   (a, b) => a | b],
  ['xor',  BPF_XOR,  (a, b) => a ^ b],
  ['lsh',  BPF_LSH,  (a, b, is32) => a << (is32 ? b & 31n : b & 63n)],
  ['rsh',  BPF_RSH,  (a, b, is32) => (is32 ? u32(a) >> (b & 31n) : u64(a) >> (b & 63n))],
  ['arsh', BPF_ARSH, (a, b, is32) => (is32 ? s32(a) >> (b & 31n) : s64(a) >> (b & 63n))],
]

// biome-ignore format: table
const RELATIONS: readonly (readonly [string, number, (ua: bigint, ub: bigint, sa: bigint, sb: bigint) => boolean])[] = [
  ['==',  BPF_JEQ,  (a, b) => a === b],
  ['!=',  BPF_JNE,  (a, b) => a !== b],
  ['&',   BPF_JSET, (a, b) => (a & b) !== 0n],
  ['!&',  JSET_FAILS, (a, b) => (a & b) === 0n],
  ['>',   BPF_JGT,  (a, b) => a > b],
  ['>=',  BPF_JGE,  (a, b) => a >= b],
  ['<',   BPF_JLT,  (a, b) => a < b],
  ['<=',  BPF_JLE,  (a, b) => a <= b],
  ['s>',  BPF_JSGT, (_a, _b, a, b) => a > b],
  ['s>=', BPF_JSGE, (_a, _b, a, b) => a >= b],
  ['s<',  BPF_JSLT, (_a, _b, a, b) => a < b],
  ['s<=', BPF_JSLE, (_a, _b, a, b) => a <= b],
]

/** Executes one ALU instruction as RFC 9669 says. */
function execute(concrete: (typeof ALU)[number][2], is32: boolean, a: bigint, b: bigint): bigint {
  return is32 ? u32(concrete(u32(a), u32(b), true)) : u64(concrete(u64(a), u64(b), false))
}

function relates(rule: (typeof RELATIONS)[number][2], is32: boolean, a: bigint, b: bigint): boolean {
  return is32 ? rule(u32(a), u32(b), s32(a), s32(b)) : rule(u64(a), u64(b), s64(a), s64(b))
}

interface Sample {
  readonly scalar: KnownScalar
  readonly values: readonly bigint[]
}

type Kind = 'unsigned' | 'signed' | 'unsigned32' | 'signed32' | 'bits'

/** A scalar of which one fact says [low, high] and the others follow, with words known to lie in it. */
function sample(kind: Kind, low: bigint, high: bigint, extra: readonly bigint[]): Sample {
  const scalar = scalars.UNKNOWN.clone()
  const inside: bigint[] = []
  for (let x = low; x <= high; x++) inside.push(x)
  const [min, max] = [words.fromBigInt(low), words.fromBigInt(high)]
  if (kind === 'unsigned') scalars.narrowUnsigned(scalar, min, max)
  if (kind === 'signed') scalars.narrowSigned(scalar, min, max)
  if (kind === 'unsigned32') scalars.narrowUnsigned32(scalar, min.lo, max.lo)
  if (kind === 'signed32') scalars.narrowSigned32(scalar, min.lo, max.lo)
  if (kind === 'bits') {
    scalar.tnum = inside.map((x) => tnumConstant(words.fromBigInt(x))).reduce((a, b) => tnumUnion(a, b))
  }
  const values = kind.endsWith('32')
    ? inside.flatMap((x) => [x, ...extra.map((high) => (high << 32n) | u32(x))])
    : inside
  synchronise(scalar)
  return { scalar, values: values.map(u64) }
}

/** Short ranges around each place where something wraps. */
function samples(): Sample[] {
  const found: Sample[] = []
  const anchors = [0n, 1n << 31n, 1n << 32n, 1n << 63n, 40n]
  for (const kind of ['unsigned', 'signed', 'unsigned32', 'signed32', 'bits'] as const) {
    for (const anchor of anchors) {
      for (const [below, above] of [
        [-1n, 1n],
        [2n, 2n],
        [-3n, -2n],
      ] as const) {
        const [low, high] = [anchor + below, anchor + above]
        if (validRange(kind, low, high)) found.push(sample(kind, low, high, [1n, 1n << 31n]))
      }
    }
  }
  return found
}

function validRange(kind: Kind, low: bigint, high: bigint): boolean {
  if (kind === 'unsigned') return u64(low) <= u64(high)
  if (kind === 'signed') return s64(low) <= s64(high)
  if (kind === 'unsigned32') return u32(low) <= u32(high)
  if (kind === 'signed32') return s32(low) <= s32(high)
  return true
}

function outside(scalar: KnownScalar, values: readonly bigint[]): bigint[] {
  return values.filter((x) => !scalars.holds(scalar, words.fromBigInt(x)))
}

const SAMPLES = samples()

describe('scalars around every wrap, all pairs', () => {
  it('hold what they were made of', () => {
    for (const { scalar, values } of SAMPLES) expect(outside(scalar, values)).toEqual([])
  })
  for (const [name, code, concrete] of ALU) {
    it(`${name} is sound at 64 and 32 bits`, () => {
      for (const is32 of [false, true]) {
        for (const a of SAMPLES) {
          for (const b of SAMPLES) {
            const result = applyOperation(code, is32, a.scalar, b.scalar)
            const results = a.values.flatMap((x) => b.values.map((y) => execute(concrete, is32, x, y)))
            if (outside(result, results).length > 0) expect({ is32, a, b, result }).toBe('sound')
          }
        }
      }
    })
  }
  for (const [name, relation, rule] of RELATIONS) {
    it(`the outcome and the refinement of ${name} are sound at 64 and 32 bits`, () => {
      for (const is32 of [false, true]) {
        for (const a of SAMPLES) {
          for (const b of SAMPLES) {
            for (const comparison of COMPARISONS) checkRelation(comparison, relation, rule, is32, a, b)
          }
        }
      }
    })
  }
})

interface Comparison {
  readonly branchTaken: typeof branchTaken
  readonly refine: typeof refine
}

/** As kernels followed comparisons: since 6.8, since 6.4, and before 5.7. */
const COMPARISONS: readonly Comparison[] = [
  { branchTaken, refine },
  {
    branchTaken: (relation, is32, a, b) => branchTakenByConstant(relation, is32, a, b, true),
    refine: (relation, is32, a, b) => refineByConstant(relation, is32, a, b, true),
  },
  {
    branchTaken: (relation, is32, a, b) =>
      branchTakenByConstant(relation, is32, withoutHalves(a), withoutHalves(b), false),
    refine: (relation, is32, a, b) => refineByConstant(relation, is32, withoutHalves(a), withoutHalves(b), false),
  },
]

function checkRelation(
  comparison: Comparison,
  relation: number,
  rule: (typeof RELATIONS)[number][2],
  is32: boolean,
  a: Sample,
  b: Sample,
): void {
  const pairs = a.values.flatMap((x) => b.values.map((y) => [x, y] as const))
  const holding = pairs.filter(([x, y]) => relates(rule, is32, x, y))
  const outcome = comparison.branchTaken(relation, is32, a.scalar, b.scalar)
  if (outcome === 'always' && holding.length < pairs.length) throw new Error('claimed always')
  if (outcome === 'never' && holding.length > 0) throw new Error('claimed never')
  if (outcome !== 'unknown') return
  const [left, right] = comparison.refine(relation, is32, a.scalar, b.scalar)
  const lost =
    outside(
      left,
      holding.map(([x]) => x),
    ).length +
    outside(
      right,
      holding.map(([, y]) => y),
    ).length
  if (lost > 0) expect({ relation, is32, a, b, left, right }).toBe('sound')
}

const anyValue = fc
  .oneof(
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    fc.bigInt({ min: -300n, max: 300n }),
    fc.constantFrom(0n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, 1n << 63n, (1n << 63n) - 1n),
  )
  .map(u64)

/** A random scalar, with some words of it: facts of random words, some facts left out. */
const anySample: fc.Arbitrary<Sample> = fc
  .tuple(fc.array(anyValue, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 31 }))
  .map(([values, facts]) => {
    const scalar = scalars.UNKNOWN.clone()
    const sorted = (order: (x: bigint) => bigint): bigint[] => values.map(order).sort((a, b) => (a < b ? -1 : 1))
    const ends = (order: (x: bigint) => bigint): [words.Word64, words.Word64] => {
      const list = sorted(order)
      return [words.fromBigInt(list[0] as bigint), words.fromBigInt(list.at(-1) as bigint)]
    }
    if (facts & 1) scalars.narrowUnsigned(scalar, ...ends(u64))
    if (facts & 2) scalars.narrowSigned(scalar, ...ends(s64))
    if (facts & 4) scalars.narrowUnsigned32(scalar, ends(u32)[0].lo, ends(u32)[1].lo)
    if (facts & 8) scalars.narrowSigned32(scalar, ends(s32)[0].lo, ends(s32)[1].lo)
    if (facts & 16) scalar.tnum = values.map((x) => tnumConstant(words.fromBigInt(x))).reduce((a, b) => tnumUnion(a, b))
    synchronise(scalar)
    return { scalar, values }
  })

describe('random scalars', () => {
  it('every ALU operation is sound', () => {
    fc.assert(
      fc.property(anySample, anySample, fc.constantFrom(...ALU), fc.boolean(), (a, b, [, code, concrete], is32) => {
        const result = applyOperation(code, is32, a.scalar, b.scalar)
        expect(
          outside(
            result,
            a.values.flatMap((x) => b.values.map((y) => execute(concrete, is32, x, y))),
          ),
        ).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })
  it('every jump is sound, and so is its opposite', () => {
    fc.assert(
      fc.property(anySample, anySample, fc.constantFrom(...RELATIONS), fc.boolean(), (a, b, row, is32) => {
        const [, relation, rule] = row
        for (const comparison of COMPARISONS) checkRelation(comparison, relation, rule, is32, a, b)
        const negated: typeof rule = (ua, ub, sa, sb) => !rule(ua, ub, sa, sb)
        for (const comparison of COMPARISONS) checkRelation(comparison, oppositeRelation(relation), negated, is32, a, b)
      }),
      { numRuns: RUNS },
    )
  })
  it('casts are sound', () => {
    fc.assert(
      fc.property(anySample, fc.constantFrom(1, 2, 4), ({ scalar, values }, bytes) => {
        const bits = 8 * bytes
        expect(
          outside(
            truncate(scalar, bytes),
            values.map((x) => BigInt.asUintN(bits, x)),
          ),
        ).toEqual([])
        expect(
          outside(
            signExtend64(scalar, bytes),
            values.map((x) => u64(BigInt.asIntN(bits, x))),
          ),
        ).toEqual([])
        expect(outside(zeroExtend32(scalar), values.map(u32))).toEqual([])
        if (bytes < 4) {
          expect(
            outside(
              signExtend32(scalar, bytes),
              values.map((x) => u32(BigInt.asIntN(bits, x))),
            ),
          ).toEqual([])
        }
      }),
      { numRuns: RUNS },
    )
  })
  it('containment is that of the sets: a refined scalar lies in the old one', () => {
    fc.assert(
      fc.property(anySample, ({ scalar }) => {
        expect(scalars.contains(scalars.UNKNOWN, scalar)).toBe(true)
        expect(scalars.contains(scalar, scalar)).toBe(true)
      }),
    )
  })
})
