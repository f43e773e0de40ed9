import { OBJECT_OUTCOMES, type ObjectOutcome, type TreeTally } from '@bpfoundry/conformance'
import { formatTable } from '../output.ts'

// biome-ignore format: table
const WORDS: Readonly<Record<ObjectOutcome, string>> = {
  'accepted':      'accepted',
  'refused':       'refused',
  'not-loadable':  'names what the kernel has not: a module, another release',
  'unable':        'of a kind that the running kernel loads none of',
  'unsupported':   'not supported here',
  'failed-here':   'not judged: a defect',
  'refused-here':  'refused here, accepted by the running kernel',
  'accepted-here': 'accepted here, refused by the running kernel',
}

/** What was asked of whom. */
export interface TreeSubject {
  readonly profile: string
  readonly kernelTypes: string | null
  /** Of the running kernel, where it was asked. */
  readonly kernel?: string
}

/** Causes that are told; `--json` has all. */
const MOST_CAUSES = 60

/** The tally for people. */
export function treeText(tally: TreeTally, { profile, kernelTypes, kernel }: TreeSubject): string {
  const beside = kernel === undefined ? '' : ` beside the running kernel ${kernel}`
  const { files, compiled, read, programs, outcomes, problems } = tally
  const counts = OBJECT_OUTCOMES.map((outcome) => [WORDS[outcome], outcomes[outcome]])
  const causes = tally.causes.slice(0, MOST_CAUSES)
  const rest = tally.causes.length - causes.length
  return [
    `by the rules of ${profile}, types of ${kernelTypes ?? 'no kernel'}${beside}`,
    formatTable(
      ['', 'count'],
      [['files', files], ['compiled', compiled], ['objects read', read], ['programs', programs], ...counts],
    ),
    ...(problems.length === 0 ? [] : [problemText(problems)]),
    ...(causes.length === 0 ? [] : [causeTable(causes)]),
    ...(rest > 0 ? [`(${rest} more causes; --json tells all)`] : []),
  ]
    .map((block) => `${block}\n`)
    .join('\n')
}

function problemText(problems: TreeTally['problems']): string {
  return problems.map(({ file, step, message }) => `${file.replace(/^.*\//, '')}: ${step}: ${message}`).join('\n')
}

function causeTable(causes: TreeTally['causes']): string {
  const rows = causes.map(({ outcome, programs, cause, example }) => [outcome, programs, cause, example])
  return formatTable(['outcome', 'programs', 'cause', 'first'], rows)
}
