/**
 * Byte order. The machine is little-endian: `le` truncates, `be` and `bswap` reverse the bytes, for which WebAssembly has
 * no instruction.
 *
 * @see RFC 9669, section 4.2
 */
import type { InstructionRow } from '@bpfoundry/isa'
import { OP } from '../binary/opcode.ts'
import type { FunctionWriter, Lower } from '../function-writer.ts'

/** Kind `swap`. */
export function lowerByteOrder(row: InstructionRow): Lower {
  return row.operation === 'le' ? TRUNCATE[row.bits as 16 | 32 | 64] : REVERSE[row.bits as 16 | 32 | 64]
}

const TRUNCATE: Readonly<Record<16 | 32 | 64, Lower>> = {
  16: (f, { dst }) => {
    f.get(64, dst)
    f.code.i64Const(0xffff)
    f.code.op(OP['i64.and'])
    f.set(64, dst)
  },
  32: (f, { dst }) => {
    f.get(32, dst)
    f.set(32, dst)
  },
  64: () => {},
}

const REVERSE: Readonly<Record<16 | 32 | 64, Lower>> = {
  16: (f, { dst }) => {
    masked32(f, dst, OP['i32.shl'], 0xff00)
    masked32(f, dst, OP['i32.shr_u'], 0xff)
    f.code.op(OP['i32.or'])
    f.set(32, dst)
  },
  // Bytes 3210 turned left are 2103, turned right 0321: every second one of each gives 0123.
  32: (f, { dst }) => {
    masked32(f, dst, OP['i32.rotl'], 0x00ff00ff)
    masked32(f, dst, OP['i32.rotr'], 0xff00ff00)
    f.code.op(OP['i32.or'])
    f.set(32, dst)
  },
  // Swaps the halves, then the 16-bit parts of each half, then the bytes of each part.
  64: (f, { dst }) => {
    f.get(64, dst)
    f.code.i64Const(32)
    f.code.op(OP['i64.rotl'])
    f.set(64, dst)
    swapParts(f, dst, 16, 0x0000ffff)
    swapParts(f, dst, 8, 0x00ff00ff)
  },
}

/** Pushes the register's lower half moved by a byte, of which `mask` is kept. */
function masked32(f: FunctionWriter, register: number, move: number, mask: number): void {
  f.get(32, register)
  f.code.i32Const(8)
  f.code.op(move)
  f.code.i32Const(mask)
  f.code.op(OP['i32.and'])
}

/** Swaps neighbouring parts of `bits` bits each; `mask` selects every second one in each word. */
function swapParts(f: FunctionWriter, register: number, bits: number, mask: number): void {
  f.get(64, register)
  f.code.i64Const(mask, mask)
  f.code.op(OP['i64.and'])
  f.code.i64Const(bits)
  f.code.op(OP['i64.shl'])
  f.get(64, register)
  f.code.i64Const(bits)
  f.code.op(OP['i64.shr_u'])
  f.code.i64Const(mask, mask)
  f.code.op(OP['i64.and'])
  f.code.op(OP['i64.or'])
  f.set(64, register)
}
