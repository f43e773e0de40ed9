import { compareReleases } from '@bpfoundry/kernel-abi'
import { formatTable } from '../output.ts'
import type { ReleaseRow } from '../releases/release-matrix.ts'

/** What an object needs of a kernel. */
export interface ObjectNeeds {
  readonly object: string
  /** The oldest release from which on all of its programs load; undefined where the newest refuses one. */
  readonly since?: string
  /** The program that asks for it; undefined where the oldest release takes all. */
  readonly program?: string
  /** What that one asks for: what release it is from, or why it is refused. */
  readonly reason?: string
}

/** One row an object, from those of its programs. */
export function needsOf(rows: readonly ReleaseRow[]): readonly ObjectNeeds[] {
  const newest = new Map<string, ReleaseRow>()
  for (const row of rows) {
    const other = newest.get(row.object)
    if (other === undefined || isLater(row, other)) newest.set(row.object, row)
  }
  return [...newest.values()].map((row) => {
    const { object, program, since } = row
    const reason = reasonOf(row)
    return {
      object,
      ...(since === undefined ? {} : { since }),
      ...(reason === undefined ? {} : { program, reason }),
    }
  })
}

/** A program that no release takes is later than all. */
function isLater({ since }: ReleaseRow, { since: other }: ReleaseRow): boolean {
  if (since === undefined || other === undefined) return since === undefined && other !== undefined
  return compareReleases(since, other) > 0
}

function reasonOf({ since, requirements, rejection }: ReleaseRow): string | undefined {
  const [newest] = requirements
  const isNewest = newest !== undefined && (since === undefined || compareReleases(newest.since, since) <= 0)
  const refusal =
    rejection === undefined ? undefined : `${rejection.release} refuses: ${rejection.message.trim().split('\n').at(-1)}`
  // What the release before lacks counts; where it lacks nothing, what it says.
  if (isNewest && (rejection === undefined || compareReleases(newest.since, rejection.release) > 0)) {
    return `${newest.what}, since ${newest.since}`
  }
  return refusal
}

/** A line an object. */
export function needsText(rows: readonly ObjectNeeds[]): string {
  if (rows.length === 0) return ''
  const cells = rows.map(({ object, since, program, reason }) => [object, since ?? '-', program ?? '', reason ?? ''])
  return `${formatTable(['object', 'from', 'program', 'needs'], cells)}\n`
}
