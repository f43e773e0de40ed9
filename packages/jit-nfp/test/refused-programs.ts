import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { NfpInsnFact, NfpProgram } from '../src/index.ts'
import { programOf } from './golden-programs.ts'

/** A program that the driver does not translate, and how it ends. */
export interface RefusedProgram {
  /** States the property. */
  readonly name: string
  readonly program: NfpProgram
  /** errno of the driver's last line. */
  readonly error: number
  /** How many slots it had translated. */
  readonly translated: number
  /** Lines before the last one. */
  readonly lines?: readonly string[]
}

/** Errnos, as the driver's last line has them. */
// biome-ignore format: table
const [ENOENT, EFAULT, EINVAL, ENOSPC, ELOOP, EOPNOTSUPP] = [2, 14, 22, 28, 40, 95]

const at = (kind: 'ctx' | 'pkt' | 'fp' | 'map_value', offset = 0): NfpInsnFact => ({ pointer: { kind, offset } })
const always = (amount: bigint): NfpInsnFact => ({
  ranges: { sourceMin: amount, sourceMax: amount, targetMin: 0n, targetMax: 1n },
})
const xdp = (source: string, ...facts: NfpInsnFact[]): NfpProgram => programOf({ source, facts: { ...facts } })
const classifier = (source: string, ...facts: NfpInsnFact[]): NfpProgram =>
  programOf({ source, facts: { ...facts }, type: PROG_TYPE.SCHED_CLS })
const short = (maxWords: number): NfpProgram => ({ ...programOf({ source: 'r0 = 2\nexit' }), target: { maxWords } })
const full = (words: number, lines: number): string[] =>
  Array.from({ length: lines }, () => `instruction limit reached (${words} NFP instructions)`)

// biome-ignore format: table
export const REFUSED_PROGRAMS: readonly RefusedProgram[] = [
  { name: 'an operation that no card has',       program: xdp('r0 = 2\nr0 %= 3\nexit'),                          error: ENOENT,     translated: 1 },
  { name: 'a load whose pointer is not known',   program: xdp('r0 = *(u32 *)(r1 + 0)\nexit'),                    error: EOPNOTSUPP, translated: 0 },
  { name: 'a store whose pointer is not known',  program: xdp('r0 = 2\n*(u32 *)(r1 + 0) = r0\nexit'),            error: EOPNOTSUPP, translated: 1 },
  { name: 'a narrow read of the context',        program: xdp('r0 = *(u16 *)(r1 + 0)\nexit', at('ctx')),         error: EOPNOTSUPP, translated: 0 },
  { name: 'a read of ingress_ifindex',           program: xdp('r0 = *(u32 *)(r1 + 12)\nexit', at('ctx')),        error: EOPNOTSUPP, translated: 0 },
  { name: "a read of a classifier's mark",       program: classifier('r0 = *(u32 *)(r1 + 8)\nexit', at('ctx')),  error: EOPNOTSUPP, translated: 0 },
  { name: "a store to a classifier's context",   program: classifier('*(u32 *)(r1 + 16) = r0\nexit', at('ctx')), error: EOPNOTSUPP, translated: 0 },
  { name: 'a narrow store to rx_queue_index',    program: xdp('*(u16 *)(r1 + 16) = r0\nexit', at('ctx')),        error: EOPNOTSUPP, translated: 0 },
  { name: 'a constant on the stack',             program: xdp('*(u32 *)(r10 - 8) = 0\nexit', at('fp')),          error: EOPNOTSUPP, translated: 0 },
  { name: 'a constant at an unknown place',      program: xdp('*(u32 *)(r2 + 8) = 0\nexit'),                     error: EOPNOTSUPP, translated: 0 },
  { name: 'a store to a map value',              program: xdp('*(u32 *)(r1 + 0) = r0\nexit', at('map_value')),   error: EOPNOTSUPP, translated: 0 },
  { name: 'an atomic OR',                        program: xdp('lock *(u32 *)(r1 + 0) |= r2\nexit', at('map_value')), error: EOPNOTSUPP, translated: 0 },
  { name: 'a helper that no card has',           program: xdp('call 5\nexit'),                                   error: EOPNOTSUPP, translated: 0 },
  { name: 'a shift by a register that holds 64', program: xdp('r1 <<= r2\nexit', always(64n)),                   error: EFAULT,     translated: 0 },
  { name: 'a 32-bit shift by 33',                program: xdp('w1 >>= w2\nexit', always(33n)),                   error: EFAULT,     translated: 0 },
  { name: 'bytes of a caller that seem to cross a word', program: xdp('r0 = *(u16 *)(r1 - 3)\nexit', { ...at('fp'), callerFrame: true }), error: EOPNOTSUPP, translated: 0 },
  { name: 'another adjust_head than the guaranteed one', program: programOf({ source: 'call 44\nexit', guaranteedAdjustHead: 1 }), error: EINVAL, translated: 0 },
  { name: 'a jump back to the copy of the context', program: xdp('r6 = r1\nr0 = 2\nif r0 == 3 goto -3\nexit'),  error: ELOOP,      translated: 4, lines: ['Branch landing on removed instruction!!'] },
  { name: 'no room for the intro',               program: short(1),  error: ENOSPC, translated: 0, lines: full(1, 1) },
  { name: 'no room for an instruction',          program: short(3),  error: ENOSPC, translated: 0, lines: full(3, 1) },
  { name: 'no room for the outro',               program: short(10), error: ENOSPC, translated: 2, lines: full(10, 8) },
  { name: 'no room for the last nop',            program: short(25), error: ENOSPC, translated: 2, lines: full(25, 1) },
]
