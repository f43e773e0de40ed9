import { UsageError } from '../exit-code.ts'

/** What stands behind `feature probe`, as bpftool takes it. */
export interface ProbeWords {
  readonly full: boolean
  readonly unprivileged: boolean
  /** The card that is asked instead of the kernel. */
  readonly device?: string
  /** Of macros; undefined where none are asked for. */
  readonly prefix?: string
}

/** In the order in which bpftool tries them: any beginning of one will do. */
const WORDS = ['kernel', 'dev', 'full', 'macros', 'prefix', 'unprivileged'] as const

/** C takes nothing else at the beginning of a name. */
const NAME_START = /^[A-Za-z_]\w*$/

/**
 * Reads the words. @throws UsageError CLI_FEATURE_WORDS
 *
 * @see do_probe in tools/bpf/bpftool/feature.c
 */
export function probeWords(words: readonly string[]): ProbeWords {
  const found = new Set<string>()
  let prefix: string | undefined
  let device: string | undefined
  for (let at = 0; at < words.length; at++) {
    const word = wordOf(words[at] as string)
    if (word === 'dev') device = deviceOf(words[++at])
    if (word === 'prefix') prefix = prefixOf(words[++at], found)
    if (device !== undefined && (word === 'kernel' || found.has('kernel')))
      throw wrongWords('either the kernel is asked, or a device', words)
    if (found.has(word) && word !== 'full' && word !== 'unprivileged')
      throw wrongWords(`'${word}' is given twice`, words)
    found.add(word)
  }
  return {
    full: found.has('full'),
    unprivileged: found.has('unprivileged'),
    ...(device === undefined ? {} : { device }),
    ...(found.has('macros') ? { prefix: prefix ?? '' } : {}),
  }
}

function wordOf(text: string): (typeof WORDS)[number] {
  const word = text === '' ? undefined : WORDS.find((known) => known.startsWith(text))
  if (word === undefined) throw wrongWords(`'${text}' is no part of a probe`, [text])
  return word
}

function prefixOf(text: string | undefined, found: ReadonlySet<string>): string {
  if (!found.has('macros')) throw wrongWords("'prefix' goes with macros, and stands behind 'macros'", ['prefix'])
  if (text === undefined || !NAME_START.test(text))
    throw wrongWords('a prefix is the beginning of a C name', [text ?? ''])
  return text
}

function wrongWords(message: string, words: readonly string[]): UsageError {
  const expected = '[kernel | dev CARD] [full] [unprivileged] [macros [prefix PREFIX]]'
  return new UsageError({ code: 'CLI_FEATURE_WORDS', message, got: words.join(' '), expected })
}

function deviceOf(text: string | undefined): string {
  if (text === undefined) throw wrongWords("behind 'dev' stands a card", ['dev'])
  return text
}
