/** A row of the instruction table, its opcode column read once into what the encoder needs. */
import { type X86Name, x86Row } from './instruction-table.ts'

/** Opcode maps, in the order of VEX.mmmmm. */
export type OpcodeMap = 0 | 1 | 2 | 3

/** The encoder's form of a row. All fields are always there, so that every form has one shape. */
export interface Form {
  readonly name: X86Name
  /** The prefix before REX: 0x66 or 0. */
  readonly prefix: number
  /** REX with its W bit if the row wants it: 0x48, else 0. */
  readonly rex: number
  readonly map: OpcodeMap
  readonly opcode: number
  /** The opcode extension `/0` to `/7` in the reg field, -1 when a register stands there. */
  readonly digit: number
  /** Bytes of the immediate or distance: 0, 1, 2, 4 or 8. */
  readonly immBytes: number
  /** True when the first operand is the r/m one (MR, M, MI), false when it is the reg one (RM). */
  readonly rmFirst: boolean
  /** True when the operand in the r/m (or reg) field is 8 bits wide: registers 4 to 7 then need a REX. */
  readonly byteRm: boolean
  readonly byteReg: boolean
  /** Whether ZF tells afterwards that the first operand is 0. Not so of shifts by CL, which may be by 0. */
  readonly setsZero: boolean
  /** VEX.pp, -1 for legacy encodings. */
  readonly vexPp: number
}

const MAPS: Readonly<Record<string, OpcodeMap>> = { '': 0, '0F': 1, '0F38': 2, '0F3A': 3 }
const VEX_PP: Readonly<Record<string, number>> = { '66': 1, F3: 2, F2: 3 }
const IMMEDIATE_BYTES: Readonly<Record<string, number>> = { ib: 1, iw: 2, id: 4, io: 8, cb: 1, cd: 4 }

/** @see Intel SDM volume 1, appendix A: EFLAGS cross-reference */
const SET_ZERO: ReadonlySet<string> = new Set(['ADD', 'SUB', 'AND', 'OR', 'XOR', 'NEG', 'SHL', 'SHR', 'SAR'])

/** Reads a row. For tables made at load time; the encoder is given the result. */
export function form(name: X86Name): Form {
  const { mnemonic, opcode, operands, operandEncoding } = x86Row(name)
  const tokens = opcode.replaceAll('+rd', '').split(/[ +]+/)
  const vex = tokens[0]?.startsWith('VEX') ? tokens[0].split('.') : undefined
  const hex = tokens.filter((token) => /^[0-9A-F]{2}$/.test(token))
  const prefix = vex === undefined && hex.length > 1 && hex[0] === '66' ? 0x66 : 0
  const mapBytes = (prefix === 0 ? hex : hex.slice(1)).slice(0, -1).join('')
  const digit = tokens.find((token) => /^\/[0-7]$/.test(token))
  const immediate = tokens.find((token) => token in IMMEDIATE_BYTES)
  const rmAt = operands.findIndex((operand) => operand.includes('m') && !operand.startsWith('imm'))
  const wide = vex === undefined ? tokens.includes('REX.W') : vex[4] === 'W1'
  return {
    name,
    prefix,
    rex: wide ? 0x48 : 0,
    map: MAPS[vex?.[3] ?? mapBytes] as OpcodeMap,
    opcode: Number.parseInt(hex.at(-1) as string, 16),
    digit: digit === undefined ? -1 : Number(digit[1]),
    immBytes: immediate === undefined ? 0 : (IMMEDIATE_BYTES[immediate] as number),
    rmFirst: operandEncoding.startsWith('M'),
    byteRm: operands[rmAt] === 'r/m8',
    byteReg: operands.some((operand, index) => index !== rmAt && operand === 'r8'),
    setsZero: SET_ZERO.has(mnemonic) && operandEncoding !== 'MC',
    vexPp: vex === undefined ? -1 : (VEX_PP[vex[2] as string] as number),
  }
}
