/**
 * Conditional jumps on the lower 32 bits.
 *
 * @see RFC 9669, section 4.3
 */
import type { InstructionName } from '@bpfoundry/isa'
import type { HandlersOf } from './operation.ts'

// biome-ignore format: table
export const JUMP32: HandlersOf<Extract<InstructionName, `JMP32_${string}_${'K' | 'X'}`>> = {
  JMP32_JEQ_K:  ({ d, k, next, target }) => (r) => (r[d] === k ? target : next),
  JMP32_JEQ_X:  ({ d, s, next, target }) => (r) => (r[d] === r[s] ? target : next),
  JMP32_JNE_K:  ({ d, k, next, target }) => (r) => (r[d] !== k ? target : next),
  JMP32_JNE_X:  ({ d, s, next, target }) => (r) => (r[d] !== r[s] ? target : next),
  JMP32_JSET_K: ({ d, k, next, target }) => (r) => ((r[d] & k) !== 0 ? target : next),
  JMP32_JSET_X: ({ d, s, next, target }) => (r) => ((r[d] & r[s]) !== 0 ? target : next),
  JMP32_JGT_K:  ({ d, k, next, target }) => (r) => (r[d] >>> 0 > k >>> 0 ? target : next),
  JMP32_JGT_X:  ({ d, s, next, target }) => (r) => (r[d] >>> 0 > r[s] >>> 0 ? target : next),
  JMP32_JGE_K:  ({ d, k, next, target }) => (r) => (r[d] >>> 0 >= k >>> 0 ? target : next),
  JMP32_JGE_X:  ({ d, s, next, target }) => (r) => (r[d] >>> 0 >= r[s] >>> 0 ? target : next),
  JMP32_JLT_K:  ({ d, k, next, target }) => (r) => (r[d] >>> 0 < k >>> 0 ? target : next),
  JMP32_JLT_X:  ({ d, s, next, target }) => (r) => (r[d] >>> 0 < r[s] >>> 0 ? target : next),
  JMP32_JLE_K:  ({ d, k, next, target }) => (r) => (r[d] >>> 0 <= k >>> 0 ? target : next),
  JMP32_JLE_X:  ({ d, s, next, target }) => (r) => (r[d] >>> 0 <= r[s] >>> 0 ? target : next),
  JMP32_JSGT_K: ({ d, k, next, target }) => (r) => (r[d] > k ? target : next),
  JMP32_JSGT_X: ({ d, s, next, target }) => (r) => (r[d] > r[s] ? target : next),
  JMP32_JSGE_K: ({ d, k, next, target }) => (r) => (r[d] >= k ? target : next),
  JMP32_JSGE_X: ({ d, s, next, target }) => (r) => (r[d] >= r[s] ? target : next),
  JMP32_JSLT_K: ({ d, k, next, target }) => (r) => (r[d] < k ? target : next),
  JMP32_JSLT_X: ({ d, s, next, target }) => (r) => (r[d] < r[s] ? target : next),
  JMP32_JSLE_K: ({ d, k, next, target }) => (r) => (r[d] <= k ? target : next),
  JMP32_JSLE_X: ({ d, s, next, target }) => (r) => (r[d] <= r[s] ? target : next),
}
