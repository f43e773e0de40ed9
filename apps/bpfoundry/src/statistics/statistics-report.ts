import { readText } from '@bpfoundry/testbench'
import { formatTable } from '../output.ts'
import type { Verdict } from '../verdicts/judge-programs.ts'
import { COLUMNS, type Column, columnNamed, type SortOrder, sortRows, statisticsOf } from './columns.ts'
import { type Comparison, compareRuns } from './compare.ts'
import { readStatistics, statisticsCsv, writeCsv } from './csv.ts'

/** What `verify` prints of figures, as it is typed. */
export interface StatisticsOptions {
  readonly stats?: boolean
  readonly csv?: boolean
  readonly emit?: readonly Column[]
  readonly sort?: readonly SortOrder[]
  readonly compare?: string
}

/** What two runs are compared by where `--emit` names nothing else. */
const COMPARED: readonly string[] = ['file_name', 'prog_name', 'verdict', 'total_insns', 'total_states']

/** Figures are asked for, in the place of the usual lines. */
export function asksStatistics({ stats, csv, emit, sort, compare }: StatisticsOptions): boolean {
  return [stats, csv].includes(true) || [emit, sort, compare].some((option) => option !== undefined)
}

/** The figures of verdicts, or how they differ from those of a file. */
export interface StatisticsReport {
  readonly text: string
  /** With `--compare`: programs whose verdict is another one. */
  readonly mismatches: number
}

/** @throws TestbenchError, InputError for a file that `--compare` names in vain */
export function statisticsReport(verdicts: readonly Verdict[], options: StatisticsOptions): StatisticsReport {
  const rows = sortRows(verdicts.map(statisticsOf), options.sort ?? [])
  if (options.compare !== undefined) {
    const columns = options.emit ?? COMPARED.flatMap((name) => columnNamed(name) ?? [])
    const base = readStatistics(readText(options.compare), options.compare)
    const comparison = compareRuns(withKeys(columns), base, rows)
    return { text: comparisonText(comparison, options), mismatches: comparison.mismatches }
  }
  const columns = options.emit ?? COLUMNS
  if (options.csv === true) return { text: statisticsCsv(columns, rows), mismatches: 0 }
  const cells = rows.map((row) => columns.map(({ name }) => row.get(name) ?? '-'))
  return {
    text: `${formatTable(
      columns.map(({ head }) => head),
      cells,
    )}\n`,
    mismatches: 0,
  }
}

function withKeys(columns: readonly Column[]): readonly Column[] {
  const keys = COLUMNS.slice(0, 2)
  return [...keys, ...columns.filter((column) => !keys.includes(column))]
}

function comparisonText({ head, rows, mismatches }: Comparison, { csv }: StatisticsOptions): string {
  if (csv === true) return writeCsv(head, rows)
  const words = mismatches === 1 ? 'verdict differs' : 'verdicts differ'
  return `${formatTable(head, rows)}\n\n${mismatches} ${words}\n`
}
