/**
 * Helpers that correct checksums in a packet. Sums are one's complement, 32 bits wide, as the kernel's __wsum.
 *
 * @see RFC 1624; include/net/checksum.h
 */
import { type Cpu, returnErrno } from '@bpfoundry/engine'
import { ERRNO, SK_BUFF } from '@bpfoundry/kernel-abi'
import { u32Argument, u64Argument } from '../registers.ts'
import { fieldOf, makeWritable, setField, startOf } from './socket-buffer.ts'

const ALL_ONES = 0xffff_ffff
const FIELD_MASK = 0xf
const BPF_F_PSEUDO_HDR = 0x10
const BPF_F_MARK_MANGLED_0 = 0x20
const BPF_F_MARK_ENFORCE = 0x40
const BPF_F_IPV6 = 0x80
const L4_FLAGS = FIELD_MASK | BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_IPV6
const CSUM_MANGLED_0 = 0xffff
const MOST_OFFSET = 0xffff
const CHECKSUM_NONE = 0
const CHECKSUM_UNNECESSARY = 1
const SKB_MAX_CSUM_LEVEL = 3

const complement = (sum: number): number => ~sum >>> 0
const add = (a: number, b: number): number => {
  const sum = a + b
  return sum > ALL_ONES ? sum - ALL_ONES : sum
}
const subtract = (a: number, b: number): number => add(a, complement(b))

/** What 32 bits come to in 16, complemented: the checksum itself. */
function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16)
  return ~((once & 0xffff) + (once >>> 16)) & 0xffff
}

const add16 = (a: number, b: number): number => {
  const sum = a + b
  return (sum + (sum >>> 16)) & 0xffff
}

type Change = (check: number, from: number, to: number) => number

const byDifference: Change = (check, _from, to) => fold(add(to, complement(check)))
const byWord: Change = (check, from, to) => fold(add(subtract(complement(check), from), to))
const byHalf: Change = (check, from, to) => ~add16(add16(~check & 0xffff, ~from & 0xffff), to & 0xffff) & 0xffff

/** How a checksum changes, by the size of the field that the flags name: 0 is a difference in `to`. */
const L3_CHANGES: ReadonlyMap<number, Change> = new Map([
  [0, byDifference],
  [2, byHalf],
  [4, byWord],
])
const L4_CHANGES: ReadonlyMap<number, Change> = new Map([
  [0, byDifference],
  [2, (check, from, to) => byWord(check, from & 0xffff, to & 0xffff)],
  [4, byWord],
])

/** bpf_l3_csum_replace(skb, offset, from, to, flags): 0, -EINVAL for flags, -EFAULT for a place past the end. */
export function l3CsumReplace(cpu: Cpu): void {
  returnErrno(
    cpu,
    replace(cpu, FIELD_MASK, L3_CHANGES, (check, changed) => changed(check)),
  )
}

/** bpf_l4_csum_replace(skb, offset, from, to, flags): as the other, and 0 may stand for no checksum (UDP). */
export function l4CsumReplace(cpu: Cpu): void {
  const flags = u64Argument(cpu, 5)
  const zeroIsNone = (flags & BPF_F_MARK_MANGLED_0) !== 0
  const rule: Rule = (check, changed) => {
    if (zeroIsNone && (flags & BPF_F_MARK_ENFORCE) === 0 && check === 0) return check
    const result = changed(check)
    return zeroIsNone && result === 0 ? CSUM_MANGLED_0 : result
  }
  returnErrno(cpu, replace(cpu, L4_FLAGS, L4_CHANGES, rule))
}

/** The checksum that takes the place of another; -1 where the flags name no size that a field can have. */
type Rule = (check: number, changed: (check: number) => number) => number

function replace(cpu: Cpu, allowedFlags: number, changes: ReadonlyMap<number, Change>, rule: Rule): number {
  const skb = u32Argument(cpu, 1)
  const offset = u32Argument(cpu, 2)
  const flags = u64Argument(cpu, 5)
  if (flags > L4_FLAGS || (flags & ~allowedFlags) !== 0) return -ERRNO.EINVAL
  if (offset > MOST_OFFSET || offset % 2 !== 0 || !makeWritable(cpu, skb, offset + 2)) return -ERRNO.EFAULT
  const { view } = cpu.memory
  const at = startOf(cpu, skb) + offset
  const result = rule(view.getUint16(at, true), (check) => change(cpu, check, changes.get(flags & FIELD_MASK)))
  if (result < 0) return -ERRNO.EINVAL
  view.setUint16(at, result, true)
  return 0
}

function change(cpu: Cpu, check: number, changed: Change | undefined): number {
  if (changed === byDifference && u64Argument(cpu, 3) !== 0) return -1
  return changed?.(check, u32Argument(cpu, 3), u32Argument(cpu, 4)) ?? -1
}

/** bpf_csum_update(skb, csum): -ENOTSUPP, as no sum of the whole packet is known here. */
export function csumUpdate(cpu: Cpu): void {
  returnErrno(cpu, -ERRNO.ENOTSUPP)
}

/** bpf_csum_level(skb, level): BPF_CSUM_LEVEL_QUERY, _INC, _DEC, _RESET; -EINVAL for another. */
export function csumLevel(cpu: Cpu): void {
  const level = LEVELS[u64Argument(cpu, 2)]
  returnErrno(cpu, level === undefined ? -ERRNO.EINVAL : level(cpu, u32Argument(cpu, 1)))
}

function setKnown(cpu: Cpu, skb: number, summed: number, level: number): number {
  setField(cpu, skb, SK_BUFF.ipSummed, summed)
  setField(cpu, skb, SK_BUFF.csumLevel, level)
  return 0
}

/** By enum: what is known of the packet's checksums, one more or less of them, none. */
const LEVELS: readonly ((cpu: Cpu, skb: number) => number)[] = [
  (cpu, skb) => (isKnown(cpu, skb) ? fieldOf(cpu, skb, SK_BUFF.csumLevel) : -ERRNO.EACCES),
  (cpu, skb) => {
    const level = fieldOf(cpu, skb, SK_BUFF.csumLevel)
    return setKnown(cpu, skb, CHECKSUM_UNNECESSARY, isKnown(cpu, skb) ? Math.min(level + 1, SKB_MAX_CSUM_LEVEL) : 0)
  },
  (cpu, skb) => {
    const level = fieldOf(cpu, skb, SK_BUFF.csumLevel)
    return setKnown(cpu, skb, level === 0 ? CHECKSUM_NONE : CHECKSUM_UNNECESSARY, Math.max(0, level - 1))
  },
  (cpu, skb) => setKnown(cpu, skb, CHECKSUM_NONE, 0),
]

const isKnown = (cpu: Cpu, skb: number): boolean => fieldOf(cpu, skb, SK_BUFF.ipSummed) === CHECKSUM_UNNECESSARY
