import { BTF_KIND, type BtfType, type LazyBtf } from '@bpfoundry/btf'
import { attachSymbol, mapTypeName } from '@bpfoundry/kernel-abi'
import { MAP_TYPES_HOLLOW, MAP_TYPES_SUPPORTED } from '@bpfoundry/maps'
import type { Vector, VectorMap, VectorModule, VectorProgram } from '../vector/vector.ts'
import { decodeModuleBtf } from './vector-btf.ts'

/** Whether there is a type of that name and kind, in the kernel or a module of the case. */
type Known = (name: string, kind: number) => boolean

function knownTypes(modules: readonly VectorModule[], types: LazyBtf | undefined): Known {
  const isOf = ({ btf }: VectorModule, name: string, kind: number): boolean =>
    decodeModuleBtf(btf).find(name, kind as BtfType['kind']) !== undefined
  return (name, kind) =>
    types !== undefined && (types.find(name, kind) !== undefined || modules.some((module) => isOf(module, name, kind)))
}

/** What of a program's fields it can't do what they say with. Listed in docs/parity/conformance.md. */
function programFields(
  { type, attachBtf, expectedAttachType, kfuncs = [], typeIds = [] }: VectorProgram,
  isKnown: Known,
): string[] {
  const { name, kind } = attachSymbol(attachBtf ?? '', expectedAttachType, type)
  const missing = kfuncs.filter((fn) => !isKnown(fn.name, BTF_KIND.FUNC))
  return [
    ...(attachBtf === undefined || isKnown(name, kind) ? [] : [`attach_btf: the kernel has no ${attachBtf}`]),
    // Kernel functions are judged by their types.
    ...missing.map((fn) => `kfuncs: the kernel has no ${fn.name}`),
    ...typeIds.filter((one) => !isKnown(one.name, one.kind)).map((one) => `type_ids: the kernel has no ${one.name}`),
  ]
}

/** What of a case the emulated kernel can't do. @param types of the kernel that it stands for */
export function unsupported(vector: Vector, types?: LazyBtf): readonly string[] {
  const programs = [vector, ...vector.progs]
  const isKnown = knownTypes(vector.modules ?? [], types)
  const fields = programs.flatMap((program) => programFields(program, isKnown))
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
