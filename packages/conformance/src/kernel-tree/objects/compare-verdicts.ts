import { errnoName } from '@bpfoundry/kernel-abi'
import type { ObjectVerdict } from './object-judge.ts'

/** How two verdicts on one program compare; stable words. */
export const OBJECT_OUTCOMES = [
  /** Both accept, both refuse. */
  'accepted',
  'refused',
  /** The kernel lacks what the program names: no loader brings it so far. */
  'not-loadable',
  /** The running kernel loads no programs of that kind. */
  'unable',
  /** Not told here. */
  'unsupported',
  /** The judge here failed: a defect of its own. */
  'failed-here',
  /** The kernel accepts it. */
  'refused-here',
  /** The kernel refuses it. */
  'accepted-here',
] as const

export type ObjectOutcome = (typeof OBJECT_OUTCOMES)[number]

/** A program of an object of the tree, and what was said of it. */
export interface TreeVerdict {
  readonly file: string
  readonly program: string
  readonly section: string
  readonly here?: ObjectVerdict
  /** The running kernel's, where it was asked. */
  readonly kernel?: ObjectVerdict
  readonly outcome: ObjectOutcome
  /** Why, where the two are not the same; words that programs share. */
  readonly cause?: string
}

/** Compares; without the kernel's verdict ours stands alone. */
export function compareVerdicts(
  here: ObjectVerdict,
  kernel: ObjectVerdict | undefined,
): Pick<TreeVerdict, 'outcome' | 'cause'> {
  if (here.verdict === 'unsupported') return { outcome: 'unsupported', cause: causeOf(here) }
  if (kernel === undefined) return { outcome: here.verdict === 'accepted' ? 'accepted' : 'refused' }
  if (kernel.verdict === 'unable') return { outcome: 'unable', cause: `${here.verdict} here` }
  if (here.verdict === kernel.verdict) return { outcome: here.verdict === 'accepted' ? 'accepted' : 'refused' }
  return here.verdict === 'accepted'
    ? { outcome: 'accepted-here', cause: causeOf(kernel) }
    : { outcome: 'refused-here', cause: causeOf(here) }
}

/** `EACCES: R# invalid mem access 'scalar'`: without what differs from program to program. */
function causeOf({ of, errno, reason = '' }: ObjectVerdict): string {
  const what = of === 'map' ? 'map ' : ''
  const error = errno === undefined ? '' : `${errnoName(errno)}: `
  return `${what}${error}${generalWords(reason)}`
}

/** Words with numbers and names of programs taken out. */
export function generalWords(words: string): string {
  return words
    .replace(/^program '[^']*':? /, '')
    .replace(/0x[0-9a-f]+|\b\d+\b/g, '#')
    .replace(/\b([rR])\d+/g, '$1#')
    .trim()
}
