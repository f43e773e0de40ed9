import type { RegisterFact, RegisterKind } from '@bpfoundry/verifier'

const PTR_MAYBE_NULL = 1 << 8

/** Numbers of enum bpf_reg_type in 6.12, as the driver's messages print them. @see include/linux/bpf.h */
// biome-ignore format: table
export const REG_TYPE: Readonly<Record<RegisterKind, number>> = {
  unknown:           0,
  scalar:            1,
  ctx:               2,
  map_ptr:           3,
  map_value:         4,
  fp:                6,
  pkt_meta:          7,
  pkt:               8,
  pkt_end:           9,
  func:              20,
  map_value_or_null: PTR_MAYBE_NULL | 4,
}

/** Offset of a pointer whose variable part is constant. */
export function constantOffset(fact: RegisterFact): number {
  return (fact.offset ?? 0) + Number(BigInt.asIntN(64, fact.value ?? 0n))
}

/** `var_off` as tnum_strn prints it. Facts carry no mask: what is not constant is shown as unknown. */
export function varOffText(fact: RegisterFact): string {
  if (!fact.constant) return '(0x0; 0xffffffffffffffff)'
  return `(0x${BigInt.asUintN(64, fact.value ?? 0n).toString(16)}; 0x0)`
}
