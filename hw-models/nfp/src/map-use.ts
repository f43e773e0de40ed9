import { ERRNO } from '@bpfoundry/kernel-abi'
import type { DeviceRefusal, RegisterFact } from '@bpfoundry/verifier'
import type { MapUse, MapWord, OffloadedMap } from './offload-map.ts'
import { constantOffset } from './register-type.ts'

const refused = (errno: number, message: string): DeviceRefusal => ({ errno, message })

/**
 * Notes that an instruction uses bytes of a map's value, one way a word for all programs of the card.
 *
 * @see nfp_bpf_map_mark_used in nfp/bpf/verifier.c
 */
export function markMapUse(
  map: OffloadedMap,
  pointer: RegisterFact,
  insnOffset: number,
  sizeBytes: number,
  use: MapUse,
): DeviceRefusal | undefined {
  if (!pointer.constant) return refused(ERRNO.EOPNOTSUPP, 'map value offset is variable')
  const offset = constantOffset(pointer) + insnOffset
  if (offset + sizeBytes > map.attributes.valueSizeBytes) {
    return refused(ERRNO.EINVAL, 'map value access out-of-bounds')
  }
  for (let at = 0; at < sizeBytes; at += 4 - ((offset + at) % 4)) {
    const refusal = markWord(map.words[(offset + at) >> 2], use, offset + at)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function markWord(word: MapWord | undefined, use: MapUse, offset: number): DeviceRefusal | undefined {
  if (word === undefined) return undefined
  if (word.use !== 'unused' && word.use !== use) {
    return refused(ERRNO.EOPNOTSUPP, `map value use type conflict ${word.use} vs ${use} off: ${offset}`)
  }
  if (word.nonZeroUpdate && use === 'atomic') {
    return refused(
      ERRNO.EOPNOTSUPP,
      `atomic counter in map value may already be initialized to non-zero value off: ${offset}`,
    )
  }
  word.use = use
  return undefined
}

/**
 * Notes what bpf_map_update_elem puts into the words of a map: only zero may go where a program counts.
 *
 * @param isZero whether a byte of the value on the stack is known to be zero, by its offset from r10
 * @see nfp_bpf_map_update_value_ok in nfp/bpf/verifier.c
 */
export function markMapUpdate(
  map: OffloadedMap,
  value: RegisterFact,
  isZero: (offsetBytes: number) => boolean,
): DeviceRefusal | undefined {
  const offset = constantOffset(value)
  for (let at = 0; at < map.attributes.valueSizeBytes; at++) {
    if (isZero(offset + at)) continue
    const word = map.words[at >> 2]
    if (word === undefined) continue
    if (word.use === 'atomic') {
      const slot = -(offset + at) - 1
      return refused(
        ERRNO.EOPNOTSUPP,
        `value at offset ${at}/${slot} may be non-zero, bpf_map_update_elem() is required to initialize atomic counters to zero to avoid offload endian issues`,
      )
    }
    word.nonZeroUpdate = true
  }
  return undefined
}
