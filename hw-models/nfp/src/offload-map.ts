import { AttachError } from '@bpfoundry/device'
import { ERRNO, MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { NfpCard } from './card.ts'
import type { BlockerKind, NfpRefusal } from './refusal.ts'

/** What of a card's map memory is taken. */
export interface OffloadUsage {
  readonly mapsInUse: number
  readonly elementsInUse: number
}

/** How programs use a 4-byte word of a map's values: the card's atomic engine wants counters in the other byte order. */
export type MapUse = 'unused' | 'read' | 'write' | 'atomic'

/** One word of a map's values. */
export interface MapWord {
  use: MapUse
  /** An update may have put something else than zero there. */
  nonZeroUpdate: boolean
}

/** A map that lives on a card. */
export interface OffloadedMap {
  readonly id: number
  /** What the card's programs name it by: 1 and on. */
  readonly tableId: number
  readonly attributes: MapAttributes
  /** Use of each 4-byte word of the value, over all programs. */
  readonly words: readonly MapWord[]
}

interface MapFacts extends OffloadUsage {
  readonly card: NfpCard
  readonly attributes: MapAttributes
}

interface MapRule {
  readonly kind: BlockerKind
  readonly errno: number
  readonly refuses: (facts: MapFacts) => boolean
  readonly text: (facts: MapFacts) => string
}

const limits = (facts: MapFacts): NfpCard['firmware']['maps'] => facts.card.firmware.maps
const left = (facts: MapFacts): number => limits(facts).maxElements - facts.elementsInUse
const elementBytes = ({ attributes }: MapFacts): number =>
  roundUp8(attributes.keySizeBytes) + roundUp8(attributes.valueSizeBytes)

/**
 * Map types that stay on the host though a program on the card names them: events are sent to them.
 *
 * @see bpf_map_offload_neutral in include/linux/bpf.h
 */
export function isOffloadNeutral({ type }: Pick<MapAttributes, 'type'>): boolean {
  return type === MAP_TYPE.PERF_EVENT_ARRAY
}

const isHashOrArray = ({ attributes: { type } }: MapFacts): boolean => type === MAP_TYPE.ARRAY || type === MAP_TYPE.HASH

/**
 * The kernel's rule (which says nothing), then the driver's in its order; their text goes to the kernel log.
 *
 * @see bpf_map_offload_map_alloc in kernel/bpf/offload.c, nfp_bpf_map_alloc in nfp/bpf/offload.c
 */
// biome-ignore format: table
const RULES: readonly MapRule[] = [
  { kind: 'map-type',         errno: ERRNO.EINVAL,     refuses: (f) => !isHashOrArray(f),                              text: () => '' },
  { kind: 'map-type',         errno: ERRNO.EOPNOTSUPP, refuses: (f) => limits(f).types.length === 0,                   text: () => '' },
  { kind: 'map-flags',        errno: ERRNO.EINVAL,     refuses: (f) => f.attributes.flags !== 0,                       text: () => 'map flags are not supported' },
  { kind: 'map-type',         errno: ERRNO.EOPNOTSUPP, refuses: (f) => !limits(f).types.includes(f.attributes.type),   text: () => 'map type not supported' },
  { kind: 'map-count',        errno: ERRNO.ENOMEM,     refuses: (f) => f.mapsInUse >= limits(f).maxMaps,               text: () => 'too many maps for a device' },
  { kind: 'map-elements',     errno: ERRNO.ENOMEM,     refuses: (f) => left(f) < f.attributes.maxEntries,              text: (f) => `map with too many elements: ${f.attributes.maxEntries}, left: ${left(f)}` },
  { kind: 'map-element-size', errno: ERRNO.ENOMEM,     refuses: (f) => elementBytes(f) > limits(f).maxElementBytes,    text: (f) => `map elements too large: ${elementBytes(f)}, FW max element size (key+value): ${limits(f).maxElementBytes}` },
  { kind: 'map-key-size',     errno: ERRNO.ENOMEM,     refuses: (f) => f.attributes.keySizeBytes > limits(f).maxKeyBytes, text: (f) => `map key size ${f.attributes.keySizeBytes}, FW max is ${limits(f).maxKeyBytes}` },
  { kind: 'map-value-size',   errno: ERRNO.ENOMEM,     refuses: (f) => f.attributes.valueSizeBytes > limits(f).maxValueBytes, text: (f) => `map value size ${f.attributes.valueSizeBytes}, FW max is ${limits(f).maxValueBytes}` },
]

/**
 * Everything that keeps a map from a card; the real one stops at the first.
 *
 * @param usage what the card's maps take already
 */
export function mapRefusals(card: NfpCard, attributes: MapAttributes, usage: OffloadUsage): NfpRefusal[] {
  const facts = { card, attributes, ...usage }
  const refusals = RULES.filter(({ refuses }) => refuses(facts)).map(({ kind, errno, text }) => ({
    kind,
    errno,
    message: text(facts),
  }))
  // Of a type that is not for cards, one rule says enough.
  return refusals.filter(({ kind }, at) => kind !== 'map-type' || at === 0)
}

/**
 * Whether a map can live on a card.
 *
 * @param usage what the card's maps take already
 * @returns the refusal, with the driver's words in `kernelLog`, or undefined
 */
export function checkOffloadedMap(
  card: NfpCard,
  attributes: MapAttributes,
  usage: OffloadUsage,
): AttachError | undefined {
  const refusal = mapRefusals(card, attributes, usage)[0]
  if (refusal === undefined) return undefined
  const { errno, message } = refusal
  const said = message === '' ? {} : { kernelLog: message }
  return new AttachError({ errno, ...said, code: 'XDP_MAP_OFFLOAD', device: card.name, map: attributes.name })
}

/** A map's words before any program uses them. */
export function unusedWords(valueSizeBytes: number): MapWord[] {
  return Array.from({ length: Math.ceil(valueSizeBytes / 4) }, () => ({ use: 'unused', nonZeroUpdate: false }))
}

/** What a control-path update does to the words' state: a value that reads otherwise in the other byte order spoils counters. */
export function recordHostUpdate(map: OffloadedMap, value: Uint8Array): void {
  for (const [index, word] of map.words.entries()) {
    const [a = 0, b = 0, c = 0, d = 0] = value.subarray(4 * index, 4 * index + 4)
    if (word.use === 'unused' && (a !== d || b !== c)) word.nonZeroUpdate = true
  }
}

function roundUp8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}
