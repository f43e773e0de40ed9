/**
 * 32-bit arithmetic; the upper half of dst becomes 0. JavaScript masks shift counts to 5 bits, as RFC 9669 wants it, and
 * the register file truncates what is stored to 32 bits.
 *
 * @see RFC 9669, section 4.1
 */
import type { InstructionName } from '@bpfoundry/isa'
import { sdiv32, setUnsigned, smod32, udiv32, umod32 } from './int64.ts'
import type { HandlersOf } from './operation.ts'

// biome-ignore format: table
export const ALU32: HandlersOf<Extract<InstructionName, `ALU32_${string}`>> = {
  ALU32_ADD_K:   ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, r[d] + k); return next },
  ALU32_ADD_X:   ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, r[d] + r[s]); return next },
  ALU32_SUB_K:   ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, r[d] - k); return next },
  ALU32_SUB_X:   ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, r[d] - r[s]); return next },
  ALU32_MUL_K:   ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, Math.imul(r[d], k)); return next },
  ALU32_MUL_X:   ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, Math.imul(r[d], r[s])); return next },
  ALU32_DIV_K:   ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, udiv32(r[d], k)); return next },
  ALU32_DIV_X:   ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, udiv32(r[d], r[s])); return next },
  ALU32_SDIV_K:  ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, sdiv32(r[d], k)); return next },
  ALU32_SDIV_X:  ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, sdiv32(r[d], r[s])); return next },
  ALU32_MOD_K:   ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, umod32(r[d], k)); return next },
  ALU32_MOD_X:   ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, umod32(r[d], r[s])); return next },
  ALU32_SMOD_K:  ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, smod32(r[d], k)); return next },
  ALU32_SMOD_X:  ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, smod32(r[d], r[s])); return next },
  ALU32_OR_K:    ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, r[d] | k); return next },
  ALU32_OR_X:    ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, r[d] | r[s]); return next },
  ALU32_AND_K:   ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, r[d] & k); return next },
  ALU32_AND_X:   ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, r[d] & r[s]); return next },
  ALU32_XOR_K:   ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, r[d] ^ k); return next },
  ALU32_XOR_X:   ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, r[d] ^ r[s]); return next },
  ALU32_LSH_K:   ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, r[d] << k); return next },
  ALU32_LSH_X:   ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, r[d] << r[s]); return next },
  ALU32_RSH_K:   ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, r[d] >>> k); return next },
  ALU32_RSH_X:   ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, r[d] >>> r[s]); return next },
  ALU32_ARSH_K:  ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, r[d] >> k); return next },
  ALU32_ARSH_X:  ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, r[d] >> r[s]); return next },
  ALU32_MOV_K:   ({ d, dh, k, next }) => (r) => { setUnsigned(r, d, dh, k); return next },
  ALU32_MOV_X:   ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, r[s]); return next },
  ALU32_NEG:     ({ d, dh, next }) => (r) => { setUnsigned(r, d, dh, -r[d]); return next },
  ALU32_MOVSX8:  ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, (r[s] << 24) >> 24); return next },
  ALU32_MOVSX16: ({ d, dh, s, next }) => (r) => { setUnsigned(r, d, dh, (r[s] << 16) >> 16); return next },
}
