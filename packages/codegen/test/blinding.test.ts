import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_CALL_REL,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_LD_IMM64,
  BPF_LD_IMM64_RAW_FULL,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_PSEUDO_FUNC,
  BPF_RAW_INSN,
  BPF_REG_AX,
  BPF_SUB,
  INSTRUCTIONS,
  type Insn,
  insnSlots,
  lookupInsn,
} from '@bpfoundry/isa'
import { acceptedPrograms } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blindConstants, isHardened, moveEntries, offsetsBefore } from '../src/index.ts'
import { createJudge } from './support/judge.ts'
import { insnsOf, listingOf } from './support/listing.ts'
import { randomU32 } from './support/random-u32.ts'

const KEY = 0x00ff00ff
const blind = (insns: readonly Insn[], random: () => number = () => KEY) =>
  blindConstants({ insns, subprograms: [] }, random)

/** Rows whose immediate is a number of the author's. */
const isBlindable = (insn: Insn): boolean => {
  const row = lookupInsn(insn)
  return row?.imm === 'imm' && !['lsh', 'rsh', 'arsh'].includes(row.operation) && row.kind !== 'ld_packet'
}

/** Every number that stands in an instruction of such a row; both halves of a 64-bit one. */
function numbersIn(insns: readonly Insn[]): number[] {
  const numbers: number[] = []
  for (let pc = 0; pc < insns.length; pc += insnSlots(insns[pc] as Insn)) {
    const slots = insns.slice(pc, pc + insnSlots(insns[pc] as Insn))
    if (isBlindable(slots[0] as Insn)) numbers.push(...slots.map(({ imm }) => imm))
  }
  return numbers
}

// biome-ignore format: table
const FORMS: readonly (readonly [string, string, string])[] = [
  ['an addition, in two',            'r1 += 4660',                  'r1 += -16707275; r1 += 16711935'],
  ['of 32 bits',                     'w1 += 4660',                  'w1 += -16707275; w1 += 16711935'],
  ['a subtraction, in two',          'r1 -= -4660',                 'r1 -= -16716595; r1 -= 16711935'],
  ['halves of the largest number',   'r1 += -2147483648',           'r1 += -16711935; r1 += -2130771713'],
  ['an exclusive or, in two',        'r1 ^= 4660',                  'r1 ^= 16716491; r1 ^= 16711935'],
  ['other arithmetic',               'r1 *= 4660',                  'w11 = 16716491; w11 ^= 16711935; r1 *= r11'],
  ['a negative number',              'r1 &= -2',                    'r11 = -16711935; r11 ^= 16711935; r1 &= r11'],
  ['a mask of the lowest bits',      'r1 &= 255',                   'w1 <<= 24; w1 >>= 24'],
  ['of 16 of them',                  'w1 &= 65535',                 'r1 = le16 r1'],
  ['a mask of others',               'r1 &= 254',                   'w11 = 16711681; w11 ^= 16711935; r1 &= r11'],
  ['signed division keeps its sign', 'r1 s/= 16711935',             'w11 = 0; w11 ^= 16711935; r1 s/= r11'],
  ['a move',                         'r1 = 4660',                   'w1 = 16716491; w1 ^= 16711935'],
  ['a move of a negative number',    'r1 = -2',                     'r1 = -16711935; r1 ^= 16711935'],
  ['a move of 32 bits',              'w1 = -2',                     'w1 = -16711935; w1 ^= 16711935'],
  ['moves from one base',            'r1 = 4660; w2 = -2; r3 = 7 ll',
    'w11 = 8355967; w1 = w11; w1 += -8351307; w2 = w11; w2 += -8355969; w3 = w11; w3 += -8355960'],
  ['an addition beside them',        'r1 = 4660; r2 = 5; r1 += 7',
    'w11 = 8355967; w1 = w11; w1 += -8351307; w2 = w11; w2 += -8355962; r1 += r11; r1 += -8355960'],
  ['a negative one',                 'r1 = 4660; r2 = 5; r1 += -7',
    'w11 = 8355967; w1 = w11; w1 += -8351307; w2 = w11; w2 += -8355962; r1 += r11; r1 += -8355974'],
  ['a subtraction beside them',      'r1 = 4660; w1 -= -7',         'w11 = 8355967; w1 = w11; w1 += -8351307; w1 += w11; w1 += -8355960'],
  ['too large a difference',         'r1 = 4660; r1 += -2147483648',
    'w11 = 8355967; w1 = w11; w1 += -8351307; r1 += -16711935; r1 += -2130771713'],
  ['a base before a copy',           'r3 = r1; r3 += 14; if r3 > r2 goto +2; r4 = r3; r4 += 20',
    'w11 = 8355967; r3 = r1; r3 += r11; r3 += -8355953; if r3 > r2 goto +3; r4 = r3; r4 += r11; r4 += -8355947'],
  ['no base for one addition',       'r3 = r1; r3 += 14; call 7',   'r3 = r1; r3 += -16711921; r3 += 16711935; call 7'],
  ['one base on all ways',           'r1 = 4660; if r2 > r3 goto +1; r1 += 5; r1 += 7',
    'w11 = 8355967; w1 = w11; w1 += -8351307; if r2 > r3 goto +2; r1 += r11; r1 += -8355962; r1 += r11; r1 += -8355960'],
  ['no base where a call came between', 'r1 = 4660; r2 = 5; if r2 > r3 goto +1; call 7; r0 += 7',
    'w11 = 8355967; w1 = w11; w1 += -8351307; w2 = w11; w2 += -8355962; if r2 > r3 goto +1; call 7; r0 += -16711928; r0 += 16711935'],
  ['what goes on from the base',     'r1 = 4660; r2 = 5; r1 *= 7; r1 *= 7',
    'w11 = 8355967; w1 = w11; w1 += -8351307; w2 = w11; w2 += -8355962; r11 += -8355960; r1 *= r11; r1 *= r11'],
  ['no base across a call',          'r1 = 4660; call 7; r1 = 5',
    'w1 = 16716491; w1 ^= 16711935; call 7; w1 = 16711930; w1 ^= 16711935'],
  ['a comparison',                   'if r1 s> 4660 goto +0',       'w11 = 16716491; w11 ^= 16711935; if r1 s> r11 goto +0'],
  ['a comparison of 32 bits',        'if w1 & 4660 goto +0',        'w11 = 16716491; w11 ^= 16711935; if w1 & w11 goto +0'],
  ['the last use of a register',     'if r1 == 4660 goto +0',       'r1 += 16711935; if r1 == 16716595 goto +0'],
  ['not the last use',               'if r1 != -2 goto +0; r0 = r1',
    'r0 = r1; r0 += 16711935; if r0 != 16711933 goto +0; r0 = r1'],
  ['of all registers',               'if r1 != 4660 goto +0; r0 += r1; r0 += r2; r0 += r3; r0 += r4; r0 += r5',
    'r11 = r1; r11 += 16711935; if r11 != 16716595 goto +0; r0 += r1; r0 += r2; r0 += r3; r0 += r4; r0 += r5'],
  ['the largest number',             'if r1 != 2147483647 goto +0', 'r1 += -2130771713; if r1 != 16711934 goto +0'],
  ['of 32 bits, which wrap',         'if w1 == 2147483647 goto +0', 'w1 += 16711935; if w1 == -2130771714 goto +0'],
  ['one comparison after the other', 'if w1 == 4660 goto +1; if w1 == 5 goto +0; r0 = r1',
    'w0 = w1; w0 += 16711935; if w0 == 16716595 goto +3; w0 = w1; w0 += 16711935; if w0 == 16711940 goto +0; r0 = r1'],
  ['from a base',                    'r2 = 5; r3 = 7; if w1 == 4660 goto +0; r0 = r1',
    'w11 = 8355967; w2 = w11; w2 += -8355962; w3 = w11; w3 += -8355960; w0 = w1; w0 += w11; if w0 == 8360627 goto +0; r0 = r1'],
  ['the number that AX holds',       'r2 *= 7; if r1 == 7 goto +0', 'w11 = 16711928; w11 ^= 16711935; r2 *= r11; if r1 == r11 goto +0'],
  ['an order of bytes',              'r1 = *(u8 *)(r10 - 1); if r1 s> 4 goto +0',
    'r1 = *(u8 *)(r10 - 1); w1 += 8355967; if w1 > 8355971 goto +0'],
  ['an order of 32 bits',            'r1 = *(u32 *)(r10 - 4); if r1 < 4 goto +0',
    'r1 = *(u32 *)(r10 - 4); r1 += 16711935; if r1 s< 16711939 goto +0'],
  ['an order in 32 bits',            'r1 = *(u32 *)(r10 - 4); if w1 <= 4 goto +0',
    'r1 = *(u32 *)(r10 - 4); r1 += 16711935; if r1 s<= 16711939 goto +0'],
  ['signed, which may be negative',  'r1 = *(u32 *)(r10 - 4); if w1 s< 4 goto +0',
    'r1 = *(u32 *)(r10 - 4); w11 = 16711931; w11 ^= 16711935; if w1 s< w11 goto +0'],
  ['with a negative number',         'r1 = *(u8 *)(r10 - 1); if r1 s< -4 goto +0',
    'r1 = *(u8 *)(r10 - 1); r11 = -16711933; r11 ^= 16711935; if r1 s< r11 goto +0'],
  ['a byte stored',                  '*(u8 *)(r1 + 3) = 7',         'w11 = 16711928; w11 ^= 16711935; *(u8 *)(r1 + 3) = r11'],
  ['the same once more',             '*(u8 *)(r1 + 3) = 7; *(u64 *)(r1 + 8) = 7',
    'w11 = 16711928; w11 ^= 16711935; *(u8 *)(r1 + 3) = r11; *(u64 *)(r1 + 8) = r11'],
  ['8 bytes stored',                 '*(u64 *)(r1 - 8) = 4660',     'w11 = 16716491; w11 ^= 16711935; *(u64 *)(r1 - 8) = r11'],
  ['64 bits',                        'r1 = 81985529216486895 ll',   'r1 = 134058610355653904 ll; r11 = 71777214294589695 ll; r1 ^= r11'],
  ['32 bits in two slots',           'r1 = 4294967295 ll',          'w1 = -16711936; w1 ^= 16711935'],
  ['a negative number in two',       'r1 = -2 ll',                  'r1 = -16711935; r1 ^= 16711935'],
  ['nothing said: 0',                'r1 = 0',                      'r1 = 0'],
  ['nothing said: a test for 0',     'if r1 == 0 goto +0',          'if r1 == 0 goto +0'],
  ['a shift count',                  'r1 <<= 13',                   'r1 <<= 13'],
  ['a byte order',                   'r1 = be16 r1',                'r1 = be16 r1'],
  ['a helper',                       'call 7',                      'call 7'],
  ['registers only',                 'r1 += r2',                    'r1 += r2'],
]

/** r11 in text, which assemblers don't know. */
const textOf = (insns: readonly Insn[]): string[] =>
  listingOf(
    insns.map((insn) => ({
      ...insn,
      dst: insn.dst === BPF_REG_AX ? 9 : insn.dst,
      src: insn.src === BPF_REG_AX ? 9 : insn.src,
    })),
  )
const ofText = (text: string): string[] =>
  listingOf(insnsOf(`${text.replaceAll('r11', 'r9').replaceAll('w11', 'w9')}; exit`))

describe('forms', () => {
  it.each(FORMS)('%s', (_, before, after) => {
    expect(textOf(blind(insnsOf(`${before}; exit`)).insns)).toEqual(ofText(after))
  })

  it('all rows with a number of the author’s are blinded', () => {
    for (const row of INSTRUCTIONS.filter(({ imm, kind }) => imm === 'imm' && kind !== 'ld_packet')) {
      const off = typeof row.off === 'number' ? row.off : 0
      const insn = BPF_RAW_INSN(row.opcode, 1, typeof row.src === 'number' ? row.src : 2, off, 0x1234)
      const insns = row.slots === 2 ? [insn, BPF_RAW_INSN(0, 0, 0, 0, 0x1234)] : [insn]
      const { insns: after } = blind([...insns, BPF_EXIT_INSN()])
      const shows = after.some(({ imm }) => imm === 0x1234)
      expect([row.name, shows]).toEqual([row.name, ['lsh', 'rsh', 'arsh'].includes(row.operation)])
    }
  })

  it('function addresses stay the slots that they were', () => {
    const insns = [
      BPF_ALU64_IMM(BPF_ADD, 1, 5),
      ...BPF_LD_IMM64_RAW_FULL(0, BPF_PSEUDO_FUNC, 0, 0, 2, 0),
      BPF_EXIT_INSN(),
      BPF_MOV64_IMM(0, 1),
      BPF_EXIT_INSN(),
    ]
    expect(textOf(blind(insns).insns.slice(2, 4))).toEqual(['r0 = 4 ll'])
  })

  it('leave alone what fix-ups keep in r11', () => {
    const insns = [
      BPF_MOV64_REG(BPF_REG_AX, 1),
      BPF_ALU64_IMM(BPF_ADD, 2, 0x1234),
      BPF_ALU64_REG(BPF_ADD, 0, BPF_REG_AX),
      BPF_ALU64_IMM(BPF_ADD, 2, 0x1234),
      BPF_EXIT_INSN(),
    ]
    const { insns: after } = blind(insns)
    expect(after.slice(0, 3)).toEqual(insns.slice(0, 3))
    expect(after.length).toBe(insns.length + 1)
  })

  it('make no base before a copy of r11', () => {
    const add = [BPF_ALU64_IMM(BPF_ADD, 2, 0x1234), BPF_ALU64_IMM(BPF_ADD, 3, 0x1234)]
    const insns = [BPF_MOV64_REG(BPF_REG_AX, 1), BPF_MOV64_REG(2, BPF_REG_AX), ...add, BPF_EXIT_INSN()]
    expect(blind(insns).insns.slice(0, 2)).toEqual(insns.slice(0, 2))
  })
})

describe('constants that loops need', () => {
  const TAIL_CALL: Insn = { opcode: 0xf5, dst: 0, src: 0, off: 0, imm: 0 }
  /** A loop that adds 4660 and compares with 100, and reads r1, behind what the case puts first. */
  const loop = (...first: Insn[]): Insn[] => [...first, ...insnsOf('r0 = r1; r0 += 4660; if r0 != 100 goto -2; exit')]
  const uses = (insns: readonly Insn[]): string[] => textOf(insns).filter((line) => /^(r0 \+=|if)/.test(line))

  it('are made once, in registers that nothing names', () => {
    expect(uses(blind(loop()).insns)).toEqual(['r0 += r5', 'if r0 != r4 goto -2'])
  })

  it('are kept across calls in r6 to r9', () => {
    expect(uses(blind(loop(...insnsOf('call 7'))).insns)).toEqual(['r0 += r9', 'if r0 != r8 goto -2'])
  })

  it('stay there: no comparison takes their registers', () => {
    const { insns } = blind(
      insnsOf('r0 = r1; if r1 == 7 goto +0; r0 += 4660; if r0 != 100 goto -2; r0 += r1; r0 += r2; r0 += r3; exit'),
    )
    expect(uses(insns).slice(0, 3)).toEqual(['if r9 == 16711942 goto +0', 'r0 += r5', 'if r0 != r4 goto -2'])
  })

  it('are not kept where a tail call lets others see registers', () => {
    const { insns } = blind(loop(TAIL_CALL))
    expect(uses(insns)).toEqual(['r0 += r9', 'if r0 != r9 goto -6'])
  })

  it('are not kept where the beginning is in the loop', () => {
    const { insns } = blind(insnsOf('r0 += 4660; if r0 != 100 goto -2; exit'))
    expect(uses(insns)).toEqual(['r0 += r9', 'if r0 != r9 goto -6'])
  })

  it('the ones used most come first, when registers are few', () => {
    const named = insnsOf('r1 = 0; r2 = 0; r3 = 0; r4 = 0; r6 = 0; r7 = 0; r8 = 0; r9 = 0')
    const { insns } = blind([...named, ...insnsOf('r0 = r1; r0 += 4660; r0 ^= 5; r0 |= 5; if r0 != 100 goto -4; exit')])
    expect(insns.filter(({ src }) => src === 5).length).toBe(2)
  })

  it('weigh nothing, and a subprogram begins with them', () => {
    const { places, subprograms, weights } = blind(loop())
    expect([...places]).toEqual([0, 5, 6, 7, 8])
    expect(subprograms).toEqual([{ start: 0, end: 8 }])
    expect([...weights]).toEqual([0, 0, 0, 0, 1, 1, 1, 1])
  })
})

describe('any numbers', () => {
  /** Those at the ends of what halves can hold, too. */
  const number = fc.oneof(fc.integer(), fc.constantFrom(1, -1, 2 ** 31 - 1, -(2 ** 31), 0xff, 0xffff, 15))
  const NAMES = ['+=', '-=', '^=', '&=', '|=', '*=', '=']
  const COMPARISONS = ['==', '!=', '>', '>=', '<', '<=', 's>', 's>=', 's<', 's<=', '&']
  const register = fc.integer({ min: 0, max: 4 })
  /** What makes a register narrow, or a copy of another one. */
  const narrowing = fc.tuple(fc.constantFrom('&= 65535', '&= 7', '>>= 33', '>>= 62', '<<= 3'), register)
  const statement = fc.oneof(
    fc
      .tuple(fc.constantFrom('r', 'w'), register, fc.constantFrom(...NAMES), number)
      .map(([kind, register, name, imm]) => `${kind}${register} ${name} ${imm}`),
    fc
      .tuple(
        fc.constantFrom('r', 'w'),
        register,
        fc.constantFrom(...COMPARISONS),
        fc.oneof(number, fc.integer({ min: 1, max: 70000 })),
      )
      .map(([kind, register, name, imm]) => `if ${kind}${register} ${name} ${imm} goto +1; r0 += ${imm}`),
    narrowing.map(([what, of]) => `r${of} ${what}`),
    fc.tuple(fc.constantFrom('r', 'w'), register, register).map(([kind, to, from]) => `${kind}${to} = ${kind}${from}`),
  )
  const program = fc
    .tuple(fc.array(number, { minLength: 5, maxLength: 5 }), fc.array(statement, { maxLength: 16 }))
    .map(([starts, statements]) => [
      ...starts.map((imm, register) => `r${register} = ${imm}`),
      ...statements,
      ...[1, 2, 3, 4].map((register) => `r0 *= 31; r0 += r${register}`),
      'exit',
    ])

  it('give the same result, whatever the keys', () => {
    const judge = createJudge()
    fc.assert(
      fc.property(program, number, fc.integer(), (lines, key, seed) => {
        const insns = insnsOf(lines.join('; '))
        for (const random of [randomU32(seed), () => key >>> 0]) {
          const after = blind(insns, random)
          expect(judge({ insns: after.insns }).r0).toBe(judge({ insns }).r0)
        }
      }),
      { numRuns: process.env['CI'] === undefined ? 300 : 5000 },
    )
  })
})

describe('any program', () => {
  it('shows none of its numbers', () => {
    let hidden = 0
    fc.assert(
      fc.property(acceptedPrograms({ linux: '6.18' }), fc.integer(), ({ insns }, seed) => {
        const after = new Set(numbersIn(blind(insns, randomU32(seed)).insns))
        const numbers = numbersIn(insns).filter((number) => number !== 0)
        expect(numbers.filter((number) => after.has(number))).toEqual([])
        hidden += numbers.length
      }),
      { numRuns: 60, seed: 1 },
    )
    expect(hidden).toBeGreaterThan(1000)
  })

  it('is another one each time, of the same length', () => {
    fc.assert(
      fc.property(acceptedPrograms(), ({ insns }) => {
        const random = randomU32(7)
        const [first, second] = [blind(insns, random).insns, blind(insns, random).insns]
        expect(first.length).toBe(second.length)
        const both = new Set(numbersIn(second))
        expect(numbersIn(first).filter((number) => number !== 0 && both.has(number))).toEqual([])
      }),
      { numRuns: 30, seed: 2 },
    )
  })
})

describe('places', () => {
  const insns = [BPF_MOV64_IMM(0, 5), ...BPF_LD_IMM64(1, 1n << 40n), BPF_JMP_IMM(BPF_JEQ, 0, 5, -4), BPF_EXIT_INSN()]

  it('a jump leads to where its target’s number is made', () => {
    const { insns: after } = blind(insns)
    expect(textOf(after).at(-2)).toBe('if r0 == r9 goto -10')
  })

  it('lines, map references and code offsets are found by them', () => {
    const { places, insns: after } = blind(insns)
    expect([...places]).toEqual([0, 2, 2, 7, 10, 11])
    expect(
      moveEntries(
        [
          { pc: 1, line: 8 },
          { pc: 4, line: 9 },
        ],
        places,
      ),
    ).toEqual([
      { pc: 2, line: 8 },
      { pc: 10, line: 9 },
    ])
    const offsets = Uint32Array.from({ length: after.length + 1 }, (_, pc) => 4 * pc)
    expect([...offsetsBefore(offsets, places)]).toEqual([0, 8, 8, 28, 40, 44])
  })

  it('a call finds its subprogram, and ranges are those of the new program', () => {
    const program = {
      insns: [BPF_MOV64_IMM(1, 3), BPF_CALL_REL(1), BPF_EXIT_INSN(), BPF_MOV64_IMM(0, 7), BPF_EXIT_INSN()],
      subprograms: [
        { start: 0, end: 3 },
        { start: 3, end: 5, hidden: true },
      ],
    }
    const after = blindConstants(program, () => KEY)
    expect(after.subprograms).toEqual([
      { start: 0, end: 4 },
      { start: 4, end: 7, hidden: true },
    ])
    expect([...after.weights]).toEqual([1, 0, 1, 1, 0, 0, 0])
    expect(createJudge()(after).r0).toBe(7n)
  })

  it('a branch that gets out of reach of 16 bits goes on by gotol', () => {
    const many = (count: number): Insn[] => Array.from({ length: count }, (_, n) => BPF_ALU64_IMM(BPF_ADD, 0, n + 1))
    const program = [
      BPF_MOV64_IMM(0, 0),
      BPF_MOV64_IMM(1, 2),
      BPF_JMP_IMM(BPF_JEQ, 1, 9, 15_000),
      ...many(14_999),
      BPF_JMP_A(1),
      BPF_EXIT_INSN(),
      ...many(10),
      BPF_ALU64_IMM(BPF_SUB, 1, 1),
      BPF_JMP_IMM(BPF_JNE, 1, 0, -15_014),
      BPF_JMP_A(-14),
    ]
    const after = blind(program, randomU32(3))
    expect(after.insns.filter(({ opcode }) => opcode === 0x06).length).toBe(2)
    const judge = createJudge()
    expect(judge(after)).toEqual(judge({ insns: program }))
  })
})

describe('bpf_jit_harden', () => {
  it.each([
    [0, false, false],
    [0, true, false],
    [1, false, true],
    [1, true, false],
    [2, false, true],
    [2, true, true],
  ] as const)('%d, privileged %s: %s', (harden, privileged, expected) => {
    expect(isHardened(harden, privileged)).toBe(expected)
  })
})
