import type { RegisterFact } from '@bpfoundry/verifier'
import type { MapUse, MapWord, OffloadedMap } from './offload-map.ts'
import { invalid, type Refusals, unsupported } from './refusal.ts'
import { constantOffset, isConstant } from './register-type.ts'

/**
 * Notes that an instruction uses bytes of a map's value, one way a word for all programs of the card.
 *
 * @see nfp_bpf_map_mark_used in nfp/bpf/verifier.c
 */
export function* markMapUse(
  map: OffloadedMap,
  pointer: RegisterFact,
  insnOffset: number,
  sizeBytes: number,
  use: MapUse,
): Refusals {
  if (!isConstant(pointer)) {
    yield unsupported('map-value-variable', 'map value offset is variable')
    return
  }
  const offset = constantOffset(pointer) + insnOffset
  if (offset + sizeBytes > map.attributes.valueSizeBytes) {
    yield invalid('map-value-bounds', 'map value access out-of-bounds')
    return
  }
  for (let at = 0; at < sizeBytes; at += 4 - ((offset + at) % 4)) {
    yield* markWord(map.words[(offset + at) >> 2], use, offset + at)
  }
}

function* markWord(word: MapWord | undefined, use: MapUse, offset: number): Refusals {
  if (word === undefined) return
  if (word.use !== 'unused' && word.use !== use) {
    yield unsupported('map-use-conflict', `map value use type conflict ${word.use} vs ${use} off: ${offset}`)
    return
  }
  if (word.nonZeroUpdate && use === 'atomic') {
    const words = 'atomic counter in map value may already be initialized to non-zero value off:'
    yield unsupported('counter-start', `${words} ${offset}`)
  }
  word.use = use
}

/**
 * Notes what bpf_map_update_elem puts into the words of a map: only zero may go where a program counts.
 *
 * @param isZero whether a byte of the value on the stack is known to be zero, by its offset from r10
 * @see nfp_bpf_map_update_value_ok in nfp/bpf/verifier.c
 */
export function* markMapUpdate(
  map: OffloadedMap,
  value: RegisterFact,
  isZero: (offsetBytes: number) => boolean,
): Refusals {
  const offset = constantOffset(value)
  for (let at = 0; at < map.attributes.valueSizeBytes; at++) {
    if (isZero(offset + at)) continue
    const word = map.words[at >> 2]
    if (word === undefined) continue
    if (word.use === 'atomic') {
      const slot = -(offset + at) - 1
      const rule =
        'bpf_map_update_elem() is required to initialize atomic counters to zero to avoid offload endian issues'
      yield unsupported('counter-update', `value at offset ${at}/${slot} may be non-zero, ${rule}`)
    }
    word.nonZeroUpdate = true
  }
}
