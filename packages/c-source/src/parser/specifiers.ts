import { errorAt } from '../c-source-error.ts'
import type { CType } from '../c-type.ts'
import { spanOf, type Token } from '../lexer/token.ts'
import type { Attribute } from '../translation-unit.ts'
import { integerType } from '../types/integer-types.ts'
import { alignOf, pointerTo, VOID } from '../types/type-queries.ts'
import { textsOf } from './attributes.ts'
import type { Reader, Specifiers, Storage } from './reader.ts'
import { readEnum, readRecord } from './tagged-types.ts'

/** What is gathered while specifiers are read. */
class Gathered {
  storage: Storage = 'none'
  /** `unsigned`, `long` ..., as they come. */
  readonly words: string[] = []
  type: CType | undefined
  readonly qualifiers: ('const' | 'volatile' | 'restrict')[] = []
  readonly attributes: Attribute[] = []

  get hasType(): boolean {
    return this.type !== undefined || this.words.length > 0
  }
}

type Handler = (gathered: Gathered, reader: Reader, word: Token) => void

const storage =
  (kind: Storage): Handler =>
  (gathered) => {
    gathered.storage = kind
  }
const qualifier =
  (kind: 'const' | 'volatile' | 'restrict'): Handler =>
  (gathered) => {
    gathered.qualifiers.push(kind)
  }
const word =
  (spelling: string): Handler =>
  (gathered) => {
    gathered.words.push(spelling)
  }
const type =
  (read: (reader: Reader, word: Token) => CType): Handler =>
  (gathered, reader, token) => {
    gathered.type = read(reader, token)
  }
const nothing: Handler = () => {}

// biome-ignore format: table
const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  ['typedef', storage('typedef')],   ['extern', storage('extern')],    ['static', storage('static')],
  ['auto', nothing],                 ['register', nothing],            ['__extension__', nothing],
  ['inline', nothing],               ['__inline', nothing],            ['__inline__', nothing],
  ['_Noreturn', nothing],            ['_Thread_local', nothing],       ['__thread', nothing],
  ['const', qualifier('const')],     ['__const', qualifier('const')],  ['__const__', qualifier('const')],
  ['volatile', qualifier('volatile')], ['__volatile', qualifier('volatile')], ['__volatile__', qualifier('volatile')],
  ['restrict', qualifier('restrict')], ['__restrict', qualifier('restrict')], ['__restrict__', qualifier('restrict')],
  ['_Atomic', nothing],
  ['void', word('void')],            ['char', word('char')],           ['short', word('short')],
  ['int', word('int')],              ['long', word('long')],           ['float', word('float')],
  ['double', word('double')],        ['signed', word('signed')],       ['__signed', word('signed')],
  ['__signed__', word('signed')],    ['unsigned', word('unsigned')],   ['_Bool', word('_Bool')],
  ['__int128', word('__int128')],    ['__int128_t', word('__int128')], ['_Float16', word('_Float16')],
  ['__uint128_t', (gathered) => void gathered.words.push('unsigned', '__int128')],
  ['__builtin_va_list', type(() => pointerTo(VOID))],
  ['struct', type((reader, token) => readRecord(reader, 'struct', token))],
  ['union', type((reader, token) => readRecord(reader, 'union', token))],
  ['enum', type((reader, token) => readEnum(reader, token))],
  ['typeof', readTypeof],            ['__typeof', readTypeof],         ['__typeof__', readTypeof],
  ['typeof_unqual', readTypeof],     ['_Alignas', readAlignment],
])

const ATTRIBUTE_WORDS: ReadonlySet<string> = new Set(['__attribute__', '__attribute'])

/** Words that can't begin a type by themselves, though they may stand among specifiers. */
export function startsSpecifiers(reader: Reader, token: Token): boolean {
  if (token.kind !== 'identifier') return false
  return (
    HANDLERS.has(token.spelling) || ATTRIBUTE_WORDS.has(token.spelling) || reader.scope.typedefs.has(token.spelling)
  )
}

/** @throws CSourceError C_SYNTAX, C_NAME */
export function readSpecifiers(reader: Reader): Specifiers {
  const { cursor } = reader
  const first = cursor.peek()
  const gathered = new Gathered()
  for (;;) {
    const token = cursor.peek()
    const handler = token.kind === 'identifier' ? HANDLERS.get(token.spelling) : undefined
    if (handler !== undefined) {
      cursor.next()
      handler(gathered, reader, token)
    } else if (ATTRIBUTE_WORDS.has(token.spelling) || (cursor.is('[') && cursor.is('[', 1))) {
      gathered.attributes.push(...reader.attributes())
    } else {
      const named =
        gathered.hasType || token.kind !== 'identifier' ? undefined : reader.scope.typedefs.get(token.spelling)
      if (named === undefined) break
      cursor.next()
      gathered.type = named
    }
  }
  const found = gathered.type ?? wordsType(gathered.words, cursor.peek(), first)
  return {
    type: gathered.qualifiers.reduce<CType>((target, kind) => ({ kind, target }), found),
    storage: gathered.storage,
    attributes: gathered.attributes,
    typeTags: textsOf(gathered.attributes, 'btf_type_tag'),
  }
}

/** The type that the words are, in any order: `long unsigned int` is `unsigned long`. */
function wordsType(words: readonly string[], next: Token, first: Token): CType {
  if (words.length === 0) {
    const got = next.kind === 'end' ? 'the end of the file' : next.spelling
    throw errorAt(next, 'C_NAME', 'no type of that name', { got, expected: 'a type' })
  }
  const count = (wanted: string): number => words.filter((found) => found === wanted).length
  const base = words.find((found) => !MODIFIERS.has(found)) ?? 'int'
  if (base === 'void') return VOID
  if (base === 'float' || base === 'double' || base === '_Float16') {
    const name = count('long') > 0 ? 'long double' : base
    return { kind: 'float', name, sizeBytes: base === 'float' ? 4 : base === '_Float16' ? 2 : 8 }
  }
  const name = integerName(base, count)
  if (name === undefined) throw errorAt(first, 'C_SYNTAX', 'these words are no type', { got: words.join(' ') })
  return integerType(name)
}

const MODIFIERS: ReadonlySet<string> = new Set(['signed', 'unsigned', 'short', 'long', 'int'])

function integerName(base: string, count: (word: string) => number): string | undefined {
  const unsigned = count('unsigned') > 0 ? 'unsigned ' : ''
  if (base === '_Bool') return '_Bool'
  if (base === 'char') return unsigned !== '' ? 'unsigned char' : count('signed') > 0 ? 'signed char' : 'char'
  if (base === '__int128') return `${unsigned}__int128`
  if (base !== 'int' || count('long') > 2) return undefined
  const size = count('short') > 0 ? 'short' : count('long') === 2 ? 'long long' : count('long') === 1 ? 'long' : 'int'
  return `${unsigned}${size}`
}

/** `typeof (type)` or `typeof (expression)`: the latter is not evaluated. */
function readTypeof(gathered: Gathered, reader: Reader): void {
  const { cursor } = reader
  cursor.expect('(')
  if (reader.startsType()) gathered.type = reader.typeName()
  else gathered.type = reader.evaluator.typeOf(reader.expression())
  cursor.expect(')')
}

/** `_Alignas (type)` or `_Alignas (constant)` (C11 6.7.5): the same as GNU's attribute. */
function readAlignment(gathered: Gathered, reader: Reader, keyword: Token): void {
  const { cursor } = reader
  cursor.expect('(')
  const bytes = reader.startsType()
    ? BigInt(alignOf(reader.typeName(), keyword))
    : reader.evaluator.integer(reader.expression())
  cursor.expect(')')
  const value = { kind: 'number', value: bytes } as const
  gathered.attributes.push({ name: 'aligned', arguments: [value], span: spanOf(keyword) })
}
