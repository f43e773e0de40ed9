/**
 * Loads and stores, of any alignment. 8 aligned bytes move at once.
 *
 * @see RFC 9669, sections 5.1 and 5.2
 */
import type { InstructionRow } from '@bpfoundry/isa'
import { OP } from '../binary/opcode.ts'
import type { Lower } from '../function-writer.ts'

type Width = 8 | 16 | 32 | 64

// biome-ignore format: table
const LOAD: Readonly<Record<Width, number>> = {
  8:  OP['i64.load8_u'],
  16: OP['i64.load16_u'],
  32: OP['i64.load32_u'],
  64: OP['i64.load'],
}

// biome-ignore format: table
const LOAD_SIGNED: Readonly<Record<Width, number>> = {
  8:  OP['i64.load8_s'],
  16: OP['i64.load16_s'],
  32: OP['i64.load32_s'],
  64: OP['i64.load'],
}

// biome-ignore format: table
const STORE: Readonly<Record<Width, number>> = {
  8:  OP['i64.store8'],
  16: OP['i64.store16'],
  32: OP['i64.store32'],
  64: OP['i64.store'],
}

/** No alignment is promised: the hint is of one byte. */
const ANY = 0

/** Kind `load`. */
export function lowerLoad(row: InstructionRow): Lower {
  const opcode = (row.operation === 'memsx' ? LOAD_SIGNED : LOAD)[row.bits]
  return (f, { dst, src, off }) => {
    const offset = f.address(src, off)
    f.code.memory(opcode, ANY, offset)
    f.set(64, dst)
  }
}

/** Kind `store`. */
export function lowerStore(row: InstructionRow): Lower {
  const opcode = STORE[row.bits]
  return (f, insn) => {
    const offset = f.address(insn.dst, insn.off)
    f.operand(row, 64, insn)
    f.code.memory(opcode, ANY, offset)
  }
}
