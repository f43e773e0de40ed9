/**
 * The generator behind bpf_get_prandom_u32: four combined Tausworthe generators of period 2^113, whose state each CPU
 * keeps in its block. Same seed, same numbers.
 *
 * @see L'Ecuyer, Tables of maximally-equidistributed combined LFSR generators, Mathematics of Computation 68 (1999)
 */
import { CPU_BLOCK, type Cpu, returnU32 } from '@bpfoundry/engine'

const STATE = CPU_BLOCK.fields.random0.offsetBytes >>> 2
/** Least values of the four components: below, a component would be stuck at zero. */
const LEAST = [2, 8, 16, 128] as const
/** Numbers thrown away after seeding, so that similar seeds part. */
const WARM_UP = 10

/** Seeds this CPU's generator with a u32, as the kernel's self-test of it does. */
export function seedRandom(cpu: Cpu, seed: number): void {
  let value = seed >>> 0
  for (const [n, least] of LEAST.entries()) {
    value = Math.imul(value, 69_069) >>> 0
    if (value < least) value += least
    cpu.memory.u32[(cpu.block >>> 2) + STATE + n] = value
  }
  for (let n = 0; n < WARM_UP; n++) nextRandom(cpu)
}

/** The components: shift and distance of the feedback, bits that are kept, and how far they move up. */
// biome-ignore format: table
export const COMPONENTS: readonly (readonly [shift: number, feedback: number, mask: number, up: number])[] = [
  [ 6, 13,   ~1, 18],
  [ 2, 27,   ~7,  2],
  [13, 21,  ~15,  7],
  [ 3, 12, ~127, 13],
]

/** One component: bits below `mask` are dropped, the rest moves up by `up`, and feedback comes in from the right. */
function step(state: number, [shift, feedback, mask, up]: (typeof COMPONENTS)[number]): number {
  return ((state & mask) << up) ^ (((state << shift) ^ state) >>> feedback)
}

/** The next number, a u32. */
export function nextRandom(cpu: Cpu): number {
  const { u32 } = cpu.memory
  const at = (cpu.block >>> 2) + STATE
  let number = 0
  for (let n = 0; n < 4; n++) {
    const next = step(u32[at + n] as number, COMPONENTS[n] as (typeof COMPONENTS)[number])
    u32[at + n] = next
    number ^= next
  }
  return number >>> 0
}

/** bpf_get_prandom_u32() */
export function getPrandomU32(cpu: Cpu): void {
  returnU32(cpu, nextRandom(cpu))
}
