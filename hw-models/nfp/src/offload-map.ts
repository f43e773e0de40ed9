import { AttachError, type AttachRefusal } from '@bpfoundry/device'
import { ERRNO, MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { NfpCard } from './card.ts'

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
  readonly attributes: MapAttributes
  /** Use of each 4-byte word of the value, over all programs. */
  readonly words: readonly MapWord[]
}

interface MapFacts extends OffloadUsage {
  readonly card: NfpCard
  readonly attributes: MapAttributes
}

interface MapRule {
  readonly errno: number
  readonly refuses: (facts: MapFacts) => boolean
  readonly text: (facts: MapFacts) => string
}

const limits = (facts: MapFacts): NfpCard['firmware']['maps'] => facts.card.firmware.maps
const left = (facts: MapFacts): number => limits(facts).maxElements - facts.elementsInUse
const elementBytes = ({ attributes }: MapFacts): number =>
  roundUp8(attributes.keySizeBytes) + roundUp8(attributes.valueSizeBytes)

/** In the driver's order; the text goes to the kernel log. @see nfp_bpf_map_alloc in nfp/bpf/offload.c */
// biome-ignore format: table
const DRIVER_RULES: readonly MapRule[] = [
  { errno: ERRNO.EOPNOTSUPP, refuses: (f) => limits(f).types.length === 0,                        text: () => '' },
  { errno: ERRNO.EINVAL,     refuses: (f) => f.attributes.flags !== 0,                            text: () => 'map flags are not supported' },
  { errno: ERRNO.EOPNOTSUPP, refuses: (f) => !limits(f).types.includes(f.attributes.type),        text: () => 'map type not supported' },
  { errno: ERRNO.ENOMEM,     refuses: (f) => f.mapsInUse >= limits(f).maxMaps,                    text: () => 'too many maps for a device' },
  { errno: ERRNO.ENOMEM,     refuses: (f) => left(f) < f.attributes.maxEntries,                   text: (f) => `map with too many elements: ${f.attributes.maxEntries}, left: ${left(f)}` },
  { errno: ERRNO.ENOMEM,     refuses: (f) => elementBytes(f) > limits(f).maxElementBytes,         text: (f) => `map elements too large: ${elementBytes(f)}, FW max element size (key+value): ${limits(f).maxElementBytes}` },
  { errno: ERRNO.ENOMEM,     refuses: (f) => f.attributes.keySizeBytes > limits(f).maxKeyBytes,   text: (f) => `map key size ${f.attributes.keySizeBytes}, FW max is ${limits(f).maxKeyBytes}` },
  { errno: ERRNO.ENOMEM,     refuses: (f) => f.attributes.valueSizeBytes > limits(f).maxValueBytes, text: (f) => `map value size ${f.attributes.valueSizeBytes}, FW max is ${limits(f).maxValueBytes}` },
]

/**
 * Whether a map can live on a card: first the kernel's rule (hash and array only), then the driver's limits.
 *
 * @param usage what the card's maps take already
 * @returns the refusal, with the driver's words in `kernelLog`, or undefined
 * @see bpf_map_offload_map_alloc in kernel/bpf/offload.c
 */
export function checkOffloadedMap(
  card: NfpCard,
  attributes: MapAttributes,
  usage: OffloadUsage,
): AttachError | undefined {
  const refusal = mapRefusal({ card, attributes, ...usage })
  if (refusal === undefined) return undefined
  return new AttachError({ ...refusal, code: 'XDP_MAP_OFFLOAD', device: card.name, map: attributes.name })
}

function mapRefusal(facts: MapFacts): AttachRefusal | undefined {
  const { type } = facts.attributes
  if (type !== MAP_TYPE.ARRAY && type !== MAP_TYPE.HASH) return { errno: ERRNO.EINVAL }
  const rule = DRIVER_RULES.find(({ refuses }) => refuses(facts))
  if (rule === undefined) return undefined
  const text = rule.text(facts)
  return { errno: rule.errno, ...(text === '' ? {} : { kernelLog: text }) }
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
