/** Random BPF programs that a card translates, with the facts that its driver would have noted: for comparison with the interpreter. */
import type { NfpInsnFact } from '@bpfoundry/jit-nfp'
import fc from 'fast-check'

/** A line of LLVM's syntax with what is known of it, or a label. */
interface Line {
  readonly text: string
  readonly fact?: NfpInsnFact
  /** Slots of the instruction. */
  readonly slots?: number
}

/** A program's source and, slot by slot, the facts. */
export interface OffloadProgram {
  readonly source: string
  readonly facts: readonly (NfpInsnFact | undefined)[]
  /** Of the program and of its function, if it calls that. */
  readonly stackDepths: readonly number[]
}

/** Bytes of the packet that programs read and write; behind it they leave their registers. */
export const DATA_BYTES = 64
/** Bytes of the stack that programs use; they fill all of it first. */
const STACK_BYTES = 96
const SCALARS = [0, 1, 2, 3, 4, 5, 6, 7, 8]

const FULL = { sourceMin: 0n, sourceMax: 2n ** 64n - 1n, targetMin: 0n, targetMax: 2n ** 64n - 1n }
const ZEXT: NfpInsnFact = { zeroExtend: true, ranges: FULL }
const packet: NfpInsnFact = { pointer: { kind: 'pkt', offset: 0 }, zeroExtend: true }
const stack: NfpInsnFact = { pointer: { kind: 'fp', offset: 0 }, zeroExtend: true }

const scalar = fc.constantFrom(...SCALARS)
/** Not the least one: the driver negates it and gets the same again (docs/parity/microengine.md). */
const imm32 = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 127, 128, 255, 256, 0x7fff, 0xffff, 0x10000, 0x7fffffff, -0x7fffffff, -2, -256),
  fc.integer({ min: -0x7fffffff, max: 0x7fffffff }),
)
const WIDTHS: readonly (readonly [name: string, bytes: number])[] = [
  ['u8', 1],
  ['u16', 2],
  ['u32', 4],
  ['u64', 8],
]
const width = fc.constantFrom(...WIDTHS)

type Lines = fc.Arbitrary<readonly Line[]>
const one = (text: string, fact?: NfpInsnFact): readonly Line[] => [fact === undefined ? { text } : { text, fact }]

const name = (wide: boolean, register: number): string => `${wide ? 'r' : 'w'}${register}`

const arithmetic: Lines = fc
  .tuple(fc.constantFrom('=', '+=', '-=', '&=', '|=', '^='), scalar, fc.oneof(scalar, imm32.map(String)), fc.boolean())
  .map(([op, dst, src, wide]) => {
    const right = typeof src === 'number' ? name(wide, src) : src
    return one(`${name(wide, dst)} ${op} ${right}`, wide ? { ranges: FULL } : ZEXT)
  })

const negation: Lines = fc
  .tuple(scalar, fc.boolean())
  .map(([dst, wide]) => one(`${name(wide, dst)} = -${name(wide, dst)}`, wide ? { ranges: FULL } : ZEXT))

const byteOrder: Lines = fc
  .tuple(scalar, fc.constantFrom(16, 32, 64))
  .map(([dst, bits]) => one(`r${dst} = be${bits} r${dst}`))

const wideConstant: Lines = fc
  .tuple(scalar, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
  .map(([dst, value]) => [{ text: `r${dst} = ${value} ll`, slots: 2 }])

const SHIFTS = fc.constantFrom('<<=', '>>=', 's>>=')
const constantShift: Lines = fc.tuple(SHIFTS, scalar, fc.nat(63), fc.boolean()).map(([op, dst, amount, wide]) => {
  const bits = wide ? amount : amount & 31
  return one(`${name(wide, dst)} ${op} ${bits}`, wide ? { ranges: FULL } : ZEXT)
})

/** Two different registers. */
const two = fc.tuple(scalar, scalar).filter(([dst, src]) => dst !== src)

/**
 * Shifts by a register, as the verifier knows its bounds. 64-bit left shifts are by 1 at least where they can be below 32: the
 * words of the driver do not shift by 0 (docs/parity/microengine.md).
 */
const registerShift: Lines = fc
  .tuple(SHIFTS, two, fc.boolean(), fc.constantFrom('low', 'high', 'any'))
  .map(([op, [dst, src], wide, part]) => {
    const mask = wide && part === 'any' ? 63 : 31
    const least = wide && part === 'high' ? 32 : op === '<<=' && wide ? 1 : 0
    const bound = [{ text: `r${src} &= ${mask}`, fact: { ranges: FULL } }]
    if (least > 0) bound.push({ text: `r${src} |= ${least}`, fact: { ranges: FULL } })
    const ranges = { ...FULL, sourceMin: BigInt(least), sourceMax: BigInt(mask | least) }
    return [...bound, { text: `${name(wide, dst)} ${op} ${name(wide, src)}`, fact: { ranges, zeroExtend: !wide } }]
  })

/** Products of numbers of 16 or 32 bits. */
const product: Lines = fc.tuple(two, fc.boolean(), fc.boolean()).map(([[dst, src], wide, short]) => {
  const max = short ? 0xffffn : 0xffffffffn
  const cut = (register: number): Line =>
    short
      ? { text: `r${register} &= 65535`, fact: { ranges: FULL } }
      : { text: `w${register} = w${register}`, fact: ZEXT }
  const ranges = { sourceMin: 0n, sourceMax: max, targetMin: 0n, targetMax: max }
  return [cut(dst), cut(src), { text: `${name(wide, dst)} *= ${name(wide, src)}`, fact: { ranges, zeroExtend: !wide } }]
})

/** Divisors whose last shift is not by 0, which would be another shift (docs/parity/jit-nfp.md). */
const DIVISORS = [2, 3, 5, 6, 7, 10, 12, 100, 1000, 1500, 4096, 65536, 99991, 2 ** 20, 2 ** 31 - 1]
const quotient: Lines = fc.tuple(scalar, fc.constantFrom(...DIVISORS)).map(([dst, by]) => [
  { text: `w${dst} = w${dst}`, fact: ZEXT },
  {
    text: `r${dst} /= ${by}`,
    fact: { ranges: { sourceMin: BigInt(by), sourceMax: BigInt(by), targetMin: 0n, targetMax: 0xffffffffn } },
  },
])

const packetLoad: Lines = fc
  .tuple(width, fc.nat(DATA_BYTES - 8), scalar)
  .map(([[type], at, dst]) => one(`r${dst} = *(${type} *)(r9 + ${at})`, packet))
const packetStore: Lines = fc
  .tuple(
    width,
    fc.nat(DATA_BYTES - 8),
    fc.oneof(
      scalar.map((n) => `r${n}`),
      imm32.map(String),
    ),
  )
  .map(([[type], at, src]) => one(`*(${type} *)(r9 + ${at}) = ${src}`, packet))

/**
 * Copies from one part of the packet to another, which the translator makes one command of. The register that words of 32 bits
 * go through then holds the first of them, not the last, so it is set anew (docs/parity/jit-nfp.md).
 */
const packetCopy: Lines = fc
  .tuple(width, fc.integer({ min: 2, max: 6 }), fc.nat(16), fc.nat(16), scalar)
  .map(([[type, bytes], count, from, to, via]) => {
    const steps = Math.min(count, Math.floor(16 / bytes))
    const copies = Array.from({ length: steps }, (_, step) => [
      { text: `r${via} = *(${type} *)(r9 + ${from + step * bytes})`, fact: packet },
      { text: `*(${type} *)(r9 + ${32 + to + step * bytes}) = r${via}`, fact: packet },
    ]).flat()
    return bytes === 4 ? [...copies, { text: `r${via} = ${count}`, fact: { ranges: FULL } }] : copies
  })

/** Stack slots, aligned as the verifier wants it. */
const stackAccess: Lines = fc
  .tuple(width, fc.nat(STACK_BYTES / 8 - 1), fc.nat(7), scalar, fc.boolean())
  .map(([[type, bytes], slot, part, register, store]) => {
    const at = STACK_BYTES - slot * 8 - Math.floor(part / bytes) * bytes
    return one(store ? `*(${type} *)(r10 - ${at}) = r${register}` : `r${register} = *(${type} *)(r10 - ${at})`, stack)
  })

const simple: Lines = fc.oneof(
  { weight: 5, arbitrary: arithmetic },
  { weight: 1, arbitrary: negation },
  { weight: 1, arbitrary: byteOrder },
  { weight: 1, arbitrary: wideConstant },
  { weight: 2, arbitrary: constantShift },
  { weight: 2, arbitrary: registerShift },
  { weight: 2, arbitrary: product },
  { weight: 2, arbitrary: quotient },
  { weight: 3, arbitrary: packetLoad },
  { weight: 2, arbitrary: packetStore },
  { weight: 1, arbitrary: packetCopy },
  { weight: 3, arbitrary: stackAccess },
)

const COMPARISONS = fc.constantFrom('==', '!=', '>', '>=', '<', '<=', 's>', 's>=', 's<', 's<=', '&')

/** A jump over some lines. */
const branch: Lines = fc
  .tuple(
    COMPARISONS,
    scalar,
    fc.oneof(scalar, imm32.map(String)),
    fc.boolean(),
    fc.array(simple, { minLength: 1, maxLength: 4 }),
    fc.nat(),
  )
  .map(([comparison, left, src, wide, skipped, number]) => {
    const right = typeof src === 'number' ? name(wide, src) : src
    const label = `L${number}_${left}_${skipped.length}`
    return [
      { text: `if ${name(wide, left)} ${comparison} ${right} goto ${label}` },
      ...skipped.flat(),
      { text: `${label}:`, slots: 0 },
    ]
  })

/** A call of the program's function; it leaves r1 to r5 to nobody knows what, so they are set anew. */
const call: Lines = fc.constant([
  { text: 'call function' },
  ...[1, 2, 3, 4, 5].flatMap((n) => [
    { text: `r${n} = r0`, fact: { ranges: FULL } },
    { text: `r${n} += ${n}`, fact: { ranges: FULL } },
  ]),
])

/** The function: arithmetic on its arguments, on registers that have to be saved or not, and a slot of its stack. */
const calledFunction: Lines = fc
  .tuple(fc.boolean(), fc.array(fc.oneof(arithmetic, negation, constantShift, product), { maxLength: 6 }))
  .map(([saves, body]) => [
    { text: 'function:', slots: 0 },
    { text: 'r0 = r1', fact: { ranges: FULL } },
    ...(saves ? [6, 7, 8].map((n) => ({ text: `r${n} = r${n - 4}`, fact: { ranges: FULL } })) : []),
    { text: '*(u64 *)(r10 - 8) = r2', fact: stack },
    ...body.flat().filter(({ text }) => saves || !/[rw][678]/.test(text)),
    { text: 'r3 = *(u64 *)(r10 - 8)', fact: stack },
    { text: 'r0 += r3', fact: { ranges: FULL } },
    { text: 'exit' },
  ])
const FUNCTION_STACK_BYTES = 8

const PROLOGUE: readonly Line[] = [
  { text: 'r9 = *(u32 *)(r1 + 0)', fact: { pointer: { kind: 'ctx', offset: 0 } } },
  ...SCALARS.map((n) => ({ text: `r${n} = *(u64 *)(r9 + ${n * 7})`, fact: packet })),
  ...Array.from({ length: STACK_BYTES / 8 }, (_, slot) => ({
    text: `*(u64 *)(r10 - ${slot * 8 + 8}) = r${slot % SCALARS.length}`,
    fact: stack,
  })),
]

const EPILOGUE: readonly Line[] = [
  ...SCALARS.map((n) => ({ text: `*(u64 *)(r9 + ${DATA_BYTES + n * 8}) = r${n}`, fact: packet })),
]

/** Bytes of a packet: what programs use, and the registers that they leave. */
export const PACKET_BYTES: number = DATA_BYTES + SCALARS.length * 8

function assemble(lines: readonly Line[], stackDepths: readonly number[]): OffloadProgram {
  const facts = lines.flatMap(({ fact, slots = 1 }) =>
    Array.from({ length: slots }, (_, slot) => (slot === 0 ? fact : undefined)),
  )
  return { source: numbered(lines).join('\n'), facts, stackDepths }
}

/** Labels are told apart by where they stand. */
function numbered(lines: readonly Line[]): string[] {
  const seen = new Map<string, number>()
  return lines.map(({ text }) => {
    const label = /goto (\S+)$/.exec(text)?.[1] ?? /^(L\S+):$/.exec(text)?.[1]
    if (label === undefined) return text
    const uses = (seen.get(label) ?? 0) + 1
    seen.set(label, uses)
    return text.replace(label, `${label}_${(uses - 1) >> 1}`)
  })
}

const statements = fc.array(
  fc.oneof({ weight: 10, arbitrary: simple }, { weight: 4, arbitrary: branch }, { weight: 1, arbitrary: call }),
  { minLength: 1, maxLength: 24 },
)

/** A program: scalars from the packet, random statements, all scalars back into the packet, any result. */
export const offloadProgram: fc.Arbitrary<OffloadProgram> = fc
  .tuple(statements, fc.option(fc.integer({ min: 0, max: 5 })), calledFunction)
  .map(([body, result, callee]) => {
    const results = result === null ? [] : [{ text: `r0 = ${result}`, fact: { ranges: FULL } }]
    const program = [...PROLOGUE, ...body.flat(), ...EPILOGUE, ...results, { text: 'exit' }]
    const calls = program.some(({ text }) => text === 'call function')
    if (!calls) return assemble(program, [STACK_BYTES])
    return assemble([...program, ...callee], [STACK_BYTES, FUNCTION_STACK_BYTES])
  })
