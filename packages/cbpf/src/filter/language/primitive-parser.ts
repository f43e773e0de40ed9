import type { AddressKind, Direction, Protocol, Qualifiers } from '../qualifiers.ts'
import { parseRelation } from './arithmetic-parser.ts'
import { bracedNumber, parseId } from './id-parser.ts'
import type { Expression, Primitive } from './syntax-tree.ts'
import type { Word } from './token.ts'
import type { TokenReader } from './token-reader.ts'

/** A primitive, and what it leaves to ids behind it. */
export interface ParsedTerm {
  readonly expression: Expression
  readonly qualifiers: Qualifiers | undefined
}

const ADDRESS_WORDS: ReadonlySet<Word> = new Set(['host', 'net', 'port', 'portrange'])
/** Address kinds that no direction can stand before. */
const LONE_WORDS: ReadonlySet<Word> = new Set(['proto', 'protochain', 'gateway'])
const BYTE_OPERATORS: ReadonlySet<string> = new Set(['=', '<', '>', '&', '|'])

/** Begin computations, or nothing at all. */
const ARITHMETIC_KINDS: ReadonlySet<string> = new Set(['number', 'sign'])
const A_PRIMITIVE = 'a primitive: "host 10.0.0.1", "port 80", "tcp" ...'

/** Primitives that begin with a word of their own. */
// biome-ignore format: table
const BY_WORD: Partial<Readonly<Record<Word, (reader: TokenReader) => Primitive>>> = {
  less:     (reader) => ({ kind: 'less', bytes: reader.expectNumber() }),
  greater:  (reader) => ({ kind: 'greater', bytes: reader.expectNumber() }),
  inbound:  () => ({ kind: 'inbound' }),
  outbound: () => ({ kind: 'outbound' }),
  ifindex:  (reader) => ({ kind: 'ifindex', index: reader.expectNumber() }),
  vlan:     (reader) => ({ kind: 'vlan', number: bracedNumber(reader) }),
  mpls:     (reader) => ({ kind: 'mpls', number: bracedNumber(reader) }),
  pppoed:   () => ({ kind: 'pppoed' }),
  pppoes:   (reader) => ({ kind: 'pppoes', number: bracedNumber(reader) }),
  llc:      parseLlc,
  byte:     parseByte,
}

/** A primitive without parentheses around it. */
export function parsePrimitive(reader: TokenReader): ParsedTerm {
  const { kind, at } = reader.peek()
  if (kind === 'protocol') return parseProtocol(reader)
  const word = reader.word()
  if (word === 'len' || ARITHMETIC_KINDS.has(kind)) return alone(parseRelation(reader))
  if (word === undefined) throw reader.unexpected(A_PRIMITIVE)
  if (word === 'ifname') {
    throw reader.source.error('CBPF_FILTER_UNSUPPORTED', at, 'ifname supported only on PF linktype')
  }
  const parse = BY_WORD[word]
  if (parse === undefined) return parseQualified(reader, 'default', at)
  reader.take()
  return alone({ ...parse(reader), at })
}

const alone = (expression: Expression): ParsedTerm => ({ expression, qualifiers: undefined })

/** What begins with a protocol: a field of its header, qualifiers, or that it is this protocol. */
function parseProtocol(reader: TokenReader): ParsedTerm {
  if (reader.isSign('[', 1)) return alone(parseRelation(reader))
  const { at } = reader.peek()
  const protocol = reader.protocol() ?? 'default'
  reader.take()
  return qualifierFollows(reader.word())
    ? parseQualified(reader, protocol, at)
    : alone({ kind: 'protocol', protocol, at })
}

function qualifierFollows(word: Word | undefined): boolean {
  if (word === undefined) return false
  return ['src', 'dst', 'broadcast', 'multicast'].includes(word) || ADDRESS_WORDS.has(word) || LONE_WORDS.has(word)
}

function parseQualified(reader: TokenReader, protocol: Protocol, at: number): ParsedTerm {
  for (const kind of ['broadcast', 'multicast'] as const) {
    if (reader.skipWord(kind)) return alone({ kind, protocol, at })
  }
  const qualifiers = parseQualifiers(reader, protocol)
  return { expression: parseId(reader, qualifiers), qualifiers }
}

function parseQualifiers(reader: TokenReader, protocol: Protocol): Qualifiers {
  const word = reader.word()
  if (word !== undefined && LONE_WORDS.has(word)) {
    reader.take()
    return { protocol, direction: 'default', address: word as AddressKind }
  }
  const direction = parseDirection(reader)
  const kind = reader.word()
  if (kind !== undefined && ADDRESS_WORDS.has(kind)) {
    reader.take()
    return { protocol, direction, address: kind as AddressKind }
  }
  if (direction === 'default') throw reader.unexpected(A_PRIMITIVE)
  return { protocol, direction, address: 'default' }
}

/** `src`, `dst`, or both of them with `and` or `or`. */
function parseDirection(reader: TokenReader): Direction {
  const first = reader.word()
  if (first !== 'src' && first !== 'dst') return 'default'
  reader.take()
  const joint = reader.word()
  const second = reader.word(1)
  if ((joint !== 'and' && joint !== 'or') || (second !== 'src' && second !== 'dst')) return first
  reader.take()
  if (second === first) throw reader.unexpected('the other end')
  reader.take()
  return joint
}

/** `byte 9 = 6` */
function parseByte(reader: TokenReader): Primitive {
  const index = reader.expectNumber()
  const token = reader.peek()
  if (token.kind !== 'sign' || !BYTE_OPERATORS.has(token.sign)) throw reader.unexpected('one of = < > & |')
  reader.take()
  return { kind: 'byte', index, operator: token.sign, value: reader.expectNumber() }
}

/** Of the names of types, these are words of another link layer's filters, too. */
const RECEIVER_NOT_READY: ReadonlySet<string> = new Set(['rnr', 'rulenum'])

/** `llc`, `llc ui` */
function parseLlc(reader: TokenReader): Primitive {
  const { kind, text } = reader.peek()
  if (kind === 'name') {
    reader.take()
    return { kind: 'llc', type: text }
  }
  if (!RECEIVER_NOT_READY.has(text)) return { kind: 'llc', type: undefined }
  reader.take()
  return { kind: 'llc', type: 'rnr' }
}
