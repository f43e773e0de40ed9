/**
 * Comparisons of packet pointers: `if (data + n > data_end)` and all its forms.
 *
 * Two pairs of pointers bound each other: pkt against pkt_end, and pkt_meta against the start of the packet. Where the
 * path goes on with p <= end, the bytes from p's base up to p's fixed offset are there; with p < end, one more. All
 * registers with p's id share the base and get the range. The other side learns that p is past the end (or at it), which
 * decides later comparisons of the same pointer.
 */
import { BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT } from '@bpfoundry/isa'
import { isConstantZero } from '../domain/scalar.ts'
import type { Outcome } from '../domain/scalar-comparison.ts'
import { mirroredRelation } from '../domain/scalar-comparison.ts'
import { toUnsignedNumber } from '../domain/word64.ts'
import type { PathState } from '../state/path-state.ts'
import { AT_PACKET_END, BEYOND_PACKET_END, type RegisterState } from '../state/register-state.ts'
import { PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_PACKET_META } from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'

/** Largest offset into a packet: a comparison with more than this could have wrapped. @see MAX_PACKET_OFF */
const MAX_PACKET_OFFSET = 0xffff

/** A pointer compared with the end that bounds it; `relation` is pointer R end. */
interface PacketComparison {
  readonly pointer: RegisterState
  readonly pointerNumber: number
  readonly relation: number
}

function isPacketStart(register: RegisterState): boolean {
  const { type, id, offset, scalar } = register
  return type === PTR_TO_PACKET && id === 0 && offset === 0 && isConstantZero(scalar)
}

/** `end` bounds `pointer` from above. */
function bounds(end: RegisterState, pointer: RegisterState): boolean {
  if (pointer.type === PTR_TO_PACKET) return end.type === PTR_TO_PACKET_END
  return pointer.type === PTR_TO_PACKET_META && isPacketStart(end)
}

function recognise(
  relation: number,
  dst: RegisterState,
  dstNumber: number,
  src: RegisterState,
  srcNumber: number,
): PacketComparison | undefined {
  if (bounds(src, dst)) return { pointer: dst, pointerNumber: dstNumber, relation }
  if (bounds(dst, src)) return { pointer: src, pointerNumber: srcNumber, relation: mirroredRelation(relation) }
  return undefined
}

/** What holds of p and end on the two sides of `p R end`. */
interface Sides {
  /** p lies before the end: strictly, or at most at it. */
  readonly inside: 'taken' | 'next'
  readonly insideIsStrict: boolean
}

// biome-ignore format: table
const SIDES: ReadonlyMap<number, Sides> = new Map([
  [BPF_JGT, { inside: 'next',  insideIsStrict: false }],
  [BPF_JGE, { inside: 'next',  insideIsStrict: true }],
  [BPF_JLT, { inside: 'taken', insideIsStrict: true }],
  [BPF_JLE, { inside: 'taken', insideIsStrict: false }],
])

/** All copies of p's base may be read up to p (one byte further if p is strictly before the end). */
function extendRange(state: PathState, pointer: RegisterState, strict: boolean): void {
  const { type, id, offset, scalar } = pointer
  if (offset < 0 || (offset === 0 && strict)) return
  const greatest = toUnsignedNumber(scalar.umax)
  if (greatest > MAX_PACKET_OFFSET || greatest + offset > MAX_PACKET_OFFSET) return
  const range = strict ? offset + 1 : offset
  mapRegisters(state, (register) => {
    if (register.type !== type || register.id !== id || register.packetRange >= range) return register
    return register.with({ packetRange: range })
  })
}

function markOutside(state: PathState, number: number, beyond: boolean): void {
  const { registers } = state.frame
  const register = registers[number] as RegisterState
  if (register.type !== PTR_TO_PACKET) return
  registers[number] = register.with({ packetRange: beyond ? BEYOND_PACKET_END : AT_PACKET_END })
}

/**
 * Teaches both sides of a jump what a comparison of packet pointers says; false when it is no such comparison.
 *
 * @param next the state that falls through
 * @param taken the state that jumps
 */
export function learnFromPacketComparison(
  relation: number,
  dst: RegisterState,
  dstNumber: number,
  src: RegisterState,
  srcNumber: number,
  next: PathState,
  taken: PathState,
): boolean {
  const comparison = recognise(relation, dst, dstNumber, src, srcNumber)
  const sides = comparison && SIDES.get(comparison.relation)
  if (comparison === undefined || sides === undefined) return false
  const inside = sides.inside === 'next' ? next : taken
  const outside = sides.inside === 'next' ? taken : next
  extendRange(inside, comparison.pointer, sides.insideIsStrict)
  markOutside(outside, comparison.pointerNumber, !sides.insideIsStrict)
  return true
}

/** Is the outcome known from an earlier comparison that found the pointer at or past the end? */
export function packetBranchTaken(relation: number, dst: RegisterState, src: RegisterState): Outcome {
  let pointer: RegisterState
  let seen = relation
  if (src.type === PTR_TO_PACKET_END) {
    pointer = dst
  } else if (dst.type === PTR_TO_PACKET_END) {
    pointer = src
    seen = mirroredRelation(relation)
  } else {
    return 'unknown'
  }
  const { packetRange } = pointer
  if (packetRange >= 0) return 'unknown'
  if (packetRange === BEYOND_PACKET_END && (seen === BPF_JGT || seen === BPF_JLE)) {
    return seen === BPF_JGT ? 'always' : 'never'
  }
  if (seen === BPF_JGE || seen === BPF_JLT) return seen === BPF_JGE ? 'always' : 'never'
  return 'unknown'
}
