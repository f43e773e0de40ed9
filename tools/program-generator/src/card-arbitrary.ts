import {
  BPF_ADD,
  BPF_AND,
  BPF_ARSH,
  BPF_B,
  BPF_DW,
  BPF_H,
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
  BPF_MOV,
  BPF_OR,
  BPF_RSH,
  BPF_SUB,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { CARD_PACKET_BYTES, lowerCardProgram } from './card-lowering.ts'
import { CARD_SCALARS, type CardStatement } from './card-statement.ts'

/** A program for a card, and bytes for the packet it runs on. */
export interface GeneratedCardProgram {
  readonly insns: readonly Insn[]
  readonly packet: Uint8Array
}

const OPERATIONS = [BPF_MOV, BPF_ADD, BPF_SUB, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH, BPF_ARSH]
const COMPARISONS = [
  BPF_JEQ,
  BPF_JGT,
  BPF_JGE,
  BPF_JSET,
  BPF_JNE,
  BPF_JSGT,
  BPF_JSGE,
  BPF_JLT,
  BPF_JLE,
  BPF_JSLT,
  BPF_JSLE,
]
/** Divisors of every form that the driver makes, but those whose quotient its words get wrong. */
const DIVISORS = [
  2,
  3,
  5,
  7,
  9,
  10,
  11,
  13,
  14,
  25,
  60,
  100,
  255,
  1000,
  4096,
  0xffff,
  2 ** 30,
  0x7fffffff,
  2 ** 31,
  2 ** 31 + 1,
  0xffffffff,
]

const scalar = fc.constantFrom(...CARD_SCALARS)
/** Not the least number: the driver negates it and does not see that it stays. */
const imm = fc.oneof(
  fc.constantFrom(
    0,
    1,
    -1,
    2,
    -2,
    7,
    31,
    32,
    63,
    127,
    128,
    255,
    256,
    -255,
    -256,
    0xffff,
    0x10000,
    0x7fffffff,
    -0x7fffffff,
  ),
  fc.integer({ min: -0x7fffffff, max: 0x7fffffff }),
)
const small = fc.nat({ max: 127 })
const size = fc.constantFrom(BPF_B, BPF_H, BPF_W, BPF_DW)
const operand = { byRegister: fc.boolean(), src: scalar, imm }
const place = { size, loads: fc.boolean(), register: scalar, at: small }

const leaf = (weight: number, fields: { readonly [name: string]: fc.Arbitrary<unknown> }) => ({
  weight,
  arbitrary: fc.record(fields) as fc.Arbitrary<unknown> as fc.Arbitrary<CardStatement>,
})
const is = (kind: CardStatement['kind']) => fc.constant(kind)

// biome-ignore format: table
const LEAVES = [
  leaf(10, { kind: is('alu'), op: fc.constantFrom(...OPERATIONS), wide: fc.boolean(), dst: scalar, ...operand }),
  leaf(2,  { kind: is('multiply'), wide: fc.boolean(), short: fc.boolean(), dst: scalar, ...operand }),
  leaf(2,  { kind: is('divide'), wide: fc.boolean(), dst: scalar, by: fc.constantFrom(...DIVISORS), src: scalar, byRegister: fc.boolean() }),
  leaf(1,  { kind: is('swap'), dst: scalar, bits: fc.constantFrom(16, 32, 64) }),
  leaf(2,  { kind: is('imm64'), dst: scalar, lo: imm, hi: imm }),
  leaf(4,  { kind: is('stack'), ...place }),
  leaf(6,  { kind: is('packet'), ...place }),
  leaf(2,  { kind: is('copy'), size, count: fc.integer({ min: 1, max: 48 }), value: scalar, from: small, to: small, descending: fc.boolean(), imm }),
  leaf(1,  { kind: is('call'), callee: small, imm }),
]
const LOOKUP = leaf(3, {
  kind: is('lookup'),
  use: fc.constantFrom('read', 'add'),
  key: scalar,
  register: scalar,
  wide: fc.boolean(),
  slot: small,
  short: fc.boolean(),
  imm,
})

function blocks(maps: boolean, depth: number): fc.Arbitrary<CardStatement[]> {
  const leaves = maps ? [...LEAVES, LOOKUP] : LEAVES
  if (depth === 0) return fc.array(fc.oneof(...leaves), { maxLength: 8, size: 'max' })
  const inner = blocks(maps, depth - 1)
  const compare = { op: fc.constantFrom(...COMPARISONS), wide: fc.boolean(), dst: scalar, ...operand }
  const branch = leaf(4, { kind: is('branch'), ...compare, taken: inner, untaken: inner })
  return fc.array(fc.oneof(...leaves, branch), { maxLength: 16, size: 'max' })
}

/**
 * XDP programs that both the Linux verifier and the nfp driver take: arithmetic with every form of multiplication and
 * division that a card has, stack and packet accesses, unrolled copies, branches, calls, and with `maps` lookups in
 * `CARD_MAPS` that read numbers and add to counters. In the end each stores all scalars and the stack into the packet.
 */
export function cardPrograms({ maps = false }: { readonly maps?: boolean } = {}): fc.Arbitrary<GeneratedCardProgram> {
  const seeds = fc.array(imm, { minLength: CARD_SCALARS.length, maxLength: CARD_SCALARS.length })
  const packet = fc.uint8Array({ minLength: CARD_PACKET_BYTES, maxLength: CARD_PACKET_BYTES })
  return fc
    .tuple(seeds, blocks(maps, 2), fc.array(blocks(false, 1), { maxLength: 2, size: 'max' }), packet)
    .map(([initial, main, subprograms, bytes]) => ({
      insns: lowerCardProgram(initial, main, subprograms),
      packet: bytes,
    }))
}
