import type { RegisterFact } from '@bpfoundry/verifier'

const U64_MAX = 0xffffffffffffffffn

const base = { mixed: false, umin: 0n, umax: 0n, smin: 0n, smax: 0n }

/** A scalar between two bounds; a constant when they are the same. */
export function scalar(umin: bigint = 0n, umax: bigint = U64_MAX): RegisterFact {
  const constant = umin === umax
  return { ...base, kind: 'scalar', constant, umin, umax, ...(constant ? { value: umin } : {}) }
}

/** A pointer with a constant offset. */
export function pointer(kind: RegisterFact['kind'], offset = 0, mapId?: number): RegisterFact {
  return { ...base, kind, constant: true, offset, ...(mapId === undefined ? {} : { mapId }) }
}

/** A pointer whose variable part goes up to `umax`. */
export function variablePointer(kind: RegisterFact['kind'], umax: bigint, mapId?: number): RegisterFact {
  return { ...base, kind, constant: false, offset: 0, umax, ...(mapId === undefined ? {} : { mapId }) }
}

/** Registers by number; the others are unknown. */
export function registers(facts: Readonly<Record<number, RegisterFact>>): (n: number) => RegisterFact {
  return (n) => facts[n] ?? { ...base, kind: 'unknown', constant: false }
}
