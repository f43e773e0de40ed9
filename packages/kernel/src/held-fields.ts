/** Fields of map values that hold objects: system calls leave them alone. */
import type { BpfMap } from '@bpfoundry/maps'
import type { MapField } from '@bpfoundry/verifier'

const HOLDING: ReadonlySet<MapField['kind']> = new Set(['bpf_list_head', 'bpf_rb_root', 'kptr', 'percpu_kptr'])

/**
 * What an update writes: in a map whose values are all there from the start such fields stay as they are, in others they
 * begin as zeros, whatever bytes are given for them.
 *
 * @see copy_map_value in include/linux/bpf.h (6.12)
 */
export function withHeldFields(
  storage: BpfMap,
  fields: readonly MapField[] | undefined,
  key: Uint8Array,
  value: Uint8Array,
): Uint8Array {
  const holding = fields?.filter(({ kind }) => HOLDING.has(kind)) ?? []
  if (holding.length === 0) return value
  const present = storage.valueBase === undefined ? undefined : storage.lookupElement(key)
  const written = value.slice()
  // A value of a per-CPU map is one for each CPU, each rounded up.
  const stride = Math.ceil(storage.attributes.valueSizeBytes / 8) * 8
  for (let start = 0; start < written.length; start += stride) {
    for (const { offsetBytes, sizeBytes } of holding) {
      const at = start + offsetBytes
      written.set(present?.subarray(at, at + sizeBytes) ?? new Uint8Array(sizeBytes), at)
    }
  }
  return written
}
