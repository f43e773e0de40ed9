import { INSN_BYTES, type Insn } from './insn.ts'
import { IsaError } from './isa-error.ts'

/** Order of the bytes in off and imm. Big endian also swaps the two nibbles of the register byte. */
export type ByteOrder = 'little' | 'big'

export interface CodecOptions {
  /** Default: little. */
  readonly byteOrder?: ByteOrder
}

/**
 * The slots of a program, one {@link Insn} each; the second slot of a 64-bit immediate is one with opcode 0. Any bytes
 * decode: whether they are instructions is `checkInsns`'s business.
 *
 * @throws {IsaError} `ISA_LENGTH` when the length is no multiple of 8
 * @see RFC 9669, section 3
 */
export function decodeInsns(bytes: Uint8Array, options: CodecOptions = {}): Insn[] {
  if (bytes.byteLength % INSN_BYTES !== 0) {
    throw new IsaError({
      code: 'ISA_LENGTH',
      message: 'the bytes are no whole number of instructions',
      where: { offsetBytes: bytes.byteLength - (bytes.byteLength % INSN_BYTES) },
      got: `${bytes.byteLength} bytes`,
      expected: `a multiple of ${INSN_BYTES}`,
    })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = options.byteOrder !== 'big'
  const insns: Insn[] = []
  for (let at = 0; at < bytes.byteLength; at += INSN_BYTES) insns.push(decodeSlot(view, at, little))
  return insns
}

function decodeSlot(view: DataView, at: number, little: boolean): Insn {
  const regs = view.getUint8(at + 1)
  return {
    opcode: view.getUint8(at),
    dst: little ? regs & 0xf : regs >> 4,
    src: little ? regs >> 4 : regs & 0xf,
    off: view.getInt16(at + 2, little),
    imm: view.getInt32(at + 4, little),
  }
}

/**
 * The bytes of a program, 8 a slot: the inverse of {@link decodeInsns}.
 *
 * @throws {IsaError} `ISA_FIELD_RANGE` when a field does not fit its bits
 */
export function encodeInsns(insns: readonly Insn[], options: CodecOptions = {}): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(insns.length * INSN_BYTES)
  const view = new DataView(bytes.buffer)
  const little = options.byteOrder !== 'big'
  insns.forEach((insn, pc) => {
    requireRanges(insn, pc)
    const at = pc * INSN_BYTES
    view.setUint8(at, insn.opcode)
    view.setUint8(at + 1, little ? (insn.src << 4) | insn.dst : (insn.dst << 4) | insn.src)
    view.setInt16(at + 2, insn.off, little)
    view.setInt32(at + 4, insn.imm, little)
  })
  return bytes
}

// biome-ignore format: table
const RANGES: readonly (readonly [field: keyof Insn, min: number, max: number])[] = [
  ['opcode', 0,           0xff],
  ['dst',    0,           0xf],
  ['src',    0,           0xf],
  ['off',    -0x8000,     0x7fff],
  ['imm',    -0x80000000, 0x7fffffff],
]

function requireRanges(insn: Insn, pc: number): void {
  for (const [field, min, max] of RANGES) {
    const value = insn[field]
    if (!(Number.isInteger(value) && value >= min && value <= max)) {
      throw new IsaError({
        code: 'ISA_FIELD_RANGE',
        message: `${field} of the instruction does not fit its bits`,
        where: { pc },
        got: value,
        expected: `an integer from ${min} to ${max}`,
      })
    }
  }
}
