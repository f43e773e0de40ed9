/**
 * Conditional jumps on the lower 32 bits.
 *
 * @see RFC 9669, section 4.3
 */
import type { InstructionName } from '@bpfoundry/isa'
import type { HandlersOf } from './operation.ts'

// biome-ignore format: table
export const JUMP32: HandlersOf<Extract<InstructionName, `JMP32_${string}_${'K' | 'X'}`>> = {
  JMP32_JEQ_K:  (r, o) => (r[o.d] === o.k ? o.target : o.next),
  JMP32_JEQ_X:  (r, o) => (r[o.d] === r[o.s] ? o.target : o.next),
  JMP32_JNE_K:  (r, o) => (r[o.d] !== o.k ? o.target : o.next),
  JMP32_JNE_X:  (r, o) => (r[o.d] !== r[o.s] ? o.target : o.next),
  JMP32_JSET_K: (r, o) => ((r[o.d] & o.k) !== 0 ? o.target : o.next),
  JMP32_JSET_X: (r, o) => ((r[o.d] & r[o.s]) !== 0 ? o.target : o.next),
  JMP32_JGT_K:  (r, o) => (r[o.d] >>> 0 > o.k >>> 0 ? o.target : o.next),
  JMP32_JGT_X:  (r, o) => (r[o.d] >>> 0 > r[o.s] >>> 0 ? o.target : o.next),
  JMP32_JGE_K:  (r, o) => (r[o.d] >>> 0 >= o.k >>> 0 ? o.target : o.next),
  JMP32_JGE_X:  (r, o) => (r[o.d] >>> 0 >= r[o.s] >>> 0 ? o.target : o.next),
  JMP32_JLT_K:  (r, o) => (r[o.d] >>> 0 < o.k >>> 0 ? o.target : o.next),
  JMP32_JLT_X:  (r, o) => (r[o.d] >>> 0 < r[o.s] >>> 0 ? o.target : o.next),
  JMP32_JLE_K:  (r, o) => (r[o.d] >>> 0 <= o.k >>> 0 ? o.target : o.next),
  JMP32_JLE_X:  (r, o) => (r[o.d] >>> 0 <= r[o.s] >>> 0 ? o.target : o.next),
  JMP32_JSGT_K: (r, o) => (r[o.d] > o.k ? o.target : o.next),
  JMP32_JSGT_X: (r, o) => (r[o.d] > r[o.s] ? o.target : o.next),
  JMP32_JSGE_K: (r, o) => (r[o.d] >= o.k ? o.target : o.next),
  JMP32_JSGE_X: (r, o) => (r[o.d] >= r[o.s] ? o.target : o.next),
  JMP32_JSLT_K: (r, o) => (r[o.d] < o.k ? o.target : o.next),
  JMP32_JSLT_X: (r, o) => (r[o.d] < r[o.s] ? o.target : o.next),
  JMP32_JSLE_K: (r, o) => (r[o.d] <= o.k ? o.target : o.next),
  JMP32_JSLE_X: (r, o) => (r[o.d] <= r[o.s] ? o.target : o.next),
}
