import type { CType } from '@bpfoundry/c-source'
import { bareType } from './bare-type.ts'

/** Bytes of a pointer of the BPF machine. */
export const POINTER_BYTES = 8

/** What a value of the type takes; an open array takes nothing. */
export function sizeOf(type: CType): number {
  const bare = bareType(type)
  if (bare.kind === 'pointer') return POINTER_BYTES
  if (bare.kind === 'array') return sizeOf(bare.element) * (bare.length ?? 0)
  return 'sizeBytes' in bare ? bare.sizeBytes : 0
}

export function alignmentOf(type: CType): number {
  const bare = bareType(type)
  if (bare.kind === 'array') return alignmentOf(bare.element)
  if (bare.kind === 'struct' || bare.kind === 'union') return bare.alignmentBytes
  return Math.max(1, sizeOf(bare))
}
