/** A point in time since 1970-01-01 UTC, split so that nanoseconds stay exact. */
export interface Timestamp {
  /** May be negative, when a capture's offset says so. */
  readonly seconds: number
  /** 0 to 999,999,999. */
  readonly nanoseconds: number
}

/** The timestamp as one number of nanoseconds. */
export function timestampNs(timestamp: Timestamp): bigint {
  return BigInt(timestamp.seconds) * 1_000_000_000n + BigInt(timestamp.nanoseconds)
}

/** The inverse of {@link timestampNs}. */
export function timestampFromNs(ns: bigint): Timestamp {
  const nanoseconds = Number(((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)
  return { seconds: Number((ns - BigInt(nanoseconds)) / 1_000_000_000n), nanoseconds }
}
