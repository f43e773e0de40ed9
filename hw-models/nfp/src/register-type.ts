import type { RegisterFact, RegisterKind } from '@bpfoundry/verifier'

const PTR_MAYBE_NULL = 1 << 8

/** Numbers of enum bpf_reg_type in 6.12, as the driver's messages print them, by the log's name. @see include/linux/bpf.h */
// biome-ignore format: table
const REG_TYPES: Readonly<Record<string, number>> = {
  unknown:           0,
  scalar:            1,
  ctx:               2,
  map_ptr:           3,
  map_value:         4,
  map_key:           5,
  fp:                6,
  pkt_meta:          7,
  pkt:               8,
  pkt_end:           9,
  sock:              11,
  sock_common:       12,
  tcp_sock:          13,
  xdp_sock:          15,
  mem:               17,
  buf:               19,
  func:              20,
  dynptr_ptr:        21,
} satisfies Partial<Record<RegisterKind | string, number>>

const OR_NULL = '_or_null'

/** The number of a register's type. */
export function registerType(fact: RegisterFact): number {
  const name = fact.now?.typeName ?? fact.kind
  if (!name.endsWith(OR_NULL)) return REG_TYPES[name] ?? 0
  return PTR_MAYBE_NULL | (REG_TYPES[name.slice(0, -OR_NULL.length)] ?? 0)
}

/** Offset of a pointer whose variable part is constant. */
export function constantOffset(fact: RegisterFact): number {
  return (fact.offset ?? 0) + Number(BigInt.asIntN(64, varOffValue(fact)))
}

/** `tnum_is_const(var_off)` */
export function isConstant(fact: RegisterFact): boolean {
  return fact.now === undefined ? fact.constant : fact.now.varOff.mask === 0n
}

/** `var_off.value`: the bits that are known. */
export function varOffValue(fact: RegisterFact): bigint {
  return fact.now?.varOff.value ?? fact.value ?? 0n
}

/** `var_off.mask`: the bits that are not. A fact without bits knows all of them or none. */
export function varOffMask(fact: RegisterFact): bigint {
  return fact.now?.varOff.mask ?? (fact.constant ? 0n : 0xffffffffffffffffn)
}

/** `var_off` as tnum_strn prints it. */
export function varOffText(fact: RegisterFact): string {
  const hex = (bits: bigint): string => `0x${BigInt.asUintN(64, bits).toString(16)}`
  return `(${hex(varOffValue(fact))}; ${hex(varOffMask(fact))})`
}
