import { TCP_FLAG } from '../headers/tcp.ts'
import { parseIpv4 } from '../ipv4-address.ts'
import { parseIpv6 } from '../ipv6-address.ts'
import { PacketError } from '../packet-error.ts'
import type { AddressRange, PktgenSpec, PktgenStream } from './stream.ts'
import { headerBytes } from './stream-template.ts'
import {
  checkedMac,
  outOfRange,
  parseAddressRange,
  parseChoice,
  parsePercent,
  parseQuantity,
  parseRange,
  parseTcpFlags,
  parseWhole,
  wrongValue,
} from './value.ts'

/** What one stream's keys say; defaults come when all are read. */
type StreamDraft = { -readonly [Key in keyof PktgenStream]?: PktgenStream[Key] }

/** What the keys for the whole run say. */
interface RunDraft {
  count?: number
  packetsPerSecond?: number
  seed?: number
  allowed?: { percent: number; src: AddressRange | undefined }
}

interface KeyRow {
  readonly key: string
  /** A word or two for "expected". */
  readonly form: string
  readonly meaning: string
}

interface RunRow extends KeyRow {
  readonly read: (run: RunDraft, text: string) => void
}

interface StreamRow extends KeyRow {
  readonly read: (stream: StreamDraft, text: string) => void
}

const PORT_MAX = 65_535
/** Jumbo frames of most cards: 9 KiB. The IPv4 length field would allow more. */
const MAX_FRAME_BYTES = 9216

// biome-ignore format: table
const RUN_ROWS: readonly RunRow[] = [
  { key: 'count',   form: 'N',                meaning: 'packets in all; without it there is no end',                       read: (run, text) => { run.count = parseWhole(text, 0, Number.MAX_SAFE_INTEGER) } },
  { key: 'rate',    form: 'PPS',              meaning: 'packets a second, for the timestamps; 1M if absent',               read: (run, text) => { run.packetsPerSecond = positive(text) } },
  { key: 'seed',    form: 'N',                meaning: 'other seeds give other traffic; 1 if absent',                      read: (run, text) => { run.seed = parseWhole(text, 0, 0xffff_ffff) } },
  { key: 'allowed', form: 'PERCENT[@PREFIX]', meaning: 'share of packets with sources of PREFIX (172.16.0.0/12 or 2001:db8:ffff::/48)', read: (run, text) => { run.allowed = parseAllowed(text) } },
]

// biome-ignore format: table
const STREAM_ROWS: readonly StreamRow[] = [
  { key: 'weight',   form: 'N',                    meaning: 'share of this stream among all; 1 if absent',                  read: (stream, text) => { stream.weight = positive(text) } },
  { key: 'size',     form: 'BYTES or MIN-MAX',     meaning: 'frame length without checksum (FCS), as in pktgen; 60 if absent', read: (stream, text) => { stream.frameLengthBytes = parseRange(text, 1, MAX_FRAME_BYTES) } },
  { key: 'src',      form: 'ADDRESS, PREFIX, A-B', meaning: 'source addresses; 10.0.0.1 if absent',                         read: (stream, text) => { stream.src = parseAddressRange(text) } },
  { key: 'dst',      form: 'ADDRESS, PREFIX, A-B', meaning: 'destination addresses; 192.168.0.1 or 2001:db8::1 if absent',  read: (stream, text) => { stream.dst = parseAddressRange(text) } },
  { key: 'srcorder', form: 'random|sequential',    meaning: 'how sources follow each other; random if absent',              read: (stream, text) => { stream.srcOrder = parseChoice(text, ['random', 'sequential']) } },
  { key: 'proto',    form: 'udp|tcp|icmp',         meaning: 'udp if absent; icmp is ICMPv6 between IPv6 addresses',         read: (stream, text) => { stream.protocol = parseChoice(text, ['udp', 'tcp', 'icmp']) } },
  { key: 'sport',    form: 'PORT or MIN-MAX',      meaning: 'source port; 1024-65535 if absent',                            read: (stream, text) => { stream.srcPort = parseRange(text, 0, PORT_MAX) } },
  { key: 'dport',    form: 'PORT or MIN-MAX',      meaning: 'destination port; 9 (discard) if absent',                      read: (stream, text) => { stream.dstPort = parseRange(text, 0, PORT_MAX) } },
  { key: 'flows',    form: 'N',                    meaning: 'number of distinct flows; without it each packet draws anew',  read: (stream, text) => { stream.flows = parseWhole(text, 1, 0xffff_ffff) } },
  { key: 'smac',     form: 'MAC',                  meaning: 'source MAC; 02:00:00:00:00:01 if absent',                      read: (stream, text) => { stream.srcMac = checkedMac(text) } },
  { key: 'dmac',     form: 'MAC',                  meaning: 'destination MAC; 02:00:00:00:00:02 if absent',                 read: (stream, text) => { stream.dstMac = checkedMac(text) } },
  { key: 'vlan',     form: 'ID',                   meaning: 'a VLAN tag; none if absent',                                   read: (stream, text) => { stream.vlanId = parseWhole(text, 0, 4095) } },
  { key: 'ttl',      form: '0-255',                meaning: 'time to live or hop limit; 64 if absent',                      read: (stream, text) => { stream.ttl = parseWhole(text, 0, 255) } },
  { key: 'tos',      form: '0-255',                meaning: 'type of service or traffic class; 0 if absent',                read: (stream, text) => { stream.tos = parseWhole(text, 0, 255) } },
  { key: 'flags',    form: 'SYN+ACK ...',          meaning: 'TCP flags; SYN if absent',                                     read: (stream, text) => { stream.tcpFlags = parseTcpFlags(text) } },
]

/** The keys of a traffic specification, for help texts. */
export const PKTGEN_KEYS: readonly { readonly key: string; readonly form: string; readonly meaning: string }[] = [
  ...RUN_ROWS,
  ...STREAM_ROWS,
].map(({ key, form, meaning }) => ({ key, form, meaning }))

/** A specification as a record: the same keys and values as in text, and further streams in `streams`. */
export interface PktgenRecord {
  readonly [key: string]: string | number | readonly PktgenRecord[] | undefined
  readonly streams?: readonly PktgenRecord[]
}

type Pair = readonly [key: string, value: string]

/**
 * Parses a traffic specification: `key=value` pairs with commas between, optionally behind `pktgen:`. After a semicolon
 * another stream begins, which has the values of the first where it does not say otherwise.
 *
 * `pktgen:count=1M,size=64,src=10.0.0.0/8,dst=192.168.0.1,proto=udp,dport=9,allowed=10%`
 * @throws PacketError PKTGEN_KEY, PKTGEN_VALUE, PKTGEN_RANGE, PKTGEN_SYNTAX, PKTGEN_FAMILY, PKTGEN_SIZE, ADDRESS_*;
 * each names the key
 */
export function parsePktgen(spec: string | PktgenRecord): PktgenSpec {
  const [first, ...others] = typeof spec === 'string' ? textStreams(spec) : recordStreams(spec)
  const run: RunDraft = {}
  const base: StreamDraft = {}
  for (const [key, value] of first!) if (!readKey(RUN_ROWS, run, key, value)) readStreamKey(base, key, value, true)
  const drafts = [base, ...others.map((pairs) => furtherStream(base, pairs))]
  const streams = withAllowed(drafts.map(completeStream), run.allowed)
  for (const stream of streams) checkStream(stream)
  return {
    count: run.count ?? Number.POSITIVE_INFINITY,
    packetsPerSecond: run.packetsPerSecond ?? 1_000_000,
    seed: run.seed ?? 1,
    streams,
  }
}

function textStreams(text: string): Pair[][] {
  return text
    .trim()
    .replace(/^pktgen:/, '')
    .split(';')
    .map((segment) =>
      segment
        .split(',')
        .map((pair) => pair.trim())
        .filter((pair) => pair !== '')
        .map(splitPair),
    )
}

function splitPair(pair: string): Pair {
  const equals = pair.indexOf('=')
  if (equals > 0) return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()]
  throw new PacketError({
    code: 'PKTGEN_SYNTAX',
    message: 'traffic specification has a part without a value',
    got: JSON.stringify(pair),
    expected: 'key=value',
    hint: `keys are ${keyList()}`,
  })
}

function recordStreams(record: PktgenRecord): Pair[][] {
  const { streams = [], ...keys } = record
  return [keys, ...streams].map((stream) =>
    Object.entries(stream)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]): Pair => [key, String(value)]),
  )
}

function furtherStream(base: StreamDraft, pairs: readonly Pair[]): StreamDraft {
  const stream: StreamDraft = { ...base, weight: 1 }
  for (const [key, value] of pairs) readStreamKey(stream, key, value, false)
  return stream
}

function readStreamKey(stream: StreamDraft, key: string, value: string, isFirst: boolean): void {
  if (readKey(STREAM_ROWS, stream, key, value)) return
  if (!isFirst && RUN_ROWS.some((row) => row.key === key)) {
    throw new PacketError({
      code: 'PKTGEN_KEY',
      message: `${key} is for the whole traffic, not for one stream of it`,
      got: key,
      expected: 'in the first part, before the first semicolon',
    })
  }
  throw new PacketError({
    code: 'PKTGEN_KEY',
    message: `traffic specification has no key ${key}`,
    got: JSON.stringify(key),
    expected: keyList(),
  })
}

/** Reads the value when the key is among the rows. */
function readKey<Draft>(
  rows: readonly (KeyRow & { readonly read: (draft: Draft, text: string) => void })[],
  draft: Draft,
  key: string,
  value: string,
): boolean {
  const row = rows.find((candidate) => candidate.key === key)
  if (row === undefined) return false
  try {
    row.read(draft, value)
  } catch (error) {
    throw error instanceof PacketError ? ofKey(error, row) : error
  }
  return true
}

/** The error of a value, with its key in front. */
function ofKey(error: PacketError, { key, form }: KeyRow): PacketError {
  return new PacketError({
    code: error.code,
    message: `${key}: ${error.message}`,
    ...(error.got === undefined ? {} : { got: error.got }),
    expected: error.expected ?? form,
    hint: `write ${key}=${form}`,
    cause: error,
  })
}

function keyList(): string {
  return PKTGEN_KEYS.map(({ key }) => key).join(', ')
}

function positive(text: string): number {
  const value = parseQuantity(text)
  if (value <= 0 || value > 1e12) throw outOfRange(text, 'more than 0, up to 1000G')
  return value
}

function parseAllowed(text: string): { percent: number; src: AddressRange | undefined } {
  const [share, prefix, ...rest] = text.split('@')
  if (rest.length > 0) throw wrongValue(text, 'a percentage, or one with @ and a prefix')
  return { percent: parsePercent(share!), src: prefix === undefined ? undefined : parseAddressRange(prefix) }
}

const DEFAULT_DST = {
  4: { family: 4, first: parseIpv4('192.168.0.1'), count: 1 },
  6: { family: 6, address: parseIpv6('2001:db8::1'), prefixBits: 128 },
} as const satisfies Record<4 | 6, AddressRange>

const DEFAULT_SRC: AddressRange = { family: 4, first: parseIpv4('10.0.0.1'), count: 1 }

/** Outside of 10.0.0.0/8, so that a blacklist of all of it leaves these. */
const DEFAULT_ALLOWED = {
  4: { family: 4, first: parseIpv4('172.16.0.0'), count: 2 ** 20 },
  6: { family: 6, address: parseIpv6('2001:db8:ffff::'), prefixBits: 48 },
} as const satisfies Record<4 | 6, AddressRange>

function completeStream(draft: StreamDraft): PktgenStream {
  const src = draft.src ?? DEFAULT_SRC
  return {
    weight: 1,
    protocol: 'udp',
    dst: DEFAULT_DST[src.family],
    srcOrder: 'random',
    srcPort: { min: 1024, max: 65_535 },
    dstPort: { min: 9, max: 9 },
    frameLengthBytes: defaultLength(src, draft),
    flows: undefined,
    srcMac: '02:00:00:00:00:01',
    dstMac: '02:00:00:00:00:02',
    vlanId: undefined,
    ttl: 64,
    tos: 0,
    tcpFlags: TCP_FLAG.SYN,
    ...draft,
    src,
  }
}

/** The least Ethernet frame, or what the headers need. */
function defaultLength(
  { family }: AddressRange,
  { protocol = 'udp', vlanId }: StreamDraft,
): PktgenStream['frameLengthBytes'] {
  const bytes = Math.max(60, headerBytes(family, protocol, vlanId !== undefined))
  return { min: bytes, max: bytes }
}

/** For each stream another one of the same kind with the allowed sources, so that all streams keep their shares. */
function withAllowed(streams: readonly PktgenStream[], allowed: RunDraft['allowed']): PktgenStream[] {
  if (allowed === undefined || allowed.percent === 0) return [...streams]
  const share = allowed.percent / 100
  const twins = streams.map((stream): PktgenStream => {
    const src = allowed.src ?? DEFAULT_ALLOWED[stream.src.family]
    return { ...stream, src, weight: stream.weight * share }
  })
  const blocked = share === 1 ? [] : streams.map((stream) => ({ ...stream, weight: stream.weight * (1 - share) }))
  return [...blocked, ...twins]
}

function checkStream({ src, dst, protocol, vlanId, frameLengthBytes }: PktgenStream): void {
  if (src.family !== dst.family) {
    throw new PacketError({
      code: 'PKTGEN_FAMILY',
      message: 'src and dst are of different IP versions',
      got: `src IPv${src.family}, dst IPv${dst.family}`,
      expected: 'both IPv4 or both IPv6',
      hint: 'give src, dst and the prefix of allowed in one version',
    })
  }
  const needed = headerBytes(src.family, protocol, vlanId !== undefined)
  if (frameLengthBytes.min >= needed) return
  throw new PacketError({
    code: 'PKTGEN_SIZE',
    message: 'size: frame is shorter than its headers',
    got: `${frameLengthBytes.min} bytes`,
    expected: `at least ${needed} bytes for ${protocol} over IPv${src.family}${vlanId === undefined ? '' : ' with a VLAN tag'}`,
  })
}
