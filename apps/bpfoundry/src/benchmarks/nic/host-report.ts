import {
  type BreakdownItem,
  type HostParameters,
  type ProgramWork,
  type RateLimit,
  type RowSummary,
  summariseRows,
} from '@bpfoundry/device'
import { GENERIC_PARAMETERS, GENERIC_ROWS } from '@bpfoundry/generic'
import { NATIVE_PARAMETERS, NATIVE_ROWS } from '@bpfoundry/native'
import type { HostFigure } from './host-figures.ts'

/** What `bench nic --host` prints as JSON: every published figure of a host beside the model's. All of it is modelled. */
export interface PublishedHostReport {
  readonly $schema: 'bpfoundry.bench-nic/1'
  readonly clock: 'modelled'
  readonly published: readonly HostFigureJson[]
  readonly summary: {
    readonly all: RowSummary
    readonly calibrates: RowSummary
    readonly validates: RowSummary
    readonly groups: readonly (RowSummary & { readonly group: string })[]
  }
  readonly parameters: readonly ParameterJson[]
}

/** A published row with the parts of the modelled time. */
export type HostFigureJson = Omit<HostFigure, 'rate'> & {
  readonly limitedBy?: RateLimit
  readonly nanosecondsPerPacket?: number
  readonly breakdown?: readonly BreakdownItem[]
}

/** A parameter of the model with the rows that it was found from. */
interface ParameterJson {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly found: string
  readonly rows: readonly string[]
}

/** One clock and number of cores. */
export interface HostPoint {
  readonly gigahertz: number
  readonly cores: number
  readonly packetsPerSecond: number | undefined
  readonly limitedBy: RateLimit | undefined
  readonly nanosecondsPerPacket: number | undefined
}

/** What `bench nic --host DRIVER` prints as JSON: a program on a driver's host. All of it is modelled. */
export interface ProgramHostReport {
  readonly $schema: 'bpfoundry.bench-nic/1'
  readonly clock: 'modelled'
  readonly host: { readonly mode: 'native' | 'generic'; readonly driver: string; readonly model: string }
  readonly program: {
    readonly object: string
    readonly name: string
    readonly work: ProgramWork
    readonly verdicts: Readonly<Record<string, number>>
  }
  readonly points: readonly HostPoint[]
  /** Parts of a packet's time on one core at the model's own clock. */
  readonly breakdown: readonly BreakdownItem[]
  readonly sources: readonly string[]
  readonly notes: readonly string[]
}

/** Puts figures, their summaries and the model's parameters together. */
export function publishedHostReport(figures: readonly HostFigure[]): PublishedHostReport {
  const groups = [...new Set(figures.map(({ group }) => group))]
  const of = (role: HostFigure['role']): RowSummary => summariseRows(figures.filter((row) => row.role === role))
  return {
    $schema: 'bpfoundry.bench-nic/1',
    clock: 'modelled',
    published: figures.map(figureJson),
    summary: {
      all: summariseRows(figures),
      calibrates: of('calibrates'),
      validates: of('validates'),
      groups: groups.map((group) => ({ group, ...summariseRows(figures.filter((row) => row.group === group)) })),
    },
    parameters: [...parametersOf(NATIVE_PARAMETERS, NATIVE_ROWS), ...parametersOf(GENERIC_PARAMETERS, GENERIC_ROWS)],
  }
}

function figureJson({ rate, ...row }: HostFigure): HostFigureJson {
  return {
    ...row,
    ...(rate?.limitedBy === undefined ? {} : { limitedBy: rate.limitedBy }),
    ...(rate?.nanosecondsPerPacket === undefined ? {} : { nanosecondsPerPacket: rate.nanosecondsPerPacket }),
    ...(rate?.breakdown === undefined ? {} : { breakdown: rate.breakdown }),
  }
}

function parametersOf(
  parameters: HostParameters<string>,
  rows: readonly { readonly id: string; readonly calibrates?: readonly string[] }[],
): ParameterJson[] {
  return Object.entries(parameters).map(([name, parameter]) => ({
    name,
    ...parameter,
    rows: rows.filter(({ calibrates }) => calibrates?.includes(name) === true).map(({ id }) => id),
  }))
}
