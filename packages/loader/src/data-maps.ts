import { BTF_KIND, type Btf } from '@bpfoundry/btf'
import { type ElfSection, SHT_NOBITS, STT_NOTYPE, STT_OBJECT } from '@bpfoundry/elf'
import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { MapSpec } from './collection-spec.ts'
import { LoaderError } from './loader-error.ts'
import { dataKind, type ObjectFile, placeIn } from './object-file.ts'
import type { VariableSpec } from './variable.ts'

/** Largest value of an array map. */
const MAX_VALUE_BYTES = 0x7fffffff

/** Longest name of a kernel object, without the terminating zero. */
const MAX_NAME = 15

/** How much of the object's name is put before a data section's. */
const MAX_PREFIX = 8

/** A map for each section of global data: an array of one value that is the section. */
export interface DataMap {
  readonly key: string
  readonly spec: MapSpec
  readonly sectionIndex: number
}

/**
 * The maps that hold the object's global data. What only the compiler may write is read-only for programs, and frozen
 * once it is set, so that the verifier knows its values.
 *
 * @throws {LoaderError} LOADER_SECTION for more data than a map can hold
 */
export function readDataMaps(object: ObjectFile): DataMap[] {
  return object.data.map((section) => ({
    key: section.name,
    spec: toSpec(object, section),
    sectionIndex: section.index,
  }))
}

function toSpec(object: ObjectFile, section: ElfSection): MapSpec {
  const { name, sizeBytes, type } = section
  if (sizeBytes > MAX_VALUE_BYTES) {
    throw new LoaderError({
      code: 'LOADER_SECTION',
      message: 'more global data than a map can hold',
      where: placeIn(object, { section: name }),
      got: `${sizeBytes} bytes`,
      expected: `${MAX_VALUE_BYTES} bytes at most`,
    })
  }
  const readOnly = dataKind(name) === '.rodata'
  const datasec = object.btf?.find(name, BTF_KIND.DATASEC)
  const mappable = object.btf !== undefined && datasec !== undefined && hasGlobal(object.btf, datasec.entries)
  return {
    name: kernelName(object.input, name),
    type: MAP_TYPE.ARRAY,
    keySizeBytes: 4,
    valueSizeBytes: sizeBytes,
    maxEntries: 1,
    flags: (readOnly ? MAP_FLAG.RDONLY_PROG : 0) | (mappable ? MAP_FLAG.MMAPABLE : 0),
    pinByName: false,
    contents: type === SHT_NOBITS ? [] : [{ key: new Uint8Array(4), value: object.elf.data(section).slice() }],
    freeze: readOnly,
    btfKeyTypeId: 0,
    btfValueTypeId: datasec?.id ?? 0,
    section: name,
  }
}

/** User space may map a section into its memory when there is a variable in it that it can know of. */
function hasGlobal(btf: Btf, entries: readonly { readonly typeId: number }[]): boolean {
  return entries.some(({ typeId }) => {
    const variable = btf.type(typeId)
    return variable.kind === BTF_KIND.VAR && variable.linkage !== 0
  })
}

/**
 * The map's name in the kernel: up to 8 characters of the object's name, then the section's, 15 in all. Sections with a
 * dot inside their name go by that alone.
 */
function kernelName(input: string | undefined, section: string): string {
  if (input === undefined || section.indexOf('.', 1) > 0) return section.slice(0, MAX_NAME)
  const base = input.replace(/^.*\//, '').replace(/\..*$/, '')
  const prefix = base.slice(0, Math.min(MAX_PREFIX, MAX_NAME - section.length))
  return `${prefix}${section}`.slice(0, MAX_NAME).replace(/[^A-Za-z0-9_.]/g, '_')
}

/** Every variable of the data sections, by name. Of two static ones of a name, the first. */
export function readVariables(object: ObjectFile, maps: readonly DataMap[]): ReadonlyMap<string, VariableSpec> {
  const variables = new Map<string, VariableSpec>()
  for (const { key, sectionIndex } of maps) {
    const types = typesOf(object, object.elf.sections[sectionIndex]?.name ?? key)
    for (const symbol of object.symbolsBySection.get(sectionIndex) ?? []) {
      const { name, type, value, sizeBytes } = symbol
      const isVariable = type === STT_OBJECT || type === STT_NOTYPE
      if (!isVariable || name === '' || sizeBytes === 0 || variables.has(name)) continue
      const btfTypeId = types.get(name)
      const typed = btfTypeId === undefined ? {} : { btfTypeId }
      variables.set(name, { name, map: key, offsetBytes: value, sizeBytes, ...typed })
    }
  }
  return variables
}

/** Type ids by variable of one section. */
function typesOf({ btf }: ObjectFile, section: string): ReadonlyMap<string, number> {
  const types = new Map<string, number>()
  for (const { typeId } of btf?.find(section, BTF_KIND.DATASEC)?.entries ?? []) {
    const variable = btf?.type(typeId)
    if (variable?.kind === BTF_KIND.VAR) types.set(variable.name, variable.typeId)
  }
  return types
}
