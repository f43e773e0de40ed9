/** `alu` words and the others that share their layout: bit counts, content-addressable memory, CRC. */
import { fieldsOf } from '../compose.ts'
import type { Word } from '../field.ts'
import { ALU_OPS } from '../operations.ts'
import { bankOf, Line, suffixes } from './line.ts'
import { isUnrestrictedImmediate } from './operand-text.ts'

/** Sources in the order of the line: the exchange is undone. */
interface AluParts {
  readonly line: Line
  readonly name: string
  readonly op: number
  readonly left: number
  readonly right: number
  readonly leftBank: 'A' | 'B'
  readonly rightBank: 'A' | 'B'
  readonly dst: number
  readonly dstBank: 'A' | 'B'
}

const NAMES = new Map(Object.entries(ALU_OPS).map(([name, op]) => [op as number, name]))

const CRC_KINDS = ['--', undefined, 'crc_ccitt', undefined, 'crc_32', 'crc_iscsi', 'crc_10', 'crc_5']
const CRC_BYTES = ['bytes_0_3', 'bytes_1_3', 'bytes_2_3', 'byte_3', 'bytes_0_2', 'bytes_0_1', 'byte_0', '(null)']

/** Operations that are not written as `alu`. */
const FORMS: Readonly<Record<string, (parts: AluParts) => void>> = {
  pop_count1: (parts) => sourceOnly(parts),
  pop_count2: (parts) => sourceOnly(parts),
  pop_count3: (parts) => destinationAndSource(parts),
  ffs: (parts) => destinationAndSource(parts),
  cam_read_tag: (parts) => destinationAndSource(parts),
  cam_read_state: (parts) => destinationAndSource(parts),
  cam_clear: ({ line }) => line.put('cam_clear'),
  cam_lookup: (parts) => camLookup(parts),
  cam_write: (parts) => camWrite(parts),
  cam_write_state: (parts) => camWrite(parts),
  CRC: (parts) => crc(parts),
}
/** Operations that only look at their right operand. */
const RIGHT_ONLY: ReadonlySet<number> = new Set([ALU_OPS.B, ALU_OPS['~B']])

/** Text of an `alu` word. */
export function aluText(word: Word, contexts: 4 | 8): string {
  const fields = fieldsOf('alu', word)
  const swapped = fields.swap === 1
  const line = new Line({ contexts, ...fields })
  const name = NAMES.get(fields.op)
  const parts: AluParts = {
    line,
    name: name ?? '',
    op: fields.op,
    left: swapped ? fields.b : fields.a,
    right: swapped ? fields.a : fields.b,
    leftBank: bankOf(fields.swap),
    rightBank: bankOf(1 - fields.swap),
    dst: fields.dst,
    dstBank: bankOf(fields.dstB),
  }
  const form = name === undefined ? undefined : FORMS[name]
  if (form === undefined) plain(parts, name)
  else form(parts)
  return line.put(suffixes(fields)).end()
}

function plain(parts: AluParts, name: string | undefined): void {
  const { line, left, leftBank, right, rightBank, op } = parts
  destination(parts, 'alu[')
  line.put(', ')
  if (RIGHT_ONLY.has(op)) line.put('--')
  else line.source10(left, leftBank)
  if (name === undefined) line.put(`, <operator:0x${op.toString(16)}>, `).invalid()
  else line.put(`, ${name}, `)
  line.source10(right, rightBank).put(']')
}

function destination({ line, dst, dstBank }: AluParts, begin: string): void {
  line.put(begin)
  if (isUnrestrictedImmediate(dst)) line.put('--')
  else line.target10(dst, dstBank)
}

function sourceOnly({ line, name, right, rightBank }: AluParts): void {
  line.put(`${name}[`).source10(right, rightBank).put(']')
}

function destinationAndSource(parts: AluParts): void {
  destination(parts, `${parts.name}[`)
  parts.line.put(', ').source10(parts.right, parts.rightBank).put(']')
}

function camLookup(parts: AluParts): void {
  const { line, left, leftBank, right } = parts
  destination(parts, 'cam_lookup[')
  line.put(', ').source10(left, leftBank).put(']')
  if ((right & 3) === 0) return
  const index = ((right >>> 1) & 1) + ((right >>> 4) & 1) * 2
  line.put(`, lm_addr${index}[${(right >>> 2) & 3}]`)
}

function camWrite({ line, name, left, leftBank, right, rightBank, dst }: AluParts): void {
  line.put(`${name}[`).source10(right, rightBank).put(', ')
  if (name === 'cam_write') line.source10(left, leftBank).put(', ')
  line.put(`${dst & 0xf}]`)
}

function crc(parts: AluParts): void {
  const { line, left, right, rightBank } = parts
  const kind = CRC_KINDS[(left >>> 5) & 7]
  line.put(`crc_${(left & 8) === 0 ? 'be' : 'le'}[`)
  if (kind === undefined) line.put(', <invalid CRC operator>, ').invalid()
  else line.put(`${kind}, `)
  destination(parts, '')
  line.put(', ').source10(right, rightBank).put(']')
  if ((left & 7) !== 0) line.put(`, ${CRC_BYTES[left & 7]}`)
  if ((left & 0x10) !== 0) line.put(', bit_swap')
}
