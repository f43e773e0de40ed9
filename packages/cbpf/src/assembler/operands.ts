import type { AsmParser } from './asm-parser.ts'
import type { AsmOperand } from './instruction-forms.ts'

/** How operands are written, for errors. */
// biome-ignore format: table
export const OPERAND_TEXT: Readonly<Record<AsmOperand, string>> = {
  immediate: '#NUMBER',
  number:    'NUMBER',
  length:    '#len',
  extension: '#EXTENSION',
  packet:    '[NUMBER]',
  indexed:   '[x + NUMBER]',
  header:    '4*([NUMBER]&0xf)',
  cell:      'M[NUMBER]',
  x:         'x',
  a:         'a',
  label:     'LABEL',
  none:      'nothing',
}

/** An operand as it is written. */
interface ReadOperand {
  readonly kind: AsmOperand
  readonly k: number
}

/** What begins with a punctuation mark or a register. */
const READERS: Readonly<Record<string, (parser: AsmParser) => ReadOperand>> = {
  '#': (parser) => ({ kind: 'immediate', k: parser.number() }),
  '[': bracket,
  m: cell,
  x: () => ({ kind: 'x', k: 0 }),
  a: () => ({ kind: 'a', k: 0 }),
  '%': register,
}

/** Reads an operand of any kind; undefined where none begins. @throws CbpfError CBPF_ASM_SYNTAX, CBPF_ASM_SYMBOL */
export function readOperand(parser: AsmParser): ReadOperand | undefined {
  const { kind, text, value } = parser.peek()
  if (kind === 'length' || kind === 'extension') {
    parser.take()
    return { kind, k: value }
  }
  if (parser.isNumber()) return plainNumber(parser)
  const read = kind === 'punct' ? READERS[text] : undefined
  if (read === undefined) {
    if (kind === 'word') throw parser.unknownName(parser.peek())
    return undefined
  }
  parser.take()
  return read(parser)
}

/** `5`, or `4*([5]&0xf)`. */
function plainNumber(parser: AsmParser): ReadOperand {
  const token = parser.peek()
  const k = parser.number()
  if (!parser.accept('*')) return { kind: 'number', k }
  parser.expect('(')
  parser.expect('[')
  const offset = parser.number()
  parser.expect(']')
  parser.expect('&')
  const mask = parser.peek()
  const bits = parser.number()
  if (k !== 4) throw parser.syntax('4, as a header has words of four bytes', token)
  if (bits !== 0xf) throw parser.syntax('0xf, as that many bits count them', mask)
  parser.expect(')')
  return { kind: 'header', k: offset }
}

/** `[5]`, `[x + 5]`, `[%x + 5]`; also `[x+5]`, whose `+5` is one number. */
function bracket(parser: AsmParser): ReadOperand {
  const marked = parser.accept('%')
  if (!parser.sees('x')) {
    if (marked) throw parser.syntax('`x`')
    return { kind: 'packet', k: bracketed(parser) }
  }
  parser.take()
  const { kind, text } = parser.peek()
  if (!(kind === 'number' && /^[-+]/.test(text))) parser.expect('+')
  return { kind: 'indexed', k: bracketed(parser) }
}

function cell(parser: AsmParser): ReadOperand {
  parser.expect('[')
  return { kind: 'cell', k: bracketed(parser) }
}

function bracketed(parser: AsmParser): number {
  const k = parser.number()
  parser.expect(']')
  return k
}

function register(parser: AsmParser): ReadOperand {
  for (const kind of ['x', 'a'] as const) if (parser.accept(kind)) return { kind, k: 0 }
  throw parser.syntax('`x` or `a`')
}
