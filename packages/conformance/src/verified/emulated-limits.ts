import { BTF_KIND, type LazyBtf } from '@bpfoundry/btf'
import { attachSymbol, mapTypeName } from '@bpfoundry/kernel-abi'
import { MAP_TYPES_HOLLOW, MAP_TYPES_SUPPORTED } from '@bpfoundry/maps'
import type { Vector, VectorMap, VectorProgram } from '../vector/vector.ts'

/** What of a program's fields it can't do what they say with. Listed in docs/parity/conformance.md. */
function programFields({ attachBtf, expectedAttachType, kfuncs = [] }: VectorProgram, types?: LazyBtf): string[] {
  const { name, kind } = attachSymbol(attachBtf ?? '', expectedAttachType)
  return [
    ...(attachBtf === undefined || types?.find(name, kind) !== undefined
      ? []
      : [`attach_btf: the kernel has no ${attachBtf}`]),
    ...missingFunctions(
      kfuncs.map((one) => one.name),
      types,
    ),
  ]
}

/** Kernel functions are judged by their types. */
function missingFunctions(names: readonly string[], types?: LazyBtf): string[] {
  return names
    .filter((name) => types?.find(name, BTF_KIND.FUNC) === undefined)
    .map((name) => `kfuncs: the kernel has no ${name}`)
}

/** What of a case the emulated kernel can't do. @param types of the kernel that it stands for */
export function unsupported(vector: Vector, types?: LazyBtf): readonly string[] {
  const programs = [vector, ...vector.progs]
  const fields = programs.flatMap((program) => programFields(program, types))
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
