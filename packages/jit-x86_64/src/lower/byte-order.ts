/**
 * Byte order. The machine is little-endian: `le` truncates, `be` and `bswap` reverse the bytes.
 *
 * @see RFC 9669, section 4.2
 */
import type { InstructionName } from '@bpfoundry/isa'
import { form } from '../asm/form.ts'
import { registerOf } from '../emitter.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

const MOVZX16 = form('MOVZX r32, r/m16')
const MOV32 = form('MOV r/m32, r32')
const ROL16 = form('ROL r/m16, imm8')
const BSWAP32 = form('BSWAP r32')
const BSWAP64 = form('BSWAP r64')

/** `r1 = be16 r1   ->   rol di, 8; movzx edi, di` */
const swap16: Lowering = ({ asm }, { dst }) => {
  asm.ri(ROL16, registerOf(dst), 8)
  asm.rr(MOVZX16, registerOf(dst), registerOf(dst))
}
/** `r1 = be32 r1   ->   bswap edi`, which clears the upper half */
const swap32: Lowering = ({ asm }, { dst }) => asm.r(BSWAP32, registerOf(dst))
const swap64: Lowering = ({ asm }, { dst }) => asm.r(BSWAP64, registerOf(dst))

// biome-ignore format: table
export const BYTE_ORDER: LoweringsOf<Extract<InstructionName, `LE${number}` | `BE${number}` | `BSWAP${number}`>> = {
  // r1 = le16 r1     ->   movzx edi, di
  LE16:    ({ asm }, { dst }) => asm.rr(MOVZX16, registerOf(dst), registerOf(dst)),
  LE32:    ({ asm }, { dst }) => asm.rr(MOV32, registerOf(dst), registerOf(dst)),
  LE64:    () => {},
  BE16:    swap16,
  BE32:    swap32,
  BE64:    swap64,
  BSWAP16: swap16,
  BSWAP32: swap32,
  BSWAP64: swap64,
}
