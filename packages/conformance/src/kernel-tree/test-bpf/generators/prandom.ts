/** One of the four shift registers: which bits stay (by mask), and the shifts. */
interface Register {
  /** A seed below this has too few bits set; it is added. */
  readonly least: number
  readonly first: number
  readonly second: number
  readonly mask: number
  readonly third: number
}

// biome-ignore format: one row a line
const REGISTERS: readonly Register[] = [
  { least: 2,   first: 6,  second: 13, mask: 0xffff_fffe, third: 18 },
  { least: 8,   first: 2,  second: 27, mask: 0xffff_fff8, third: 2 },
  { least: 16,  first: 13, second: 21, mask: 0xffff_fff0, third: 7 },
  { least: 128, first: 3,  second: 12, mask: 0xffff_ff80, third: 13 },
]

/**
 * The kernel's pseudo-random numbers, u32, from a seed of 64 bits: four combined Tausworthe generators (taus113).
 *
 * @see P. L'Ecuyer, Tables of maximally-equidistributed combined LFSR generators (1999), table 1
 */
export function* pseudoRandomNumbers(seed: bigint): Generator<number, never> {
  const folded = Number(BigInt.asUintN(32, (seed >> 32n) ^ (seed << 10n) ^ seed))
  let states = REGISTERS.map(({ least }) => (folded < least ? folded + least : folded))
  for (;;) {
    states = REGISTERS.map((register, index) => step(register, states[index] as number))
    yield states.reduce((sum, state) => sum ^ state, 0) >>> 0
  }
}

function step({ first, second, mask, third }: Register, state: number): number {
  return ((state & mask) << third) ^ (((state << first) ^ state) >>> second)
}
