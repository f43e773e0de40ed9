/**
 * Byte order. The machine is little-endian: `le` truncates, `be` and `bswap` reverse.
 *
 * @see RFC 9669, section 4.2
 */
import type { InstructionName } from '@bpfoundry/isa'
import { uxth } from '../asm/data-processing-immediate.ts'
import { mov, rev16, rev32, rev64 } from '../asm/data-processing-register.ts'
import { W } from '../asm/registers.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

const swap16: Lowering = (e, { dst }) => {
  const d = e.register(dst)
  e.put(rev16(W, d, e.source(dst)))
  e.put(uxth(d, d))
}
const swap32: Lowering = (e, { dst }) => e.put(rev32(e.register(dst), e.source(dst)))
const swap64: Lowering = (e, { dst }) => e.put(rev64(e.register(dst), e.source(dst)))

// biome-ignore format: table
export const BYTE_ORDER: LoweringsOf<Extract<InstructionName, `LE${number}` | `BE${number}` | `BSWAP${number}`>> = {
  LE16:    (e, { dst }) => e.put(uxth(e.register(dst), e.source(dst))),  // r1 = le16 r1     ->  uxth w1, w1
  LE32:    (e, { dst }) => e.put(mov(W, e.register(dst), e.source(dst))),            // r1 = le32 r1     ->  mov w1, w1
  LE64:    () => {},                                                       // r1 = le64 r1     ->
  BE16:    swap16,                                                         // r1 = be16 r1     ->  rev16 w1, w1; uxth w1, w1
  BE32:    swap32,                                                         // r1 = be32 r1     ->  rev w1, w1
  BE64:    swap64,                                                         // r1 = be64 r1     ->  rev x1, x1
  BSWAP16: swap16,                                                         // r1 = bswap16 r1  ->  rev16 w1, w1; uxth w1, w1
  BSWAP32: swap32,                                                         // r1 = bswap32 r1  ->  rev w1, w1
  BSWAP64: swap64,                                                         // r1 = bswap64 r1  ->  rev x1, x1
}
