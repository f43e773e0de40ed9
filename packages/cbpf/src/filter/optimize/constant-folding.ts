/** What arithmetic makes of two constants, by BPF_OP; unsigned, of 32 bits. */
// biome-ignore format: table
const FOLDED: Readonly<Record<number, (a: number, b: number) => number>> = {
  0: (a, b) => a + b,
  16: (a, b) => a - b,
  32: (a, b) => Math.imul(a, b),
  48: (a, b) => Math.floor(a / b),
  64: (a, b) => a | b,
  80: (a, b) => a & b,
  96: (a, b) => (b < 32 ? a << b : 0),
  112: (a, b) => (b < 32 ? a >>> b : 0),
  144: (a, b) => a % b,
  160: (a, b) => a ^ b,
}

/** @param b not 0 where it divides */
export function foldConstants(operation: number, a: number, b: number): number {
  const fold = FOLDED[operation]
  if (fold === undefined) throw new Error(`no arithmetic has the operation 0x${operation.toString(16)}`)
  return fold(a, b) >>> 0
}

/** Whether comparisons of two constants hold, by BPF_OP. */
const HOLDS: Readonly<Record<number, (a: number, k: number) => boolean>> = {
  16: (a, k) => a === k,
  32: (a, k) => a > k,
  48: (a, k) => a >= k,
  64: (a, k) => (a & k) !== 0,
}

export function compareConstants(comparison: number, a: number, k: number): boolean {
  const holds = HOLDS[comparison]
  if (holds === undefined) throw new Error(`no comparison has the operation 0x${comparison.toString(16)}`)
  return holds(a, k)
}
