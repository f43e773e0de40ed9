import { ERRNO, MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { KernelMap } from '../kernel-map.ts'
import { undumpable } from './undumpable.ts'

/** An element, or why a key has no value that can be told. */
export type DumpedElement =
  | { readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly key: Uint8Array; readonly errno: number }

/** Whose empty slots are passed over; of others they are said to be empty. */
const SPARSE: ReadonlySet<number> = new Set([MAP_TYPE.PROG_ARRAY, MAP_TYPE.ARRAY_OF_MAPS, MAP_TYPE.HASH_OF_MAPS])

/** Every element as BPF_MAP_GET_NEXT_KEY and BPF_MAP_LOOKUP_ELEM of Linux tell it. */
export function* dumpedElements(map: KernelMap): IterableIterator<DumpedElement> {
  const rule = undumpable(map.attributes.type)
  if (rule?.keysErrno !== undefined) return
  if (rule?.valuesErrno !== undefined) {
    for (let index = 0; index < map.attributes.maxEntries; index++)
      yield { key: indexKey(index), errno: rule.valuesErrno }
    return
  }
  for (let key = map.nextKey(); key !== undefined; key = map.nextKey(key)) {
    const value = map.lookup(key)
    if (value !== undefined) yield { key, value }
    else if (!SPARSE.has(map.attributes.type)) yield { key, errno: ERRNO.ENOENT }
  }
}

function indexKey(index: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(index).buffer)
}
