import { baseName } from '../explain/base-name.ts'
import type { Cell } from '../output.ts'
import type { Verdict } from '../verdicts/judge-programs.ts'

/** A program's figures by name of the column; what is not known is absent. */
export type StatisticsRow = ReadonlyMap<string, Cell>

/** A column of statistics, by the name that veristat gives it in CSV and on its command line. */
export interface Column {
  readonly name: string
  /** Other names that `--emit` and `--sort` take. */
  readonly also: readonly string[]
  readonly head: string
  readonly of: (verdict: Verdict) => Cell | undefined
}

/** Of the path, what tells objects apart. */
const objectName = ({ object }: Verdict): string => baseName(object)
const verdictWord = ({ verdict }: Verdict): string => (verdict === 'accepted' ? 'success' : 'failure')
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/**
 * @see stat_defs in tools/testing/selftests/bpf/veristat.c
 */
// biome-ignore format: table
export const COLUMNS: readonly Column[] = [
  { name: 'file_name',           also: ['file'],      head: 'File',                of: objectName },
  { name: 'prog_name',           also: ['prog'],      head: 'Program',             of: ({ program }) => program },
  { name: 'verdict',             also: [],            head: 'Verdict',             of: verdictWord },
  { name: 'duration',            also: ['dur'],       head: 'Duration (us)',       of: ({ stats }) => stats.verificationTimeUs },
  { name: 'total_insns',         also: ['insns'],     head: 'Insns',               of: ({ stats }) => stats.insnsProcessed },
  { name: 'total_states',        also: ['states'],    head: 'States',              of: ({ stats }) => stats.totalStates },
  { name: 'peak_states',         also: ['peak'],      head: 'Peak states',         of: ({ stats }) => stats.peakStates },
  { name: 'max_states_per_insn', also: [],            head: 'Max states per insn', of: ({ stats }) => stats.maxStatesPerInsn },
  { name: 'stack_depth',         also: ['stack'],     head: 'Stack depth',         of: ({ stats }) => sum(stats.stackDepthBytes) },
  { name: 'prog_size',           also: ['size'],      head: 'Program size',        of: ({ programSlots }) => programSlots },
  { name: 'prog_size_jited',     also: ['jited'],     head: 'Jited size',          of: ({ jitedBytes }) => jitedBytes },
  { name: 'prog_type',           also: ['type'],      head: 'Program type',        of: ({ type }) => type },
]

/** What names a row. */
export const KEY_COLUMNS: readonly string[] = ['file_name', 'prog_name']

/** The column of a name; undefined for none. */
export function columnNamed(name: string): Column | undefined {
  return COLUMNS.find((column) => column.name === name || column.also.includes(name))
}

/** All figures of a verdict. */
export function statisticsOf(verdict: Verdict): StatisticsRow {
  return new Map(
    COLUMNS.flatMap(({ name, of }) => {
      const value = of(verdict)
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}

/** How rows are ordered: by a column, ascending or descending. */
export interface SortOrder {
  readonly column: Column
  readonly descending: boolean
}

export function sortRows(rows: readonly StatisticsRow[], orders: readonly SortOrder[]): readonly StatisticsRow[] {
  if (orders.length === 0) return rows
  return [...rows].sort((a, b) => {
    for (const { column, descending } of orders) {
      const order = compareCells(a.get(column.name), b.get(column.name))
      if (order !== 0) return descending ? -order : order
    }
    return 0
  })
}

/** Numbers by size, words by letters; what is absent comes first. */
function compareCells(a: Cell | undefined, b: Cell | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [first, second] = [`${a ?? ''}`, `${b ?? ''}`]
  return first < second ? -1 : Number(first > second)
}
