/** Words whose right operand is shifted: `alu_shf`, `dbl_shf`, `asr`, `byte_align`, `ld_field`. */
import { fieldsOf } from '../compose.ts'
import type { Word } from '../field.ts'
import { SHF_OPS } from '../operations.ts'
import { bankOf, Line, suffixes } from './line.ts'
import { isRestrictedImmediate } from './operand-text.ts'

const NAMES = Object.keys(SHF_OPS)
const ROTATE = 0
const LEFT = 2
const DOUBLE = 3

/** How the right operand moves. */
function shiftText(sc: number, shift: number): string {
  if (sc === ROTATE) return `>>rot${shift}`
  const arrows = sc === LEFT ? '<<' : '>>'
  if (shift === 0) return `${arrows}indirect`
  return `${arrows}${sc === LEFT ? 32 - shift : shift}`
}

/** Text of a `shf` word. */
export function shfText(word: Word, contexts: 4 | 8): string {
  const fields = fieldsOf('shf', word)
  const line = new Line({ contexts, ...fields })
  if (fields.op === SHF_OPS.byte_align) byteAlign(line, contexts, word)
  else shifted(line, word)
  return line.put(`]${suffixes(fields)}`).end()
}

function shifted(line: Line, word: Word): void {
  const fields = fieldsOf('shf', word)
  const [left, right] = fields.swap === 1 ? [fields.b, fields.a] : [fields.a, fields.b]
  const double = fields.sc === DOUBLE
  const arithmetic = fields.op === SHF_OPS.asr
  line.put(double ? 'dbl_shf[' : arithmetic ? 'asr[' : 'alu_shf[')
  destination(line, fields.dst, fields.dstB)
  line.put(', ')
  if (!arithmetic) {
    if (fields.op <= SHF_OPS['~B'] && !double) line.put('--')
    else line.source8(left, bankOf(fields.swap))
    line.put(double ? ', ' : `, ${NAMES[fields.op]}, `)
  }
  line.source8(right, bankOf(1 - fields.swap)).put(`, ${shiftText(fields.sc, fields.shift)}`)
}

function byteAlign(line: Line, contexts: 4 | 8, word: Word): void {
  const fields = fieldsOf('shf', word)
  const [left, right] = fields.swap === 1 ? [fields.b, fields.a] : [fields.a, fields.b]
  line.put(fields.sc === LEFT ? 'byte_align_le[' : 'byte_align_be[')
  destination(line, fields.dst, fields.dstB)
  // The source is printed without the extension of its index register.
  const source = new Line({ contexts, i8: fields.i8 })
  if (fields.sc === LEFT) source.source8(left, bankOf(fields.swap))
  else source.source8(right, bankOf(1 - fields.swap))
  line.put(', ').nested(source)
}

function destination(line: Line, dst: number, dstB: number): void {
  if (isRestrictedImmediate(dst)) line.put('--')
  else line.target8(dst, bankOf(dstB))
}

/** Text of an `ldField` word. */
export function ldFieldText(word: Word, contexts: 4 | 8): string {
  const fields = fieldsOf('ldField', word)
  const [dst, src] = fields.swap === 1 ? [fields.b, fields.a] : [fields.a, fields.b]
  const line = new Line({ contexts, ...fields })
  line.put(fields.zero === 1 ? 'ld_field_w_clr[' : 'ld_field[')
  line.target8(dst, bankOf(fields.swap)).put(`, ${fields.byteMask.toString(2).padStart(4, '0')}, `)
  line.source8(src, bankOf(1 - fields.swap))
  if (fields.sc === DOUBLE) line.put(`, >>dbl${fields.shift}`)
  else if (fields.sc !== ROTATE || fields.shift !== 0) line.put(`, ${shiftText(fields.sc, fields.shift)}`)
  line.put(']')
  if (fields.loadCc === 1) line.put(', load_cc')
  return line.put(suffixes(fields)).end()
}
