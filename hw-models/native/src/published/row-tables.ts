import type { CostAction, HostRow, HostSetup, RowRole } from '@bpfoundry/device'

/** What the rows of one table share. */
export interface RowTable {
  readonly group: string
  readonly hardware: string
  readonly source: string
  readonly note?: string
}

/** A row of a table at several values of one thing: clocks, cores. Undefined where nothing was published. */
export type Series = readonly (number | undefined)[]

/** Where a point of a series stands: its mark in the id, and what it adds to the set-up. */
export interface SeriesPoint {
  readonly mark: string
  readonly words: string
  readonly setup: Partial<HostSetup>
}

/** A series of million packets a second. */
export interface SeriesRow {
  readonly id: string
  readonly what: string
  readonly setup: Pick<HostSetup, 'costs' | 'scenario'> & { readonly action: CostAction; readonly descriptors?: number }
  readonly megapackets: Series
  /** Indexes of the points that calibrate, and what each of them does. */
  readonly calibrates?: readonly (readonly [points: readonly number[], parameters: readonly string[]])[]
  readonly note?: string
}

/** Rows of a table out of its series. */
export function seriesRows(table: RowTable, points: readonly SeriesPoint[], rows: readonly SeriesRow[]): HostRow[] {
  return rows.flatMap((row) =>
    row.megapackets.flatMap((published, index): HostRow[] => {
      const point = points[index]
      if (published === undefined || point === undefined) return []
      return [pointRow(table, row, point, published, index)]
    }),
  )
}

function pointRow(table: RowTable, row: SeriesRow, point: SeriesPoint, published: number, index: number): HostRow {
  const parameters = (row.calibrates ?? []).flatMap(([points, names]) => (points.includes(index) ? names : []))
  const role: RowRole = parameters.length === 0 ? 'validates' : 'calibrates'
  const note = [row.note, table.note].filter((text) => text !== undefined).join('; ')
  return {
    id: `${row.id}${point.mark}`,
    group: table.group,
    what: `${row.what}, ${point.words}`,
    hardware: table.hardware,
    source: table.source,
    unit: 'Mpps',
    published,
    role,
    ...(parameters.length === 0 ? {} : { calibrates: parameters }),
    ...(note === '' ? {} : { note }),
    setup: { ...row.setup, ...point.setup },
  }
}

/** Points of one to `most` cores. */
export function cores(most: number): SeriesPoint[] {
  return Array.from({ length: most }, (_, index) => ({
    mark: `x${index + 1}`,
    words: index === 0 ? '1 core' : `${index + 1} cores`,
    setup: { cpus: index + 1 },
  }))
}
