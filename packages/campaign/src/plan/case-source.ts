import type { Suite, SuiteOptions } from '@bpfoundry/conformance'

/** A file of a kernel tree. A worker on another machine looks for it in a tree of its own. */
export interface TreeSource {
  readonly kind: 'kernel-tree'
  readonly folder: string
  readonly suite: Suite
  /** Relative to the tree. */
  readonly file: string
  readonly options: SuiteOptions
}

/**
 * A function that makes cases of a seed, `(seed: number) => SuiteReading`, or a promise of it: what a fuzzing campaign is
 * spread by. Ids of cases must differ from seed to seed.
 */
export interface ModuleSource {
  readonly kind: 'module'
  /** URL of the module, in the form in which it runs. */
  readonly url: string
  readonly name: string
  readonly seed: number
}

/** Where the cases of a shard come from: small, plain JSON; who runs the shard reads it. */
export type CaseSource = TreeSource | ModuleSource

/** For people: `lib/test_bpf.c`, `generate seed 7`. */
export function sourceName(source: CaseSource): string {
  return source.kind === 'kernel-tree' ? source.file : `${source.name} seed ${source.seed}`
}
