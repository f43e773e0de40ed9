/** Inner maps with timers in their values: which look-up gave one counts, for a timer belongs to its map. */
import type { MapFieldKind } from '../program/map-fields.ts'
import type { VerifierMap } from '../verifier-api.ts'

/** An inner map that one look-up gave. */
interface FoundMap extends VerifierMap {
  /** Id of the pointer that the look-up gave. */
  readonly lookUp: number
}

/** Fields that remember the map that they lie in. */
const BOUND: ReadonlySet<MapFieldKind> = new Set(['bpf_timer', 'bpf_wq', 'bpf_task_work'])

/** The inner map that the look-up with pointer id `id` gave: another object each time, where the difference counts. */
export function foundInnerMap(inner: VerifierMap, id: number): VerifierMap {
  const isBound = inner.fields?.some(({ kind }) => BOUND.has(kind)) ?? false
  if (!isBound) return inner
  const found: FoundMap = { ...inner, lookUp: id }
  return found
}

/** Id of the look-up that gave the map; 0 for a map that the program names. */
export function lookUpOf(map: VerifierMap): number {
  return 'lookUp' in map ? (map as FoundMap).lookUp : 0
}
