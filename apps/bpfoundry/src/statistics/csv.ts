import { InputError } from '../exit-code.ts'
import type { Cell } from '../output.ts'
import { COLUMNS, type Column, KEY_COLUMNS, type StatisticsRow } from './columns.ts'

/** Rows as CSV (RFC 4180, with line feeds), as `veristat -o csv` writes them. */
export function writeCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return `${[head, ...rows].map((row) => row.map(field).join(',')).join('\n')}\n`
}

/** Rows of statistics, of these columns. */
export function statisticsCsv(columns: readonly Column[], rows: readonly StatisticsRow[]): string {
  const cells = rows.map((row) => columns.map(({ name }) => row.get(name) ?? ''))
  return writeCsv(
    columns.map(({ name }) => name),
    cells,
  )
}

function field(cell: Cell): string {
  const text = `${cell}`
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Rows that an earlier run wrote, or veristat did; columns that are not known are left out.
 *
 * @throws InputError CLI_UNREADABLE_CSV
 */
export function readStatistics(text: string, path: string): readonly StatisticsRow[] {
  const [head = [], ...lines] = splitCsv(text)
  const missing = KEY_COLUMNS.find((name) => !head.includes(name))
  if (missing !== undefined) throw unreadable(path, `no column ${missing}`)
  return lines.map((cells, index) => {
    if (cells.length !== head.length)
      throw unreadable(path, `line ${index + 2}: ${cells.length} of ${head.length} columns`)
    return new Map(
      head.flatMap((name, column) => {
        const cell = cells[column] ?? ''
        const isKnown = cell !== '' && cell !== 'N/A' && COLUMNS.some((known) => known.name === name)
        return isKnown ? [[name, /^\d+$/.test(cell) ? Number(cell) : cell] as const] : []
      }),
    )
  })
}

function unreadable(path: string, got: string): InputError {
  return new InputError({
    code: 'CLI_UNREADABLE_CSV',
    message: `${path} holds no statistics`,
    where: { input: path },
    got,
    expected: 'what verify --csv or veristat -o csv writes',
  })
}

const FIELD = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/y

/** Lines of fields; an empty line at the end is none. */
function splitCsv(text: string): string[][] {
  const lines: string[][] = []
  let line: string[] = []
  FIELD.lastIndex = 0
  while (FIELD.lastIndex < text.length) {
    const found = FIELD.exec(text)
    if (found === null) return [...lines, line]
    const [, raw = '', end] = found
    line.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw)
    if (end === ',') continue
    lines.push(line)
    line = []
  }
  return lines
}
