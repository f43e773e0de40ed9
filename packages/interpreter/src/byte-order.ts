/**
 * Byte order. The machine is little-endian: `le` truncates, `be` and `bswap` reverse the bytes.
 *
 * @see RFC 9669, section 4.2
 */
import type { InstructionName } from '@bpfoundry/isa'
import { set64, setUnsigned, swap16, swap32 } from './int64.ts'
import type { HandlersOf } from './operation.ts'

// biome-ignore format: table
export const BYTE_ORDER: HandlersOf<Extract<InstructionName, `LE${number}` | `BE${number}` | `BSWAP${number}`>> = {
  LE16:    (r, o) => { setUnsigned(r, o.d, o.dh, r[o.d] & 0xffff); return o.next },
  LE32:    (r, o) => { r[o.dh] = 0; return o.next },
  LE64:    (_, o) => o.next,
  BE16:    (r, o) => { setUnsigned(r, o.d, o.dh, swap16(r[o.d])); return o.next },
  BE32:    (r, o) => { setUnsigned(r, o.d, o.dh, swap32(r[o.d])); return o.next },
  BE64:    (r, o) => { set64(r, o.d, o.dh, swap32(r[o.dh]), swap32(r[o.d])); return o.next },
  BSWAP16: (r, o) => { setUnsigned(r, o.d, o.dh, swap16(r[o.d])); return o.next },
  BSWAP32: (r, o) => { setUnsigned(r, o.d, o.dh, swap32(r[o.d])); return o.next },
  BSWAP64: (r, o) => { set64(r, o.d, o.dh, swap32(r[o.dh]), swap32(r[o.d])); return o.next },
}
