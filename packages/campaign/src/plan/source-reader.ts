import { createHash } from 'node:crypto'
import { KernelTree, type SuiteCase, type SuiteFile, type SuiteReading, suiteFiles } from '@bpfoundry/conformance'
import { CampaignError } from '../campaign-error.ts'
import { type CaseSource, type ModuleSource, sourceName, type TreeSource } from './case-source.ts'
import type { Inspection } from './shard.ts'

/** A source's cases, and what its text was. */
interface KnownReading extends SuiteReading {
  readonly digest: string
}

/** Readings that are kept: shards of one file come one after the other, and lib/test_bpf.c's is large. */
const MOST_KEPT = 6

/** Reads sources; a thread has one, so that the shards of a file cost one reading. */
export class SourceReader {
  /** Trees and their files, by folder, suite and options. */
  readonly #trees = new Map<string, { readonly tree: KernelTree; readonly files: readonly SuiteFile[] }>()
  /** Least recently used first. */
  readonly #readings = new Map<string, KnownReading>()

  /**
   * @throws CampaignError CAMPAIGN_SOURCE; CAMPAIGN_OTHER_TREE where the source is not what `digest` was made of
   * @throws ConformanceError CONFORMANCE_KERNEL_TREE
   */
  async read(source: CaseSource, digest?: string): Promise<KnownReading> {
    const key = JSON.stringify(source)
    const reading = this.#readings.get(key) ?? (await this.#readNow(source))
    this.#readings.delete(key)
    this.#readings.set(key, reading)
    for (const oldest of [...this.#readings.keys()].slice(0, -MOST_KEPT)) this.#readings.delete(oldest)
    if (digest === undefined || digest === reading.digest) return reading
    throw new CampaignError({
      code: 'CAMPAIGN_OTHER_TREE',
      message: 'the file is not the one that the campaign was planned with',
      where: { input: sourceName(source) },
      hint: 'give every worker the same kernel tree',
    })
  }

  /** What a campaign is planned by. */
  async inspect(source: CaseSource, filter: string | undefined): Promise<Inspection> {
    const { cases, digest, problems } = await this.read(source)
    const wanted = cases.filter((one) => isWanted(one, filter))
    return {
      source,
      digest,
      questions: cases.length,
      wanted: wanted.length,
      cases: new Set(wanted.map(caseId)).size,
      problems: problems.map(String),
    }
  }

  async #readNow(source: CaseSource): Promise<KnownReading> {
    return source.kind === 'module' ? readModule(source) : this.#readTree(source)
  }

  #readTree(source: TreeSource): KnownReading {
    const { tree, files } = this.#filesOf(source)
    const found = files.find(({ file }) => file === source.file)
    if (found === undefined) throw noSource(source, 'the kernel tree has no such file', source.folder)
    return { ...found.read(), digest: digestOf(tree.read(source.file) ?? '') }
  }

  #filesOf({ folder, suite, options }: TreeSource): {
    readonly tree: KernelTree
    readonly files: readonly SuiteFile[]
  } {
    const key = JSON.stringify([folder, suite, options])
    const known = this.#trees.get(key)
    if (known !== undefined) return known
    const tree = new KernelTree(folder)
    const found = { tree, files: suiteFiles(tree, [suite], options) }
    this.#trees.set(key, found)
    return found
  }
}

/** Ids of unprivileged questions end so. */
const UNPRIVILEGED = /@unpriv$/

const caseId = ({ id }: SuiteCase): string => id.replace(UNPRIVILEGED, '')

/** Whether a filter lets a case through. */
export function isWanted({ id, name }: SuiteCase, filter: string | undefined): boolean {
  return filter === undefined || id.includes(filter) || name.includes(filter)
}

async function readModule(source: ModuleSource): Promise<KnownReading> {
  const exports = (await import(source.url)) as Readonly<Record<string, unknown>>
  const make = exports[source.name]
  if (typeof make !== 'function') throw noSource(source, 'the module exports no such function', source.url)
  const reading = (await (make as (seed: number) => unknown)(source.seed)) as SuiteReading
  return { ...reading, digest: '' }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

function noSource(source: CaseSource, message: string, input: string): CampaignError {
  return new CampaignError({ code: 'CAMPAIGN_SOURCE', message, where: { input }, got: sourceName(source) })
}
