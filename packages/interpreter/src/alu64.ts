/**
 * 64-bit arithmetic. All of both operands is read before dst is written, for they may be the same register; a word that
 * is stored is truncated to 32 bits by the register file.
 *
 * @see RFC 9669, section 4.1
 */
import type { InstructionName } from '@bpfoundry/isa'
import {
  add64,
  arsh64,
  lsh64,
  mul64,
  neg64,
  rsh64,
  sdiv64,
  set64,
  setSigned,
  smod64,
  sub64,
  udiv64,
  umod64,
} from './int64.ts'
import type { HandlersOf } from './operation.ts'

// biome-ignore format: table
export const ALU64: HandlersOf<Extract<InstructionName, `ALU64_${string}`>> = {
  ALU64_ADD_K:   ({ d, dh, k, kh, next }) => (r) => { add64(r, d, dh, k, kh); return next },
  ALU64_ADD_X:   ({ d, dh, s, sh, next }) => (r) => { add64(r, d, dh, r[s], r[sh]); return next },
  ALU64_SUB_K:   ({ d, dh, k, kh, next }) => (r) => { sub64(r, d, dh, k, kh); return next },
  ALU64_SUB_X:   ({ d, dh, s, sh, next }) => (r) => { sub64(r, d, dh, r[s], r[sh]); return next },
  ALU64_MUL_K:   ({ d, dh, k, kh, next }) => (r) => { mul64(r, d, dh, k, kh); return next },
  ALU64_MUL_X:   ({ d, dh, s, sh, next }) => (r) => { mul64(r, d, dh, r[s], r[sh]); return next },
  ALU64_DIV_K:   ({ d, dh, k, kh, next }) => (r) => { udiv64(r, d, dh, k, kh); return next },
  ALU64_DIV_X:   ({ d, dh, s, sh, next }) => (r) => { udiv64(r, d, dh, r[s], r[sh]); return next },
  ALU64_SDIV_K:  ({ d, dh, k, kh, next }) => (r) => { sdiv64(r, d, dh, k, kh); return next },
  ALU64_SDIV_X:  ({ d, dh, s, sh, next }) => (r) => { sdiv64(r, d, dh, r[s], r[sh]); return next },
  ALU64_MOD_K:   ({ d, dh, k, kh, next }) => (r) => { umod64(r, d, dh, k, kh); return next },
  ALU64_MOD_X:   ({ d, dh, s, sh, next }) => (r) => { umod64(r, d, dh, r[s], r[sh]); return next },
  ALU64_SMOD_K:  ({ d, dh, k, kh, next }) => (r) => { smod64(r, d, dh, k, kh); return next },
  ALU64_SMOD_X:  ({ d, dh, s, sh, next }) => (r) => { smod64(r, d, dh, r[s], r[sh]); return next },
  ALU64_OR_K:    ({ d, dh, k, kh, next }) => (r) => { r[d] |= k; r[dh] |= kh; return next },
  ALU64_OR_X:    ({ d, dh, s, sh, next }) => (r) => { r[d] |= r[s]; r[dh] |= r[sh]; return next },
  ALU64_AND_K:   ({ d, dh, k, kh, next }) => (r) => { r[d] &= k; r[dh] &= kh; return next },
  ALU64_AND_X:   ({ d, dh, s, sh, next }) => (r) => { r[d] &= r[s]; r[dh] &= r[sh]; return next },
  ALU64_XOR_K:   ({ d, dh, k, kh, next }) => (r) => { r[d] ^= k; r[dh] ^= kh; return next },
  ALU64_XOR_X:   ({ d, dh, s, sh, next }) => (r) => { r[d] ^= r[s]; r[dh] ^= r[sh]; return next },
  ALU64_LSH_K:   ({ d, dh, k, next }) => (r) => { lsh64(r, d, dh, k & 63); return next },
  ALU64_LSH_X:   ({ d, dh, s, next }) => (r) => { lsh64(r, d, dh, r[s] & 63); return next },
  ALU64_RSH_K:   ({ d, dh, k, next }) => (r) => { rsh64(r, d, dh, k & 63); return next },
  ALU64_RSH_X:   ({ d, dh, s, next }) => (r) => { rsh64(r, d, dh, r[s] & 63); return next },
  ALU64_ARSH_K:  ({ d, dh, k, next }) => (r) => { arsh64(r, d, dh, k & 63); return next },
  ALU64_ARSH_X:  ({ d, dh, s, next }) => (r) => { arsh64(r, d, dh, r[s] & 63); return next },
  ALU64_MOV_K:   ({ d, dh, k, kh, next }) => (r) => { set64(r, d, dh, k, kh); return next },
  ALU64_MOV_X:   ({ d, dh, s, sh, next }) => (r) => { set64(r, d, dh, r[s], r[sh]); return next },
  ALU64_NEG:     ({ d, dh, next }) => (r) => { neg64(r, d, dh); return next },
  ALU64_MOVSX8:  ({ d, dh, s, next }) => (r) => { setSigned(r, d, dh, (r[s] << 24) >> 24); return next },
  ALU64_MOVSX16: ({ d, dh, s, next }) => (r) => { setSigned(r, d, dh, (r[s] << 16) >> 16); return next },
  ALU64_MOVSX32: ({ d, dh, s, next }) => (r) => { setSigned(r, d, dh, r[s]); return next },
}
