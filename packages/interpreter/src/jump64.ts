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
  JMP_JEQ_K:  (r, o) => (r[o.d] === o.k && r[o.dh] === o.kh ? o.target : o.next),
  JMP_JEQ_X:  (r, o) => (r[o.d] === r[o.s] && r[o.dh] === r[o.sh] ? o.target : o.next),
  JMP_JNE_K:  (r, o) => (r[o.d] !== o.k || r[o.dh] !== o.kh ? o.target : o.next),
  JMP_JNE_X:  (r, o) => (r[o.d] !== r[o.s] || r[o.dh] !== r[o.sh] ? o.target : o.next),
  JMP_JSET_K: (r, o) => (((r[o.d] & o.k) | (r[o.dh] & o.kh)) !== 0 ? o.target : o.next),
  JMP_JSET_X: (r, o) => (((r[o.d] & r[o.s]) | (r[o.dh] & r[o.sh])) !== 0 ? o.target : o.next),
  JMP_JGT_K:  (r, o) => (below(o.k, o.kh, r[o.d], r[o.dh]) ? o.target : o.next),
  JMP_JGT_X:  (r, o) => (below(r[o.s], r[o.sh], r[o.d], r[o.dh]) ? o.target : o.next),
  JMP_JGE_K:  (r, o) => (!below(r[o.d], r[o.dh], o.k, o.kh) ? o.target : o.next),
  JMP_JGE_X:  (r, o) => (!below(r[o.d], r[o.dh], r[o.s], r[o.sh]) ? o.target : o.next),
  JMP_JLT_K:  (r, o) => (below(r[o.d], r[o.dh], o.k, o.kh) ? o.target : o.next),
  JMP_JLT_X:  (r, o) => (below(r[o.d], r[o.dh], r[o.s], r[o.sh]) ? o.target : o.next),
  JMP_JLE_K:  (r, o) => (!below(o.k, o.kh, r[o.d], r[o.dh]) ? o.target : o.next),
  JMP_JLE_X:  (r, o) => (!below(r[o.s], r[o.sh], r[o.d], r[o.dh]) ? o.target : o.next),
  JMP_JSGT_K: (r, o) => (less(o.k, o.kh, r[o.d], r[o.dh]) ? o.target : o.next),
  JMP_JSGT_X: (r, o) => (less(r[o.s], r[o.sh], r[o.d], r[o.dh]) ? o.target : o.next),
  JMP_JSGE_K: (r, o) => (!less(r[o.d], r[o.dh], o.k, o.kh) ? o.target : o.next),
  JMP_JSGE_X: (r, o) => (!less(r[o.d], r[o.dh], r[o.s], r[o.sh]) ? o.target : o.next),
  JMP_JSLT_K: (r, o) => (less(r[o.d], r[o.dh], o.k, o.kh) ? o.target : o.next),
  JMP_JSLT_X: (r, o) => (less(r[o.d], r[o.dh], r[o.s], r[o.sh]) ? o.target : o.next),
  JMP_JSLE_K: (r, o) => (!less(o.k, o.kh, r[o.d], r[o.dh]) ? o.target : o.next),
  JMP_JSLE_X: (r, o) => (!less(r[o.s], r[o.sh], r[o.d], r[o.dh]) ? o.target : o.next),
}
