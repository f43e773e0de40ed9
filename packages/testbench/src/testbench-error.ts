import { Diagnostic } from '@bpfoundry/diagnostics'

/**
 * Errors of the testbench: `TESTBENCH_NO_SUCH_FILE`, `TESTBENCH_UNREADABLE`, `TESTBENCH_UNWRITABLE`,
 * `TESTBENCH_NO_SUCH_PROGRAM`, `TESTBENCH_NO_SUCH_MAP`, `TESTBENCH_PROFILE`, `TESTBENCH_MODE`, `TESTBENCH_MAP_FILE`,
 * `TESTBENCH_MAP_VALUE`, `TESTBENCH_LINK_TYPE`, `TESTBENCH_TRAFFIC`, `TESTBENCH_CLOSED`, `TESTBENCH_WORKER`.
 */
export class TestbenchError extends Diagnostic {}

/** The names nearest to a wrong one, for a hint: "did you mean a, b?" or the whole list when nothing is near. */
export function nearestNames(wrong: string, names: readonly string[]): string {
  const near = names.filter(
    (name) => distance(wrong.toLowerCase(), name.toLowerCase()) <= Math.max(2, wrong.length / 3),
  )
  if (near.length > 0) return `did you mean ${near.slice(0, 3).join(', ')}?`
  return names.length === 0 ? 'there are none' : `there are: ${names.slice(0, 20).join(', ')}`
}

/** Levenshtein distance of two short words. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replace = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replace, (previous[column] as number) + 1, (current[column - 1] as number) + 1))
    }
    previous = current
  }
  return previous[b.length] as number
}
