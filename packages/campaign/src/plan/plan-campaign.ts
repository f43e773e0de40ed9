import { type KernelTree, type Suite, type SuiteOptions, suiteFiles } from '@bpfoundry/conformance'
import { type DiagnosticJson, isDiagnostic } from '@bpfoundry/diagnostics'
import type { ShardPool } from '../embedded/shard-pool.ts'
import { inLanes } from '../lanes.ts'
import type { CaseSource, TreeSource } from './case-source.ts'
import type { Inspection } from './shard.ts'

/** Where the cases of suites of a kernel tree come from, in the suites' order. */
export function treeSources(tree: KernelTree, suites: readonly Suite[], options: SuiteOptions): TreeSource[] {
  const { folder } = tree
  return suiteFiles(tree, suites, options).map(({ suite, file }) => ({
    kind: 'kernel-tree',
    folder,
    suite,
    file,
    options,
  }))
}

/** A source that can't be read at all. */
export interface UnreadableSource {
  readonly source: CaseSource
  readonly error: DiagnosticJson
}

/** Reads all sources, in the threads of a pool, for how many cases they hold; in the order of the sources. */
export async function inspectSources(
  pool: ShardPool,
  sources: readonly CaseSource[],
  { filter, signal }: { readonly filter: string | undefined; readonly signal: AbortSignal },
): Promise<readonly (Inspection | UnreadableSource)[]> {
  const found: (Inspection | UnreadableSource | undefined)[] = []
  // As many as there are threads, no more: a source that waits for one is not slow to read.
  await inLanes(sources, pool.jobs, signal, async (source, index) => {
    try {
      found[index] = await pool.inspect(source, filter, signal)
    } catch (error) {
      if (!isDiagnostic(error)) throw error
      found[index] = { source, error: error.toJSON() }
    }
  })
  return found.filter((one) => one !== undefined)
}
