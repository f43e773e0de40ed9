/**
 * Whether a figure was used to find a parameter of a model, or only says how good the model is. No parameter may hang on
 * a single row.
 */
export type RowRole = 'calibrates' | 'validates'

/** Units of published figures. */
export type RowUnit = 'Mpps' | 'us' | 'ns' | 'Gb/s'

/** One published figure: data, kept in the package of the model that has to answer it. */
export interface PublishedRow {
  /** Unique, stable: `hxdp.xdp1@1.2`. */
  readonly id: string
  /** Rows that are judged together, as the table's sections: `hXDP, x86`. */
  readonly group: string
  readonly what: string
  /** The machine, its clock included. */
  readonly hardware: string
  /** Publication, with the section of the project's collection of measurements in parentheses. */
  readonly source: string
  readonly unit: RowUnit
  readonly published: number
  readonly role: RowRole
  /** Parameters of the model that this row helped to find. */
  readonly calibrates?: readonly string[]
  /** What a reader has to know of the row: read off a figure, another kernel. */
  readonly note?: string
}

/** A published figure beside the model's. */
export interface ComparedRow extends PublishedRow {
  /** Undefined where the model can't answer; `why` then says why. */
  readonly modelled: number | undefined
  /** (modelled - published) / published; undefined without an answer. */
  readonly error: number | undefined
  readonly why?: string
}

/** Puts the model's answer beside a row. @param modelled in the row's unit, or the reason why there is none */
export function compareRow(row: PublishedRow, modelled: number | string): ComparedRow {
  if (typeof modelled === 'string') return { ...row, modelled: undefined, error: undefined, why: modelled }
  return { ...row, modelled, error: (modelled - row.published) / row.published }
}

/** How good a model is on the rows of one role. */
export interface RowSummary {
  readonly rows: number
  readonly answered: number
  /** Median and largest of the absolute relative errors; undefined when nothing was answered. */
  readonly medianError: number | undefined
  readonly worstError: number | undefined
}

/** Sums up rows: of a group, of a role, of all. */
export function summariseRows(rows: readonly ComparedRow[]): RowSummary {
  const errors = rows.flatMap(({ error }) => (error === undefined ? [] : [Math.abs(error)])).sort((a, b) => a - b)
  return { rows: rows.length, answered: errors.length, medianError: median(errors), worstError: errors.at(-1) }
}

function median(sorted: readonly number[]): number | undefined {
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  if (upper === undefined || sorted.length % 2 === 1) return upper
  return ((sorted[middle - 1] as number) + upper) / 2
}
