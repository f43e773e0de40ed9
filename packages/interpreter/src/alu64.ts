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
export const ALU64: HandlersOf<Extract<InstructionName, `ALU64_${string}`> | 'MOV64_PERCPU'> = {
  ALU64_ADD_K:   (r, o) => { add64(r, o.d, o.dh, o.k, o.kh); return o.next },
  ALU64_ADD_X:   (r, o) => { add64(r, o.d, o.dh, r[o.s], r[o.sh]); return o.next },
  ALU64_SUB_K:   (r, o) => { sub64(r, o.d, o.dh, o.k, o.kh); return o.next },
  ALU64_SUB_X:   (r, o) => { sub64(r, o.d, o.dh, r[o.s], r[o.sh]); return o.next },
  ALU64_MUL_K:   (r, o) => { mul64(r, o.d, o.dh, o.k, o.kh); return o.next },
  ALU64_MUL_X:   (r, o) => { mul64(r, o.d, o.dh, r[o.s], r[o.sh]); return o.next },
  ALU64_DIV_K:   (r, o) => { udiv64(r, o.d, o.dh, o.k, o.kh); return o.next },
  ALU64_DIV_X:   (r, o) => { udiv64(r, o.d, o.dh, r[o.s], r[o.sh]); return o.next },
  ALU64_SDIV_K:  (r, o) => { sdiv64(r, o.d, o.dh, o.k, o.kh); return o.next },
  ALU64_SDIV_X:  (r, o) => { sdiv64(r, o.d, o.dh, r[o.s], r[o.sh]); return o.next },
  ALU64_MOD_K:   (r, o) => { umod64(r, o.d, o.dh, o.k, o.kh); return o.next },
  ALU64_MOD_X:   (r, o) => { umod64(r, o.d, o.dh, r[o.s], r[o.sh]); return o.next },
  ALU64_SMOD_K:  (r, o) => { smod64(r, o.d, o.dh, o.k, o.kh); return o.next },
  ALU64_SMOD_X:  (r, o) => { smod64(r, o.d, o.dh, r[o.s], r[o.sh]); return o.next },
  ALU64_OR_K:    (r, o) => { r[o.d] |= o.k; r[o.dh] |= o.kh; return o.next },
  ALU64_OR_X:    (r, o) => { r[o.d] |= r[o.s]; r[o.dh] |= r[o.sh]; return o.next },
  ALU64_AND_K:   (r, o) => { r[o.d] &= o.k; r[o.dh] &= o.kh; return o.next },
  ALU64_AND_X:   (r, o) => { r[o.d] &= r[o.s]; r[o.dh] &= r[o.sh]; return o.next },
  ALU64_XOR_K:   (r, o) => { r[o.d] ^= o.k; r[o.dh] ^= o.kh; return o.next },
  ALU64_XOR_X:   (r, o) => { r[o.d] ^= r[o.s]; r[o.dh] ^= r[o.sh]; return o.next },
  ALU64_LSH_K:   (r, o) => { lsh64(r, o.d, o.dh, o.k & 63); return o.next },
  ALU64_LSH_X:   (r, o) => { lsh64(r, o.d, o.dh, r[o.s] & 63); return o.next },
  ALU64_RSH_K:   (r, o) => { rsh64(r, o.d, o.dh, o.k & 63); return o.next },
  ALU64_RSH_X:   (r, o) => { rsh64(r, o.d, o.dh, r[o.s] & 63); return o.next },
  ALU64_ARSH_K:  (r, o) => { arsh64(r, o.d, o.dh, o.k & 63); return o.next },
  ALU64_ARSH_X:  (r, o) => { arsh64(r, o.d, o.dh, r[o.s] & 63); return o.next },
  ALU64_MOV_K:   (r, o) => { set64(r, o.d, o.dh, o.k, o.kh); return o.next },
  ALU64_MOV_X:   (r, o) => { set64(r, o.d, o.dh, r[o.s], r[o.sh]); return o.next },
  // This CPU's variables are its block: the address of one is its offset in the block plus that of the block.
  MOV64_PERCPU:  (r, o) => { set64(r, o.d, o.dh, r[o.s], r[o.sh]); add64(r, o.d, o.dh, o.m.cpu.block, 0); return o.next },
  ALU64_NEG:     (r, o) => { neg64(r, o.d, o.dh); return o.next },
  ALU64_MOVSX8:  (r, o) => { setSigned(r, o.d, o.dh, (r[o.s] << 24) >> 24); return o.next },
  ALU64_MOVSX16: (r, o) => { setSigned(r, o.d, o.dh, (r[o.s] << 16) >> 16); return o.next },
  ALU64_MOVSX32: (r, o) => { setSigned(r, o.d, o.dh, r[o.s]); return o.next },
}
