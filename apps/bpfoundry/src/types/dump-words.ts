import { UsageError } from '../exit-code.ts'

/** What the words of `btf dump` ask for. */
export interface DumpRequest {
  readonly file: string
  readonly format: 'raw' | 'c'
  /** C in the order of ids. */
  readonly unsorted: boolean
  /** These types only. */
  readonly rootIds?: readonly number[]
  /** The types of keys and values of this map only. */
  readonly map?: { readonly name: string; readonly part: MapPart }
}

/** Whose type: bpftool has both without a word. */
const MAP_PARTS = ['key', 'value', 'kv', 'all'] as const
export type MapPart = (typeof MAP_PARTS)[number]

const EXPECTED = 'file FILE [map NAME [key|value|kv|all]] [format raw|c [unsorted]] [root_id ID]...'

/** bpftool of Linux 6.12 has what is loaded, too. */
const SOURCES_OF_KERNEL = ['id', 'prog', 'map']

/** Reads bpftool's words; like there, a word may be cut short. @throws UsageError CLI_BTF_WORDS */
export function dumpRequest(words: readonly string[]): DumpRequest {
  const [source = '', file, ...rest] = words
  if (!isShort(source, 'file') || file === undefined) throw wrongSource(source, file)
  const rootIds: number[] = []
  let [format, unsorted]: [DumpRequest['format'], boolean] = ['raw', false]
  let map: DumpRequest['map']
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (isShort(word, 'format')) format = formatNamed(rest.shift())
    else if (isShort(word, 'unsorted')) unsorted = true
    else if (isShort(word, 'map')) map = mapNamed(rest)
    else if (isShort(word, 'root_id')) rootIds.push(rootId(rest.shift()))
    else throw wrong(`unrecognized option: '${word}'`, word)
  }
  if (map !== undefined && rootIds.length > 0)
    throw wrong('types of a map, or by their IDs: not both', 'map and root_id')
  return {
    file,
    format,
    unsorted,
    ...(rootIds.length === 0 ? {} : { rootIds }),
    ...(map === undefined ? {} : { map }),
  }
}

/** A beginning of the word. */
function isShort(word: string, whole: string): boolean {
  return word !== '' && whole.startsWith(word)
}

function formatNamed(word: string | undefined): DumpRequest['format'] {
  if (word === 'raw' || word === 'c') return word
  if (word === undefined) throw wrong("expecting value for 'format' option", 'nothing')
  throw wrong(`unrecognized format specifier: '${word}'`, word, 'raw or c')
}

/** Takes the words that follow `map`. */
function mapNamed(words: string[]): DumpRequest['map'] {
  const name = words.shift()
  if (name === undefined) throw wrong('no map is named', 'nothing')
  const part = MAP_PARTS.find((whole) => isShort(words[0] ?? '', whole))
  if (part !== undefined) words.shift()
  return { name, part: part ?? 'kv' }
}

function rootId(word: string | undefined): number {
  const id = /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(word ?? '') ? Number(word) : Number.NaN
  if (Number.isNaN(id)) throw wrong(`can't parse ${word ?? 'nothing'} as ID`, word ?? 'nothing', 'the number of a type')
  return id
}

function wrongSource(source: string, file: string | undefined): UsageError {
  if (isShort(source, 'file') && file === undefined) return wrong('no file is named', source)
  const isOfKernel = SOURCES_OF_KERNEL.some((word) => isShort(source, word))
  const hint = isOfKernel ? { hint: 'there is no kernel to ask here: name an object or a file of types' } : {}
  return new UsageError({
    code: 'CLI_BTF_WORDS',
    message: `unrecognized BTF source specifier: '${source}'`,
    got: source,
    expected: EXPECTED,
    ...hint,
  })
}

function wrong(message: string, got: string, expected: string = EXPECTED): UsageError {
  return new UsageError({ code: 'CLI_BTF_WORDS', message, got, expected })
}
