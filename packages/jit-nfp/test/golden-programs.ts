import { assembleLlvm } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { NfpInsnFact, NfpPointer, NfpProgram } from '../src/index.ts'

/** Programs whose words are kept in golden files, in LLVM's syntax, with what the driver notes of their slots. */
export interface GoldenProgram {
  readonly name: string
  readonly program: NfpProgram
}

interface Parts {
  readonly source: string
  /** By slot; for the rest of the slots nothing is known. */
  readonly facts?: Readonly<Record<number, NfpInsnFact>>
  readonly type?: number
  readonly stackDepths?: readonly number[]
  readonly guaranteedAdjustHead?: number
}

/** The firmware that is public. @see nfp.md, section 1.5 */
const TARGET = { maxWords: 2560, adjustHead: { offMin: 44, offMax: 248 } }

/** A program of LLVM's syntax. */
export function programOf({ source, facts = {}, type = PROG_TYPE.XDP, stackDepths = [0], ...rest }: Parts): NfpProgram {
  const { insns } = assembleLlvm(source)
  return { type, insns, facts: insns.map((_, pc) => facts[pc]), stackDepths, target: TARGET, ...rest }
}

const golden = (name: string, parts: Parts): GoldenProgram => ({ name, program: programOf(parts) })

const ctx: NfpInsnFact = { pointer: { kind: 'ctx', offset: 0 } }
const pkt: NfpInsnFact = { pointer: { kind: 'pkt', offset: 0 } }
const packet = (id: number, offset = 0): NfpPointer => ({ kind: 'pkt', offset, id })
const stack = (offset: number): NfpInsnFact => ({ pointer: { kind: 'fp', offset } })
const value: NfpInsnFact = { pointer: { kind: 'map_value', offset: 0 } }
const ranges = (sourceMin: bigint, sourceMax: bigint, targetMax = 0xffffffffn): NfpInsnFact => ({
  ranges: { sourceMin, sourceMax, targetMin: 0n, targetMax },
})
const zext: NfpInsnFact = { zeroExtend: true }
const adds = (maybe16Bit: boolean, over16Bit: boolean): NfpInsnFact => ({ ...value, addend: { maybe16Bit, over16Bit } })

/** The same instruction at several offsets. */
const copies = (width: string, offsets: readonly number[]): string =>
  offsets.map((at) => `r3 = *(${width} *)(r1 + ${at})\n*(${width} *)(r2 + ${at + 64}) = r3`).join('\n')
const copyFacts = (count: number, from: NfpInsnFact): Record<number, NfpInsnFact> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [
      [2 * n, from],
      [2 * n + 1, { pointer: packet(1) }],
    ]).flat(),
  )

export const GOLDEN_PROGRAMS: readonly GoldenProgram[] = [
  golden('pass', { source: 'r0 = 2\nexit' }),
  golden('classifier', {
    type: PROG_TYPE.SCHED_CLS,
    source: 'r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 76)\nr4 = *(u32 *)(r1 + 80)\nr0 = -1\nexit',
    facts: { 0: ctx, 1: ctx, 2: ctx },
  }),
  golden('parser', {
    source: `
r2 = *(u32 *)(r1 + 4)
r1 = *(u32 *)(r1 + 0)
r3 = r1
r3 += 34
r0 = 2
if r3 > r2 goto out
r3 = *(u8 *)(r1 + 12)
r4 = *(u16 *)(r1 + 13)
r5 = *(u32 *)(r1 + 26)
r6 = *(u64 *)(r1 + 23)
if r3 != 8 goto out
r0 = 1
out: exit`,
    facts: { 0: ctx, 1: ctx, 6: { ...pkt, ...zext }, 7: { ...pkt, ...zext }, 8: { ...pkt, ...zext }, 9: pkt },
  }),
  golden('arithmetic', {
    source: `
r1 = 0
r1 = -1
r1 = 65536
w1 = -65281
r1 = 0x1122334455667788 ll
r1 = 0x5555555555555555 ll
r1 += -5
r1 -= 300
w1 &= 255
r1 &= 0
r1 |= -1
r1 ^= -1
r1 ^= 7
w1 += w2
r1 -= r2
r1 = -r1
r3 = r10
r1 = be16 r1
r1 = be32 r1
r1 = be64 r1
r0 = 2
exit`,
    facts: { 11: zext, 16: zext },
    stackDepths: [8],
  }),
  golden('shifts', {
    source: `
r1 <<= 5
r1 <<= 32
r1 >>= 40
r1 s>>= 31
r1 s>>= 63
r1 <<= r2
r1 <<= r2
r1 >>= r2
r1 >>= r2
r1 s>>= r2
r1 s>>= r2
w1 <<= w2
w1 s>>= 3
w1 >>= w2
r0 = 2
exit`,
    facts: {
      5: ranges(0n, 31n),
      6: ranges(0n, 63n),
      7: ranges(32n, 63n),
      8: ranges(0n, 63n),
      9: ranges(7n, 7n),
      10: ranges(0n, 63n),
      11: ranges(0n, 31n),
      13: { ...ranges(0n, 31n), ...zext },
    },
  }),
  golden('multiply-divide', {
    source: `
r1 *= r2
r1 *= r2
w1 *= 70000
r1 /= 7
r1 /= 10
r1 /= 28
r1 /= 4096
w1 /= w2
r0 = 2
exit`,
    facts: {
      0: ranges(0n, 0xffffn, 0xffffn),
      1: ranges(0n, 0xffffffffn),
      2: ranges(0n, 0n),
      7: ranges(0x80000001n, 0x80000001n),
    },
  }),
  golden('stack', {
    source: `
*(u64 *)(r10 - 8) = r1
*(u32 *)(r10 - 104) = r1
*(u16 *)(r10 - 102) = r1
r2 = *(u64 *)(r10 - 12)
r2 = *(u8 *)(r10 - 3)
r2 = *(u64 *)(r10 - 99)
r2 = *(u32 *)(r3 + 4)
r2 = *(u16 *)(r3 + 0)
r0 = 2
exit`,
    facts: {
      ...Object.fromEntries([0, 1, 2, 3, 5].map((pc) => [pc, stack(0)])),
      4: { ...stack(0), ...zext },
      6: { ...stack(-40), pointerVaries: true },
      7: { ...stack(-40), callerFrame: true },
    },
    stackDepths: [112],
  }),
  golden('copy-words', { source: `${copies('u32', [0, 4, 8, 12])}\nr0 = 2\nexit`, facts: copyFacts(4, pkt) }),
  golden('copy-bytes-down', { source: `${copies('u8', [9, 8, 7, 6, 5])}\nr0 = 2\nexit`, facts: copyFacts(5, pkt) }),
  golden('copy-long', {
    source: `${copies(
      'u16',
      [...Array(25).keys()].map((n) => 200 + 2 * n),
    )}\nr0 = 2\nexit`,
    facts: copyFacts(25, value),
  }),
  golden('stores', {
    source: `
*(u8 *)(r2 + 0) = r3
*(u64 *)(r2 + 200) = r3
*(u32 *)(r2 - 4) = 74565
*(u64 *)(r2 + 8) = -1
*(u32 *)(r1 + 16) = r3
r0 = 3
exit`,
    facts: { 0: pkt, 1: pkt, 2: pkt, 3: pkt, 4: ctx },
  }),
  golden('atomics', {
    source: `
lock *(u32 *)(r1 + 0) += w2
lock *(u64 *)(r1 + 8) += r2
lock *(u64 *)(r1 + 0) += r2
lock *(u64 *)(r1 + 256) += r2
r2 = *(u32 *)(r1 + 0)
r0 = 2
exit`,
    facts: { 0: adds(true, false), 1: adds(true, true), 2: adds(false, true), 3: adds(true, true), 4: value },
  }),
  golden('comparisons', {
    source: `
if r1 == 0 goto out
if r1 == -7 goto out
if r1 != 0 goto out
if r1 != 300 goto out
if r1 > 5 goto out
if r1 >= -5 goto out
if r1 < r2 goto out
if r1 s<= -300 goto out
if r1 s< -3 goto out
if r1 & 6 goto out
if r1 & r2 goto out
if r1 != r2 goto out
if r1 == r2 goto out
if w1 == 7 goto out
if w1 != 0 goto out
if w1 s>= w2 goto out
if w1 & -8 goto out
goto out
out: r0 = 2
exit`,
  }),
  golden('calls', {
    source: `
*(u64 *)(r10 - 8) = r1
r6 = 1
call first
call second
exit
first: r6 = r1
r0 = r6
exit
second: r0 = 2
exit`,
    facts: { 0: stack(0) },
    stackDepths: [72, 0, 0],
  }),
  golden('helpers', {
    source: `
r1 = 5 ll
call 1
call 2
call 3
call 7
call 25
call 44
call 65
r0 = 2
exit`,
    facts: {
      2: { call: { keyOffset: -8 } },
      3: { call: { keyOffset: -4 } },
      4: { call: { keyOffset: -8, keyVaries: true } },
      6: { call: { eventData: 'pkt' } },
    },
    stackDepths: [8],
  }),
  golden('adjust-head-guaranteed', { source: 'call 44\nr0 = 2\nexit', guaranteedAdjustHead: 0 }),
  golden('classic', {
    type: PROG_TYPE.SCHED_CLS,
    source: `
r0 ^= r0
r7 ^= r7
r6 = r1
r0 = *(u16 *)skb[12]
r0 &= 65535
if r0 != 2048 goto out
r0 = *(u8 *)skb[23]
r0 = *(u32 *)skb[r7 + 400]
r0 <<= 32
r0 >>= 32
out: r0 = 2
exit`,
    facts: { 6: zext, 7: zext },
  }),
]
