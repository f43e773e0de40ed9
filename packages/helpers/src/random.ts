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

/** One component: bits below `mask` are dropped, the rest moves up by `up`, and feedback comes in from the right. */
function step(state: number, shift: number, feedback: number, mask: number, up: number): number {
  return ((state & mask) << up) ^ (((state << shift) ^ state) >>> feedback)
}

/** The next number, a u32. */
export function nextRandom(cpu: Cpu): number {
  const { u32 } = cpu.memory
  const at = (cpu.block >>> 2) + STATE
  const a = step(u32[at] as number, 6, 13, ~1, 18)
  const b = step(u32[at + 1] as number, 2, 27, ~7, 2)
  const c = step(u32[at + 2] as number, 13, 21, ~15, 7)
  const d = step(u32[at + 3] as number, 3, 12, ~127, 13)
  u32[at] = a
  u32[at + 1] = b
  u32[at + 2] = c
  u32[at + 3] = d
  return (a ^ b ^ c ^ d) >>> 0
}

/** bpf_get_prandom_u32() */
export function getPrandomU32(cpu: Cpu): void {
  returnU32(cpu, nextRandom(cpu))
}
