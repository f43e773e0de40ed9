import { BTF_KIND, type Btf, ValueShapes } from '@bpfoundry/btf'
import { nearestNames } from '@bpfoundry/diagnostics'
import { mapTypeName } from '@bpfoundry/kernel-abi'
import type { CollectionSpec, MapSpec } from '../collection-spec.ts'
import { CONFIGURATION_MAP } from '../kernel-configuration.ts'
import { loadCollectionSpec } from '../load-collection-spec.ts'
import { LoaderError } from '../loader-error.ts'
import { dataKind } from '../object-file.ts'
import { toBase64 } from './base64.ts'
import { cTypeName } from './c-type-name.ts'
import { elementShapes } from './element-shapes.ts'
import { constantName, isConstantName, typeName } from './names.ts'
import { type SkeletonFiles, skeletonFiles } from './skeleton-files.ts'
import { skeletonVariables } from './skeleton-variables.ts'
import { arrayOf, type Declaration, TypeText } from './type-text.ts'

/** Options of {@link generateSkeleton}. */
export interface SkeletonTextOptions {
  /** Name of the object file, without a path: what the module calls the object. */
  readonly fileName: string
  /** Name of the constant; by default made of the file's: `rateLimiter` for `rate_limiter.v3.o`. */
  readonly name?: string
  /** C names of more types to have: `event`, `struct event`. */
  readonly types?: readonly string[]
}

/** A program, map or variable of an object, with its type in TypeScript. */
export interface SkeletonItem {
  readonly name: string
  readonly type: string
  /** What it is in the object. */
  readonly comment: string
  /** Absent unless it is asked for: a program of `SEC("?...")`. */
  readonly isOptional?: boolean
}

/** A map of an object. */
export interface SkeletonMapItem extends SkeletonItem {
  readonly key: string
  readonly value: string
}

/** What a skeleton has, and its module's texts. */
export interface GeneratedSkeleton extends SkeletonFiles {
  readonly name: string
  readonly programs: readonly SkeletonItem[]
  readonly maps: readonly SkeletonMapItem[]
  readonly variables: readonly SkeletonItem[]
  readonly constants: readonly SkeletonItem[]
  readonly types: readonly Declaration[]
}

/** What every module has by these names. */
const TAKEN = ['defineSkeleton', 'SkeletonDefinition', 'Record', 'Uint8Array', 'OBJECT']

/**
 * Writes a module by which TypeScript or JavaScript uses an object: the object itself, and what it holds as types. Of the
 * same object the same text, whatever names are in there.
 *
 * @throws LoaderError LOADER_TYPE_UNKNOWN, LOADER_SKELETON_NAME, and what {@link loadCollectionSpec} throws
 */
export function generateSkeleton(
  object: Uint8Array,
  { fileName, name: asked, types = [] }: SkeletonTextOptions,
): GeneratedSkeleton {
  if (asked !== undefined && !isConstantName(asked)) throw badName(asked)
  const spec = loadCollectionSpec(object, { name: fileName })
  const name = asked ?? constantName(fileName.split('.')[0] as string)
  const shapeName = `${typeName(name)}Shape`
  const shapes = spec.btf === undefined ? undefined : new ValueShapes(spec.btf)
  const text = new TypeText(spec.btf, [...TAKEN, name, shapeName])
  const maps = [...spec.maps].filter(isDeclared).map(([key, map]) => mapItem(key, map, shapes, text))
  const variables = skeletonVariables(spec, shapes).map((variable) => ({
    isConstant: variable.isConstant,
    name: variable.spec.name,
    type: text.text(variable.spec.btfTypeId ?? 0, variable.shape),
    comment: variableComment(spec.btf, variable.spec),
  }))
  for (const wanted of types) declareType(spec, shapes, text, wanted)
  const content = {
    name,
    programs: programItems(spec),
    maps,
    variables: variables.filter(({ isConstant }) => !isConstant).map(item),
    constants: variables.filter(({ isConstant }) => isConstant).map(item),
    types: text.declarations,
  }
  return { ...content, ...skeletonFiles({ ...content, shapeName, fileName, base64: toBase64(object) }) }
}

function item({ name, type, comment }: SkeletonItem): SkeletonItem {
  return { name, type, comment }
}

/** Those that the object declares: data sections are variables. */
function isDeclared([key, { section }]: [string, MapSpec]): boolean {
  return dataKind(section) === undefined && key !== CONFIGURATION_MAP
}

function mapItem(name: string, map: MapSpec, shapes: ValueShapes | undefined, text: TypeText): SkeletonMapItem {
  const { key, value, isPerCpu } = elementShapes(shapes, map)
  const keyText = text.text(map.btfKeyTypeId, key)
  const one = text.text(map.btfValueTypeId, value)
  const valueText = isPerCpu ? arrayOf(one) : one
  const comment = `${mapTypeName(map.type)}, ${map.maxEntries} ${map.maxEntries === 1 ? 'entry' : 'entries'}`
  const type = `{ readonly key: ${keyText}; readonly value: ${valueText} }`
  return { name, type, comment, key: keyText, value: valueText }
}

function programItems(spec: CollectionSpec): SkeletonItem[] {
  return [...spec.programs.values()].map(({ name, section, autoload }) => ({
    ...{ name, type: 'string', comment: `SEC("${section}")` },
    ...(autoload ? {} : { isOptional: true }),
  }))
}

function variableComment(
  btf: Btf | undefined,
  variable: { map: string; btfTypeId?: number; sizeBytes: number },
): string {
  const { btfTypeId, sizeBytes, map } = variable
  const type = btf === undefined || btfTypeId === undefined ? `${sizeBytes} bytes` : cTypeName(btf, btfTypeId)
  return `${type}, ${map}`
}

const KINDS: Readonly<Record<string, readonly number[]>> = {
  struct: [BTF_KIND.STRUCT],
  union: [BTF_KIND.UNION],
  enum: [BTF_KIND.ENUM, BTF_KIND.ENUM64],
  '': [BTF_KIND.STRUCT, BTF_KIND.UNION, BTF_KIND.ENUM, BTF_KIND.ENUM64, BTF_KIND.TYPEDEF],
}

function declareType(spec: CollectionSpec, shapes: ValueShapes | undefined, text: TypeText, wanted: string): void {
  const [, word = '', name = ''] = /^(?:(struct|union|enum) +)?(.*)$/s.exec(wanted) ?? []
  const kinds = KINDS[word] ?? []
  const named = (spec.btf?.types ?? []).filter((type) => type.name !== '' && kinds.includes(type.kind))
  const type = named.find((one) => one.name === name)
  const shape = type === undefined ? undefined : shapes?.of(type.id)
  if (type === undefined || shape === undefined) {
    const names = [...new Set(named.map((one) => one.name))]
    throw new LoaderError({
      code: 'LOADER_TYPE_UNKNOWN',
      message: `no type '${wanted}' that values could be of`,
      got: wanted,
      hint: spec.btf === undefined ? 'the object has no types: compile with -g' : nearestNames(name, names),
    })
  }
  text.declare(type.id, shape)
}

function badName(name: string): LoaderError {
  return new LoaderError({
    code: 'LOADER_SKELETON_NAME',
    message: `'${name}' can't be the name of a constant`,
    got: name,
    expected: 'letters, digits, _ and $, and no word of the language',
  })
}
