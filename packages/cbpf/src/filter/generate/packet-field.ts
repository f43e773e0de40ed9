import { Statement } from '../block.ts'
import { type Condition, comparison, not } from '../condition.ts'
import { type ComparisonName, LOAD, LOAD_INDEXED, type LoadBytes, OP } from '../opcodes.ts'
import type { Generation } from './generation.ts'

/** What an offset is counted from. */
export type FieldBase =
  | 'link-header'
  | 'link-type'
  /** The header of IEEE 802.2, behind the link layer's. */
  | 'llc'
  | 'network'
  | 'network-without-snap'
  | 'previous-mpls-label'
  | 'ipv4-transport'
  | 'ipv6-transport'

/** A header of IPv6 has this length. */
const IPV6_HEADER_BYTES = 40

// biome-ignore format: table
const BASE_OFFSETS: Readonly<Record<FieldBase, (generation: Generation) => number>> = {
  'link-header':          ({ linkHeader }) => linkHeader,
  'link-type':            ({ typeField }) => typeField,
  'llc':                  ({ payload }) => payload,
  'network':              ({ payload, network }) => payload + network,
  'network-without-snap': ({ payload, networkWithoutSnap }) => payload + networkWithoutSnap,
  'previous-mpls-label':  ({ payload, network }) => payload + network - 4,
  'ipv4-transport':       ({ payload, network }) => payload + network,
  'ipv6-transport':       ({ payload, network }) => payload + network + IPV6_HEADER_BYTES,
}

/** Loads a field into A. Behind an IPv4 header its length is added, by X. */
export function loadField(generation: Generation, base: FieldBase, offset: number, bytes: LoadBytes): Statement[] {
  const at = BASE_OFFSETS[base](generation) + offset
  if (base !== 'ipv4-transport') return [new Statement(LOAD[bytes], at)]
  return [loadIpv4HeaderLength(generation), new Statement(LOAD_INDEXED[bytes], at)]
}

/** Into X. */
export function loadIpv4HeaderLength({ payload, network }: Generation): Statement {
  return new Statement(OP.LDX_B_MSH, payload + network)
}

/** Where a field stands: base, offset from there, bytes. */
export type Field = readonly [base: FieldBase, offset: number, bytes: LoadBytes]

const ALL_BITS = 0xffffffff

/** Compares a field, of which only the bits of the mask count. */
export function compareField(
  generation: Generation,
  [base, offset, bytes]: Field,
  name: ComparisonName,
  value: number,
  mask: number = ALL_BITS,
): Condition {
  const statements = loadField(generation, base, offset, bytes)
  if (mask >>> 0 !== ALL_BITS) statements.push(new Statement(OP.AND_K, mask))
  return comparison(OP[`${name}_K`], value, statements)
}

export function fieldEquals(generation: Generation, field: Field, value: number, mask: number = ALL_BITS): Condition {
  return compareField(generation, field, 'JEQ', value, mask)
}

export function fieldGreater(generation: Generation, field: Field, value: number): Condition {
  return compareField(generation, field, 'JGT', value)
}

export function fieldAtLeast(generation: Generation, field: Field, value: number): Condition {
  return compareField(generation, field, 'JGE', value)
}

export function fieldAtMost(generation: Generation, field: Field, value: number): Condition {
  return not(fieldGreater(generation, field, value))
}

/** Holds always, or never. */
export function constant(holds: boolean): Condition {
  return comparison(OP.JEQ_K, 0, [new Statement(OP.LD_IMM, holds ? 0 : 1)])
}
