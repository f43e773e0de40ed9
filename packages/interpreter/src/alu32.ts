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
  ALU32_ADD_K:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] + o.k); return o.next },
  ALU32_ADD_X:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] + r[o.s]); return o.next },
  ALU32_SUB_K:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] - o.k); return o.next },
  ALU32_SUB_X:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] - r[o.s]); return o.next },
  ALU32_MUL_K:   (r, o) => { setUnsigned(r, o.d, o.dh, Math.imul(r[o.d], o.k)); return o.next },
  ALU32_MUL_X:   (r, o) => { setUnsigned(r, o.d, o.dh, Math.imul(r[o.d], r[o.s])); return o.next },
  ALU32_DIV_K:   (r, o) => { setUnsigned(r, o.d, o.dh, udiv32(r[o.d], o.k)); return o.next },
  ALU32_DIV_X:   (r, o) => { setUnsigned(r, o.d, o.dh, udiv32(r[o.d], r[o.s])); return o.next },
  ALU32_SDIV_K:  (r, o) => { setUnsigned(r, o.d, o.dh, sdiv32(r[o.d], o.k)); return o.next },
  ALU32_SDIV_X:  (r, o) => { setUnsigned(r, o.d, o.dh, sdiv32(r[o.d], r[o.s])); return o.next },
  ALU32_MOD_K:   (r, o) => { setUnsigned(r, o.d, o.dh, umod32(r[o.d], o.k)); return o.next },
  ALU32_MOD_X:   (r, o) => { setUnsigned(r, o.d, o.dh, umod32(r[o.d], r[o.s])); return o.next },
  ALU32_SMOD_K:  (r, o) => { setUnsigned(r, o.d, o.dh, smod32(r[o.d], o.k)); return o.next },
  ALU32_SMOD_X:  (r, o) => { setUnsigned(r, o.d, o.dh, smod32(r[o.d], r[o.s])); return o.next },
  ALU32_OR_K:    (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] | o.k); return o.next },
  ALU32_OR_X:    (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] | r[o.s]); return o.next },
  ALU32_AND_K:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] & o.k); return o.next },
  ALU32_AND_X:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] & r[o.s]); return o.next },
  ALU32_XOR_K:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] ^ o.k); return o.next },
  ALU32_XOR_X:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] ^ r[o.s]); return o.next },
  ALU32_LSH_K:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] << o.k); return o.next },
  ALU32_LSH_X:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] << r[o.s]); return o.next },
  ALU32_RSH_K:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] >>> o.k); return o.next },
  ALU32_RSH_X:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] >>> r[o.s]); return o.next },
  ALU32_ARSH_K:  (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] >> o.k); return o.next },
  ALU32_ARSH_X:  (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] >> r[o.s]); return o.next },
  ALU32_MOV_K:   (r, o) => { setUnsigned(r, o.d, o.dh, o.k); return o.next },
  ALU32_MOV_X:   (r, o) => { setUnsigned(r, o.d, o.dh, r[o.s]); return o.next },
  ALU32_NEG:     (r, o) => { setUnsigned(r, o.d, o.dh, -r[o.d]); return o.next },
  ALU32_MOVSX8:  (r, o) => { setUnsigned(r, o.d, o.dh, (r[o.s] << 24) >> 24); return o.next },
  ALU32_MOVSX16: (r, o) => { setUnsigned(r, o.d, o.dh, (r[o.s] << 16) >> 16); return o.next },
}
