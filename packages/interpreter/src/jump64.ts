/**
 * Conditional jumps on 64 bits.
 *
 * @see RFC 9669, section 4.3
 */
import type { InstructionName } from '@bpfoundry/isa'
import { below, less } from './int64.ts'
import type { HandlersOf } from './operation.ts'

// biome-ignore format: table
export const JUMP64: HandlersOf<Extract<InstructionName, `JMP_${string}_${'K' | 'X'}`>> = {
  JMP_JEQ_K:  ({ d, dh, k, kh, next, target }) => (r) => (r[d] === k && r[dh] === kh ? target : next),
  JMP_JEQ_X:  ({ d, dh, s, sh, next, target }) => (r) => (r[d] === r[s] && r[dh] === r[sh] ? target : next),
  JMP_JNE_K:  ({ d, dh, k, kh, next, target }) => (r) => (r[d] !== k || r[dh] !== kh ? target : next),
  JMP_JNE_X:  ({ d, dh, s, sh, next, target }) => (r) => (r[d] !== r[s] || r[dh] !== r[sh] ? target : next),
  JMP_JSET_K: ({ d, dh, k, kh, next, target }) => (r) => (((r[d] & k) | (r[dh] & kh)) !== 0 ? target : next),
  JMP_JSET_X: ({ d, dh, s, sh, next, target }) => (r) => (((r[d] & r[s]) | (r[dh] & r[sh])) !== 0 ? target : next),
  JMP_JGT_K:  ({ d, dh, k, kh, next, target }) => (r) => (below(k, kh, r[d], r[dh]) ? target : next),
  JMP_JGT_X:  ({ d, dh, s, sh, next, target }) => (r) => (below(r[s], r[sh], r[d], r[dh]) ? target : next),
  JMP_JGE_K:  ({ d, dh, k, kh, next, target }) => (r) => (!below(r[d], r[dh], k, kh) ? target : next),
  JMP_JGE_X:  ({ d, dh, s, sh, next, target }) => (r) => (!below(r[d], r[dh], r[s], r[sh]) ? target : next),
  JMP_JLT_K:  ({ d, dh, k, kh, next, target }) => (r) => (below(r[d], r[dh], k, kh) ? target : next),
  JMP_JLT_X:  ({ d, dh, s, sh, next, target }) => (r) => (below(r[d], r[dh], r[s], r[sh]) ? target : next),
  JMP_JLE_K:  ({ d, dh, k, kh, next, target }) => (r) => (!below(k, kh, r[d], r[dh]) ? target : next),
  JMP_JLE_X:  ({ d, dh, s, sh, next, target }) => (r) => (!below(r[s], r[sh], r[d], r[dh]) ? target : next),
  JMP_JSGT_K: ({ d, dh, k, kh, next, target }) => (r) => (less(k, kh, r[d], r[dh]) ? target : next),
  JMP_JSGT_X: ({ d, dh, s, sh, next, target }) => (r) => (less(r[s], r[sh], r[d], r[dh]) ? target : next),
  JMP_JSGE_K: ({ d, dh, k, kh, next, target }) => (r) => (!less(r[d], r[dh], k, kh) ? target : next),
  JMP_JSGE_X: ({ d, dh, s, sh, next, target }) => (r) => (!less(r[d], r[dh], r[s], r[sh]) ? target : next),
  JMP_JSLT_K: ({ d, dh, k, kh, next, target }) => (r) => (less(r[d], r[dh], k, kh) ? target : next),
  JMP_JSLT_X: ({ d, dh, s, sh, next, target }) => (r) => (less(r[d], r[dh], r[s], r[sh]) ? target : next),
  JMP_JSLE_K: ({ d, dh, k, kh, next, target }) => (r) => (!less(k, kh, r[d], r[dh]) ? target : next),
  JMP_JSLE_X: ({ d, dh, s, sh, next, target }) => (r) => (!less(r[s], r[sh], r[d], r[dh]) ? target : next),
}
