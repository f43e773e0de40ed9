import type { SourceSpan } from '@bpfoundry/diagnostics'
import { CbpfError } from './cbpf-error.ts'
import { CLASSIC_FIELDS, type ClassicInsn, requireFit } from './classic-insn.ts'

/** What struct sock_fprog can count. */
const MAX_COUNT = 0xffff
const MAX_QUOTED = 80

/**
 * Reads what `tcpdump -ddd` prints: the number of instructions, then one a line, `code jt jf k`, all decimal. Empty lines
 * at the end are left out.
 *
 * @param file a name for errors
 * @throws CbpfError CBPF_TEXT with file and line
 */
export function readDecimal(text: string, file: string = 'filter'): ClassicInsn[] {
  const lines = text.replace(/\s+$/, '').split(/\r?\n/, MAX_COUNT + 2)
  const at = (index: number): SourceSpan => ({ file, line: index + 1, text: quoted(lines[index] ?? '') })
  const [count] = readNumbers(at(0), lines[0] ?? '', ['the number of instructions'], [MAX_COUNT])
  if (lines.length - 1 !== count) {
    throw wrongText(
      at(0),
      'the number of instructions is not that of the lines',
      `${lines.length - 1} lines`,
      `${count}`,
    )
  }
  return lines.slice(1).map((line, index) => {
    const [code, jt, jf, k] = readNumbers(at(index + 1), line, FIELD_NAMES, FIELD_LIMITS) as [
      number,
      number,
      number,
      number,
    ]
    return { code, jt, jf, k }
  })
}

const FIELD_NAMES = CLASSIC_FIELDS.map(([field]) => field)
const FIELD_LIMITS = CLASSIC_FIELDS.map(([, max]) => max)

function readNumbers(span: SourceSpan, line: string, names: readonly string[], limits: readonly number[]): number[] {
  const words = line.trim().split(/\s+/, names.length + 1)
  if (words.length !== names.length || words[0] === '') {
    throw wrongText(span, 'not a line of the decimal form', quoted(line), names.join(' '))
  }
  return words.map((word, index) => {
    const value = /^\d{1,10}$/.test(word) ? Number(word) : Number.NaN
    if (value <= (limits[index] as number)) return value
    throw wrongText(span, `${names[index]} is out of range`, quoted(word), `a number from 0 to ${limits[index]}`)
  })
}

const quoted = (text: string): string => (text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}...` : text)

function wrongText(source: SourceSpan, message: string, got: string, expected: string): CbpfError {
  return new CbpfError({ code: 'CBPF_TEXT', message, where: { source }, got, expected })
}

/** As `tcpdump -ddd` prints a program, each line with its line break. @throws CbpfError CBPF_FIELD_RANGE */
export function formatDecimal(insns: readonly ClassicInsn[]): string {
  insns.forEach(requireFit)
  const lines = insns.map((insn) => CLASSIC_FIELDS.map(([field]) => insn[field]).join(' '))
  return [insns.length, ...lines].map((line) => `${line}\n`).join('')
}
