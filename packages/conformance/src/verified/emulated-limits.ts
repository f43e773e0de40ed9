import { mapTypeName } from '@bpfoundry/kernel-abi'
import { MAP_TYPES_HOLLOW, MAP_TYPES_SUPPORTED } from '@bpfoundry/maps'
import type { Vector, VectorMap, VectorProgram } from '../vector/vector.ts'

/** Fields of a program that the emulated kernel can't do what they say with. Listed in docs/parity/conformance.md. */
const PROGRAM_FIELDS: readonly (readonly [field: string, has: (program: VectorProgram) => boolean])[] = [
  ['attach_btf', ({ attachBtf }) => attachBtf !== undefined],
  ['kfuncs', ({ kfuncs = [] }) => kfuncs.length > 0],
]

/** What of a case the emulated kernel can't do. */
export function unsupported(vector: Vector): readonly string[] {
  const programs = [vector, ...vector.progs]
  const fields = PROGRAM_FIELDS.filter(([, has]) => programs.some(has)).map(([field]) => field)
  const mapTypes = vector.maps.filter((map) => isUnsupported(map)).map(({ type }) => `map type ${mapTypeName(type)}`)
  const runFlags = vector.runs.some(({ flags }) => flags !== 0) ? ['run_flags'] : []
  const dump = vector.dump?.includes('jited') ? ['dump jited'] : []
  return [...new Set([...fields, ...mapTypes, ...runFlags, ...dump])]
}

/** A map type that Linux has; one that it lacks too is refused, by both. A hollow map will do where nothing is put in. */
function isUnsupported({ type, fill }: VectorMap): boolean {
  if (MAP_TYPES_SUPPORTED.includes(type) || mapTypeName(type).startsWith('type ') || type === 0) return false
  return !MAP_TYPES_HOLLOW.includes(type) || fill.length > 0
}
