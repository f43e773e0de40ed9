/** `immed`, `nop` and `mul_step`. */
import { fieldsOf } from '../compose.ts'
import type { Word } from '../field.ts'
import { MUL_STEPS, MUL_TYPES } from '../operations.ts'
import { bankOf, Line, suffixes } from './line.ts'
import { isUnrestrictedImmediate } from './operand-text.ts'

const BYTE_WIDTH = 1
const WORD_WIDTH = 2

/** Text of an `immed` word. */
export function immedText(word: Word, contexts: 4 | 8): string {
  const fields = fieldsOf('immed', word)
  const { a, b } = fields
  const inA = isUnrestrictedImmediate(a)
  const inB = isUnrestrictedImmediate(b)
  const stored = immediateOf(fields.immHi, inB ? b : a)
  if (inA && inB && stored === 0) return 'nop'
  const value = fields.invert === 1 ? ((stored ^ 0xffff) | 0xffff0000) >>> 0 : stored
  const line = new Line({ contexts, dstLmExtn: fields.dstLmExtn })
  line.put(immedName(fields.width, fields.shift))
  if (inA && inB) line.put('--')
  else if (inA) line.target10(b, 'B')
  else line.target10(a, 'A')
  line.put(`, 0x${narrow(value, fields.width).toString(16)}`)
  if (fields.width === 0 && fields.shift !== 0) line.put(`, <<${fields.shift * 8}`)
  return line.put(`]${suffixes(fields)}`).end()
}

/** An operand that is no immediate counts as all ones, as in binutils. */
function immediateOf(high: number, operand: number): number {
  return isUnrestrictedImmediate(operand) ? high * 256 + (operand & 0xff) : 0xffffffff
}

function immedName(width: number, shift: number): string {
  if ((width & BYTE_WIDTH) !== 0) return `immed_b${shift}[`
  return (width & WORD_WIDTH) === 0 ? 'immed[' : `immed_w${shift >>> 1}[`
}

function narrow(value: number, width: number): number {
  if ((width & BYTE_WIDTH) !== 0) return value & 0xff
  return (width & WORD_WIDTH) === 0 ? value : value & 0xffff
}

const TYPES = Object.keys(MUL_TYPES)
const STEPS = Object.keys(MUL_STEPS)

/** Text of a `mul` word. */
export function mulText(word: Word, contexts: 4 | 8): string {
  const fields = fieldsOf('mul', word)
  const [left, right] = fields.swap === 1 ? [fields.b, fields.a] : [fields.a, fields.b]
  const last = fields.step >= MUL_STEPS.last
  const line = new Line({ contexts, ...fields }).put('mul_step[')
  if (last) line.target10(left, bankOf(fields.dstB)).put(', --')
  else
    line
      .source10(left, bankOf(fields.swap))
      .put(', ')
      .source10(right, bankOf(1 - fields.swap))
  line.put(`], ${TYPES[fields.type]}`)
  if (fields.type !== MUL_TYPES.start) {
    const step = STEPS[fields.step]
    line.put(`_${step ?? '<invalid mul_step>'}`)
    if (step === undefined) line.invalid()
  }
  return line.put(suffixes(fields)).end()
}
