import Table from 'cli-table3'
import type { CommandIo } from './command-io.ts'

/** Cells of a table; numbers are right-aligned. */
export type Cell = string | number

const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const

/** A plain table, a line a row, columns aligned, no borders: readable, and easy to cut with awk. */
export function formatTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const numeric = head.map((_, column) => rows.some((row) => typeof row[column] === 'number'))
  const table = new Table({
    head: [...head],
    chars: BORDERLESS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: numeric.map((right) => (right ? 'right' : 'left')),
  })
  for (const row of rows) table.push(row.map((cell) => (typeof cell === 'number' ? formatCount(cell) : cell)))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** 1234567 as 1,234,567; at most three digits behind the point. Not by Intl, whose first use takes milliseconds. */
export function formatCount(count: number): string {
  const [whole = '', fraction] = `${Number.isInteger(count) ? count : Math.round(count * 1000) / 1000}`.split('.')
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** Packets a second with a unit: `11.50 Mpps`, `820.1 kpps`. */
export function formatRate(packetsPerSecond: number | undefined): string {
  if (packetsPerSecond === undefined) return '-'
  if (packetsPerSecond >= 1e6) return `${(packetsPerSecond / 1e6).toFixed(2)} Mpps`
  if (packetsPerSecond >= 1e3) return `${(packetsPerSecond / 1e3).toFixed(1)} kpps`
  return `${packetsPerSecond.toFixed(0)} pps`
}

/** JSON for stdout; u64 values that JavaScript numbers can't hold become strings, bytes become hex. */
export function formatJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, item: unknown) => {
      if (typeof item === 'bigint') return Number.isSafeInteger(Number(item)) ? Number(item) : item.toString()
      if (item instanceof Uint8Array) return Buffer.from(item).toString('hex')
      return item
    },
    2,
  )
}

/** A progress line on a terminal's stderr; nothing elsewhere. */
export class Progress {
  readonly #io: CommandIo
  #shown = false
  #last = 0

  constructor(io: CommandIo) {
    this.#io = io
  }

  /** Shows `text` in place of what was shown before, ten times a second at most. */
  show(text: string): void {
    const now = performance.now()
    if (!this.#io.terminal || now - this.#last < 100) return
    this.#last = now
    this.#shown = true
    this.#io.err(`\r\x1b[K${text}`)
  }

  /** Removes the line. */
  clear(): void {
    if (this.#shown) this.#io.err('\r\x1b[K')
    this.#shown = false
  }
}
