import type { Cell } from '../output.ts'
import { type Column, KEY_COLUMNS, type StatisticsRow } from './columns.ts'

/** Two runs beside each other, a line a program. */
export interface Comparison {
  readonly head: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** Programs whose verdict is another one, or that only one run has. */
  readonly mismatches: number
}

const ABSENT = 'N/A'

/** Lays two runs out as `veristat -C` does: of each column the first run, the second, and the difference. */
export function compareRuns(
  columns: readonly Column[],
  base: readonly StatisticsRow[],
  now: readonly StatisticsRow[],
): Comparison {
  const figures = columns.filter(({ name }) => !KEY_COLUMNS.includes(name))
  const keys = columns.filter(({ name }) => KEY_COLUMNS.includes(name))
  const before = byKey(base)
  const after = byKey(now)
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  const rows = names.map((key) => {
    const [first, second] = [before.get(key), after.get(key)]
    const known = (second ?? first) as StatisticsRow
    return [
      ...keys.map(({ name }) => known.get(name) ?? ABSENT),
      ...figures.flatMap(({ name }) => comparedCells(first?.get(name), second?.get(name))),
    ]
  })
  const isMismatch = (key: string): boolean => before.get(key)?.get('verdict') !== after.get(key)?.get('verdict')
  return {
    head: [
      ...keys.map(({ head }) => head),
      ...figures.flatMap(({ head }) => [`${head} (A)`, `${head} (B)`, `${head} (DIFF)`]),
    ],
    rows,
    mismatches: names.filter(isMismatch).length,
  }
}

function byKey(rows: readonly StatisticsRow[]): Map<string, StatisticsRow> {
  return new Map(rows.map((row) => [KEY_COLUMNS.map((name) => row.get(name)).join('\0'), row]))
}

function comparedCells(a: Cell | undefined, b: Cell | undefined): Cell[] {
  return [a ?? ABSENT, b ?? ABSENT, difference(a, b)]
}

function difference(a: Cell | undefined, b: Cell | undefined): string {
  if (a === undefined || b === undefined) return ABSENT
  if (typeof a !== 'number' || typeof b !== 'number') return a === b ? 'MATCH' : 'MISMATCH'
  const by = b - a
  const percent = a === 0 ? (by === 0 ? 0 : 100) : (by / a) * 100
  const sign = by < 0 ? '-' : '+'
  return `${sign}${Math.abs(by)} (${sign}${Math.abs(percent).toFixed(2)}%)`
}
