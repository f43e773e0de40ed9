import type { Insn } from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { optimise } from '../../src/index.ts'
import { insnsOf, listingOf } from '../support/listing.ts'

const after = (insns: readonly Insn[]): string[] => listingOf(optimise({ insns, subprograms: [] }).insns)

/** Before and after, `;` between instructions. `exit` behind both. */
type Case = readonly [what: string, before: string, after: string]

// biome-ignore format: table
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'shift pairs': [
    ['zero extension by shifts',           'r0 = r1; r0 <<= 32; r0 >>= 32',                     'w0 = w1'],
    ['sign extension by shifts',           'r0 = r1; r0 <<= 32; r0 s>>= 32',                    'r0 = (s32)r1'],
    ['16 bits with a sign',                'r0 = r1; r0 <<= 48; r0 s>>= 48',                    'r0 = (s16)r1'],
    ['8 bits of 32 with a sign',           'w0 = w1; w0 <<= 24; w0 s>>= 24',                    'w0 = w1; w0 = (s8)w0'],
    ['16 bits without a sign',             'r0 = r1; r0 <<= 48; r0 >>= 48',                     'r0 = r1; r0 &= 65535'],
    ['24 bits of 32',                      'w0 = w1; w0 <<= 8; w0 >>= 8',                       'w0 = w1; w0 &= 16777215'],
    ['a mask too wide for an immediate',   'r0 = r1; r0 <<= 16; r0 >>= 16',                     'r0 = r1; r0 <<= 16; r0 >>= 16'],
    ['40 bits: no such extension',         'r0 = r1; r0 <<= 40; r0 s>>= 40',                    'r0 = r1; r0 <<= 40; r0 s>>= 40'],
    ['different counts: a bit field',      'r0 = r1; r0 <<= 40; r0 >>= 48',                     'r0 = r1; r0 <<= 40; r0 >>= 48'],
    ['different widths',                   'r0 = r1; w0 <<= 16; r0 >>= 16',                     'r0 = r1; w0 <<= 16; r0 >>= 16'],
    ['read in between',                    'r0 = r1; r0 <<= 32; *(u64 *)(r10 - 8) = r0; r0 >>= 32', 'r0 = r1; r0 <<= 32; *(u64 *)(r10 - 8) = r0; r0 >>= 32'],
    ['others in between',                  'r0 = r1; r0 <<= 32; *(u64 *)(r10 - 8) = r2; r0 >>= 32', '*(u64 *)(r10 - 8) = r2; w0 = w1'],
    ['source written before the extension', 'r0 = r1; r1 = 5; *(u64 *)(r10 - 8) = r1; w0 = w0',   'r0 = r1; r1 = 5; *(u64 *)(r10 - 8) = r1; w0 = w0'],
    ['two, across a branch',               'r0 = r1; r0 <<= 32; if r2 > 1 goto +0; r0 >>= 32',  'r0 = r1; r0 <<= 32; if r2 > 1 goto +0; r0 >>= 32'],
  ],
  'narrow values': [
    ['extension of a 32-bit result',       'w0 = w1; w0 += w2; w0 = w0',                        'w0 = w1; w0 += w2'],
    ['extension of what may be wide',      'r0 = r1; r0 += r2; w0 = w0',                        'r0 = r1; r0 += r2; w0 = w0'],
    ['mask as wide as the load',           'w0 = *(u16 *)(r1 + 0); r0 &= 65535',                'w0 = *(u16 *)(r1 + 0)'],
    ['wider mask',                         'w0 = *(u8 *)(r1 + 0); r0 &= 4095',                  'w0 = *(u8 *)(r1 + 0)'],
    ['mask with a hole',                   'w0 = *(u16 *)(r1 + 0); r0 &= 65534',                'w0 = *(u16 *)(r1 + 0); r0 &= 65534'],
    ['mask below a sum',                   'w0 = *(u8 *)(r1 + 0); w2 = *(u8 *)(r1 + 1); w0 += w2; w0 &= 255', 'w0 = *(u8 *)(r1 + 0); w2 = *(u8 *)(r1 + 1); w0 += w2; w0 &= 255'],
    ['mask as wide as a sum',              'w0 = *(u8 *)(r1 + 0); w2 = *(u8 *)(r1 + 1); w0 += w2; w0 &= 511', 'w0 = *(u8 *)(r1 + 0); w2 = *(u8 *)(r1 + 1); w0 += w2'],
    ['extension in the next block',        'w0 = w1; if w0 == 0 goto +0; w0 = w0',              'w0 = w1; if w0 == 0 goto +0; w0 = w0'],
    ['extension in a block of its own',    'w0 = w1; if w1 == 0 goto +2; w0 = w0; exit',        'w0 = w1; if w1 == 0 goto +1; exit'],
    ['neutral numbers',                    'r0 = r1; r0 += 0; r0 *= 1; r0 <<= 0; r0 |= 0; r0 /= 1; r0 &= -1; r0 = r0', 'r0 = r1'],
    ['neutral numbers of 32 bits cut off', 'r0 = r1; w0 += 0',                                  'r0 = r1; w0 += 0'],
    ['truncation to what it is',           'w0 = *(u16 *)(r1 + 0); r0 = le16 r0; r0 = le64 r0', 'w0 = *(u16 *)(r1 + 0)'],
    ['truncation',                         'w0 = *(u32 *)(r1 + 0); r0 = le16 r0',               'w0 = *(u32 *)(r1 + 0); r0 = le16 r0'],
  ],
  'byte loads': [
    ['two bytes, little-endian',           'w2 = *(u8 *)(r1 + 4); w0 = *(u8 *)(r1 + 5); r0 <<= 8; r0 |= r2', 'w0 = *(u16 *)(r1 + 4)'],
    ['two bytes, big-endian',              'w0 = *(u8 *)(r1 + 4); w2 = *(u8 *)(r1 + 5); r0 <<= 8; r0 |= r2', 'w0 = *(u16 *)(r1 + 4); r0 = be16 r0'],
    ['four bytes', 'w2 = *(u8 *)(r1 + 0); w3 = *(u8 *)(r1 + 1); w3 <<= 8; w3 |= w2; w4 = *(u8 *)(r1 + 2); w4 <<= 16; w0 = *(u8 *)(r1 + 3); w0 <<= 24; w0 |= w4; w0 |= w3', 'w0 = *(u32 *)(r1 + 0)'],
    ['eight bytes of two words',           'w2 = *(u32 *)(r1 + 0); w0 = *(u32 *)(r1 + 4); r0 <<= 32; r0 |= r2', 'r0 = *(u64 *)(r1 + 0)'],
    ['a byte that is read elsewhere stays', 'w2 = *(u8 *)(r1 + 4); w0 = *(u8 *)(r1 + 5); r0 <<= 8; r0 |= r2; *(u8 *)(r10 - 1) = r2', 'w2 = *(u8 *)(r1 + 4); w0 = *(u16 *)(r1 + 4); *(u8 *)(r10 - 1) = w2'],
    ['three bytes',                        'w2 = *(u16 *)(r1 + 4); w0 = *(u8 *)(r1 + 6); r0 <<= 16; r0 |= r2', 'w2 = *(u16 *)(r1 + 4); w0 = *(u8 *)(r1 + 6); r0 <<= 16; r0 |= r2'],
    ['bytes that are no neighbours',       'w2 = *(u8 *)(r1 + 4); w0 = *(u8 *)(r1 + 6); r0 <<= 8; r0 |= r2', 'w2 = *(u8 *)(r1 + 4); w0 = *(u8 *)(r1 + 6); r0 <<= 8; r0 |= r2'],
    ['mixed byte orders',                  'w2 = *(u16 *)(r1 + 4); r2 = be16 r2; w0 = *(u16 *)(r1 + 6); r0 <<= 16; r0 |= r2', 'w2 = *(u16 *)(r1 + 4); r2 = be16 r2; w0 = *(u16 *)(r1 + 6); r0 <<= 16; r0 |= r2'],
    ['a store in between',                 'w2 = *(u8 *)(r1 + 4); *(u8 *)(r1 + 5) = 1; w0 = *(u8 *)(r1 + 5); r0 <<= 8; r0 |= r2', 'w2 = *(u8 *)(r1 + 4); *(u8 *)(r1 + 5) = 1; w0 = *(u8 *)(r1 + 5); r0 <<= 8; r0 |= r2'],
    ['another base in between',            'w2 = *(u8 *)(r1 + 4); r1 += 1; w0 = *(u8 *)(r1 + 5); r0 <<= 8; r0 |= r2', 'w2 = *(u8 *)(r1 + 4); r1 += 1; w0 = *(u8 *)(r1 + 5); r0 <<= 8; r0 |= r2'],
    ['a base that is overwritten',         'w2 = *(u8 *)(r1 + 4); w1 = *(u8 *)(r1 + 5); r1 <<= 8; r1 |= r2; r0 = r1', 'w2 = *(u8 *)(r1 + 4); w1 = *(u8 *)(r1 + 5); r1 <<= 8; r1 |= r2; r0 = r1'],
    ['bits that 32 bits cut off',          'w2 = *(u16 *)(r1 + 4); w0 = *(u16 *)(r1 + 6); w0 <<= 24; w0 |= w2', 'w2 = *(u16 *)(r1 + 4); w0 = *(u16 *)(r1 + 6); w0 <<= 24; w0 |= w2'],
  ],
  'dead code': [
    ['a move that is overwritten',         'r0 = 1; r0 = 2',                                    'r0 = 2'],
    ['what only feeds it',                 'r2 = 7; r2 += 1; r0 = r2; r0 = 2',                  'r0 = 2'],
    ['two slots',                          'r2 = 81985529216486895 ll; r0 = 2',                 'r0 = 2'],
    ['arguments of a call stay',           'r1 = 1; r5 = 5; call 7; r0 = 0',                    'r1 = 1; r5 = 5; call 7; r0 = 0'],
    ['stores and atomics stay',            'w2 = 1; *(u8 *)(r10 - 8) = w2; lock *(u64 *)(r10 - 8) += r2; r2 = atomic_fetch_add((u64 *)(r10 - 8), r2); r0 = 0', 'w2 = 1; *(u8 *)(r10 - 8) = w2; lock *(u64 *)(r10 - 8) += r2; r2 = atomic_fetch_add((u64 *)(r10 - 8), r2); r0 = 0'],
    ['live on one of two ways',            'r2 = 1; r0 = 0; if r1 > 1 goto +1; r0 = r2',        'r2 = 1; r0 = 0; if r1 > 1 goto +1; r0 = r2'],
  ],
  'swap after load': [
    ['brought to its load',                'w0 = *(u16 *)(r1 + 0); w2 = *(u8 *)(r1 + 2); r0 = be16 r0; r0 += r2', 'w0 = *(u16 *)(r1 + 0); r0 = be16 r0; w2 = *(u8 *)(r1 + 2); r0 += r2'],
    ['over two slots',                     'w0 = *(u16 *)(r1 + 0); r2 = 81985529216486895 ll; r0 = be16 r0; r0 += r2', 'w0 = *(u16 *)(r1 + 0); r0 = be16 r0; r2 = 81985529216486895 ll; r0 += r2'],
    ['of another width stays',             'w0 = *(u32 *)(r1 + 0); w2 = *(u8 *)(r1 + 2); r0 = be16 r0; r0 += r2', 'w0 = *(u32 *)(r1 + 0); w2 = *(u8 *)(r1 + 2); r0 = be16 r0; r0 += r2'],
  ],
  'jumps': [
    ['goto to the next',                   'r0 = 1; goto +0',                                   'r0 = 1'],
    ['goto to a goto',                     'r0 = 1; if r1 > 1 goto +1; goto +1; r0 = 2; goto +1; r0 = 3', 'r0 = 1; if r1 > 1 goto +1; goto +1; r0 = 2'],
    ['what nobody reaches',                'r0 = 1; goto +2; r0 = 2; r0 = 3',                   'r0 = 1'],
    ['a goto alone in its block counts',   'r0 = 1; if r1 > 1 goto +0; goto +0',                'r0 = 1; if r1 > 1 goto +0; goto +0'],
    ['a ring of gotos',                    'r0 = 1; if r1 > 1 goto +1; goto -1',                'r0 = 1; if r1 > 1 goto +1; goto -1'],
  ],
}

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  it.each(cases)('%s', (_what, before, expected) => {
    expect(after(insnsOf(`${before}; exit`))).toEqual(listingOf(insnsOf(`${expected}; exit`)))
  })
})

describe('hidden subprograms', () => {
  const call = insnsOf('call 1; exit').map((insn) => (insn.opcode === 0x85 ? { ...insn, src: 1 } : insn))
  const insns = [...call, ...insnsOf('if r1 > 1 goto +1; goto +1; goto +0; r0 = 1; r0 = 2; exit')]
  const subprograms = [
    { start: 0, end: 2, name: 'main' },
    { start: 2, end: insns.length, hidden: true },
  ]

  it('weigh nothing, so that branches are threaded through gotos', () => {
    const { weights, insns: after_ } = optimise({ insns, subprograms })
    expect([...weights]).toEqual([1, 1, 0, 0, 0])
    expect(listingOf(after_.slice(2))).toEqual(['if r1 > 1 goto +0', 'r0 = 2', 'exit'])
  })

  it('keep what was said of them, at their new place', () => {
    expect(optimise({ insns, subprograms }).subprograms).toEqual([
      { start: 0, end: 2, name: 'main' },
      { start: 2, end: 5, hidden: true },
    ])
  })
})
