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
  LE16:    ({ d, dh, next }) => (r) => { setUnsigned(r, d, dh, r[d] & 0xffff); return next },
  LE32:    ({ dh, next }) => (r) => { r[dh] = 0; return next },
  LE64:    ({ next }) => () => next,
  BE16:    ({ d, dh, next }) => (r) => { setUnsigned(r, d, dh, swap16(r[d])); return next },
  BE32:    ({ d, dh, next }) => (r) => { setUnsigned(r, d, dh, swap32(r[d])); return next },
  BE64:    ({ d, dh, next }) => (r) => { set64(r, d, dh, swap32(r[dh]), swap32(r[d])); return next },
  BSWAP16: ({ d, dh, next }) => (r) => { setUnsigned(r, d, dh, swap16(r[d])); return next },
  BSWAP32: ({ d, dh, next }) => (r) => { setUnsigned(r, d, dh, swap32(r[d])); return next },
  BSWAP64: ({ d, dh, next }) => (r) => { set64(r, d, dh, swap32(r[dh]), swap32(r[d])); return next },
}
