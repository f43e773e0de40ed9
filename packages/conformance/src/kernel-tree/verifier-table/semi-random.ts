import { LibcRandom } from './libc-random.ts'

type Combine = '|' | '^'

/** A random number of `bits` bits, moved up by a number of bits; by a random number of them where it is 'any'. */
type Part = readonly [combine: Combine, bits: number, shift: number | 'any']

/** A constant, and what is put over it. */
type Row = readonly [base: bigint, ...parts: Part[]]

/**
 * Numbers at which carries, signs and halves meet, as the selftests draw them; beyond the table: any 64 bits.
 *
 * @see tools/testing/selftests/bpf/bpf_rand.h (6.12)
 */
// biome-ignore format: table
const ROWS: readonly Row[] = [
  [0x000000ff00000000n, ['|', 8, 0]],
  [0xffffffff00000000n, ['|', 16, 0]],
  [0x00000000ffff0000n, ['|', 16, 0]],
  [0x8000000000000000n, ['|', 32, 0]],
  [0x00000000f0000000n, ['|', 32, 0]],
  [0x0000000100000000n, ['|', 24, 0]],
  [0x800ff00000000000n, ['|', 32, 0]],
  [0x7fffffff00000000n, ['|', 32, 0]],
  [0xffffffffffffff00n, ['^', 32, 24]],
  [0xffffffffffffff00n, ['|', 8, 0]],
  [0x0000000010000000n, ['|', 32, 0]],
  [0xf000000000000000n, ['|', 8, 0]],
  [0x0000f00000000000n, ['|', 8, 8]],
  [0x000000000f000000n, ['|', 8, 16]],
  [0x0000000000000f00n, ['|', 8, 32]],
  [0x00fff00000000f00n, ['|', 8, 48]],
  [0x00007fffffffffffn, ['^', 32, 1]],
  [0xffff800000000000n, ['|', 8, 4]],
  [0xffff800000000000n, ['|', 8, 20]],
  [0xffffffc000080000n, ['|', 32, 0]],
  [0xffffffbffc000000n, ['|', 32, 0]],
  [0n,                  ['|', 8, 55], ['|', 32, 20]],
  [0xffffffffffffffffn, ['^', 8, 3], ['^', 32, 40]],
  [0n,                  ['|', 8, 'any']],
  [0n,                  ['|', 16, 'any']],
  [0xffffffffffffffffn, ['^', 8, 'any']],
  [0xffffffffffffffffn, ['^', 40, 'any']],
  [0x0000800000000000n],
  [0x8000000000000000n],
  [0n],
  [0xffffffffffffffffn],
  [0n,                  ['|', 16, 'any']],
  [0n,                  ['|', 24, 'any']],
  [0n,                  ['|', 32, 'any']],
  [0n,                  ['|', 40, 'any']],
  [0n,                  ['|', 48, 'any']],
  [0n,                  ['|', 56, 'any']],
  [0n,                  ['|', 64, 'any']],
  [0n,                  ['|', 64, 0]],
]

/** 64-bit numbers that are not quite random, the same ones in every process. */
export class SemiRandom {
  readonly #random = new LibcRandom()

  /** 0 to 2^64 - 1. */
  next(): bigint {
    const [base, ...parts] = ROWS[this.#random.next() % ROWS.length] as Row
    const value = parts.reduce((sum, part) => this.#combined(sum, part), base)
    return BigInt.asUintN(64, value)
  }

  #combined(sum: bigint, [combine, bits, shift]: Part): bigint {
    const by = shift === 'any' ? Number(this.#bits(8)) % 64 : shift
    const part = this.#bits(bits) << BigInt(by)
    return combine === '|' ? sum | part : sum ^ part
  }

  #bits(bits: number): bigint {
    const low = BigInt(this.#random.next())
    const high = BigInt(this.#random.next())
    return BigInt.asUintN(bits, low | (high << 32n))
  }
}
