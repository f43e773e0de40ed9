import { BTF_KIND, BTF_LINKAGE, type Btf, typedCodec, type ValueShape, type ValueShapes } from '@bpfoundry/btf'
import type { CollectionSpec } from '../collection-spec.ts'
import { LoaderError } from '../loader-error.ts'
import { dataKind } from '../object-file.ts'
import type { VariableSpec } from '../variable.ts'
import type { ReadableMap } from './typed-map.ts'

/** A global variable of a skeleton. */
export interface SkeletonVariable {
  readonly spec: VariableSpec
  readonly shape: ValueShape
  /** In `.rodata`: nobody writes it once it is loaded. */
  readonly isConstant: boolean
}

/**
 * The variables that a skeleton has, by name. Static ones have no names of their own, and those in an arena are reached
 * by the arena: neither is among them.
 */
export function skeletonVariables(spec: CollectionSpec, shapes: ValueShapes | undefined): SkeletonVariable[] {
  const statics = staticNames(spec.btf)
  const variables: SkeletonVariable[] = []
  for (const variable of spec.variables.values()) {
    const kind = dataKind(variable.map)
    if (kind === undefined || statics.has(variable.name)) continue
    const typed = variable.btfTypeId === undefined ? undefined : shapes?.of(variable.btfTypeId)
    const { sizeBytes } = variable
    const shape: ValueShape = typed?.sizeBytes === sizeBytes ? typed : { kind: 'bytes', sizeBytes }
    variables.push({ spec: variable, shape, isConstant: kind === '.rodata' })
  }
  return variables
}

function staticNames(btf: Btf | undefined): ReadonlySet<string> {
  const names = new Set<string>()
  const globals = new Set<string>()
  for (const type of btf?.types ?? []) {
    if (type.kind === BTF_KIND.VAR) (type.linkage === BTF_LINKAGE.STATIC ? names : globals).add(type.name)
  }
  for (const name of globals) names.delete(name)
  return names
}

/** An object with a property a variable, whose values are what the kernel will start with. */
export function initialVariables(spec: CollectionSpec, variables: readonly SkeletonVariable[]): object {
  const object: object = Object.create(null)
  for (const { spec: variable, shape } of variables) {
    const codec = typedCodec<unknown>(shape)
    Object.defineProperty(object, variable.name, {
      enumerable: true,
      get: () => codec.decode(spec.variable(variable.name)),
      set(value: unknown) {
        spec.setVariable(variable.name, codec.encode(value))
      },
    })
  }
  return Object.freeze(object)
}

/** The same of live maps, by their keys in the spec. */
export function liveVariables(
  variables: readonly SkeletonVariable[],
  mapOf: (key: string) => ReadableMap | undefined,
): object {
  const object: object = Object.create(null)
  for (const { spec, shape, isConstant } of variables) {
    const codec = typedCodec<unknown>(shape)
    const place = sectionOf(spec, mapOf)
    const end = spec.offsetBytes + spec.sizeBytes
    Object.defineProperty(object, spec.name, {
      enumerable: true,
      get: () => codec.decode(place().read().subarray(spec.offsetBytes, end)),
      set(value: unknown) {
        if (isConstant) throw isConstantError(spec)
        const { read, write } = place()
        const bytes = read().slice()
        bytes.set(codec.encode(value), spec.offsetBytes)
        write(bytes)
      },
    })
  }
  return Object.freeze(object)
}

interface Section {
  readonly read: () => Uint8Array
  readonly write: (bytes: Uint8Array) => void
}

/** The one value of the array that is the variable's section. */
function sectionOf({ name, map: key }: VariableSpec, mapOf: (key: string) => ReadableMap | undefined): () => Section {
  const index = new Uint8Array(4)
  return () => {
    const map = mapOf(key)
    if (map === undefined) throw notThere(name, key)
    return {
      read: () => map.lookup(index) ?? new Uint8Array(map.valueBytes),
      write: (bytes) => map.update(index, bytes),
    }
  }
}

function notThere(name: string, map: string): LoaderError {
  const message = `variable '${name}' is in '${map}', which is not loaded`
  return new LoaderError({ code: 'LOADER_VARIABLE', message, got: name })
}

function isConstantError({ name, map }: VariableSpec): LoaderError {
  return new LoaderError({
    code: 'LOADER_VARIABLE',
    message: `'${name}' is a constant, and loaded`,
    where: { map },
    hint: 'set it before load()',
  })
}
