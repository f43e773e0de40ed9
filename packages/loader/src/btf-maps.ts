import {
  BTF_KIND,
  BTF_LINKAGE,
  type Btf,
  BtfError,
  type BtfMapDefinition,
  type BtfVar,
  btfMapDefinition,
} from '@bpfoundry/btf'
import { type ElfRelocation, type ElfSection, SHN_UNDEF, STT_SECTION } from '@bpfoundry/elf'
import type { CodeSection } from './code-section.ts'
import type { MapSpec } from './collection-spec.ts'
import { LoaderError } from './loader-error.ts'
import { type ObjectFile, placeIn } from './object-file.ts'

/** A map and where its variable lies in its section. */
export interface PlacedMap {
  readonly key: string
  readonly spec: MapSpec
  readonly sectionIndex: number
  readonly offsetBytes: number
  readonly sizeBytes: number
  /** Where its initial slots begin in the variable. */
  readonly valuesOffsetBytes?: number
}

const POINTER_BYTES = 8

/**
 * The maps that `SEC(".maps")` declares.
 *
 * @throws {LoaderError} LOADER_MAP_DEFINITION
 * @throws {BtfError} BTF_MAP_DEFINITION
 */
export function readBtfMaps(object: ObjectFile): PlacedMap[] {
  const { maps: section, btf } = object
  if (section === undefined || section.sizeBytes === 0) return []
  const datasec = btf?.find(section.name, BTF_KIND.DATASEC)
  if (btf === undefined || datasec === undefined) {
    throw new LoaderError({
      code: 'LOADER_MAP_DEFINITION',
      message: "maps in section '.maps' need BTF, which the object does not have",
      where: placeIn(object, { section: section.name }),
      hint: 'compile with -g',
    })
  }
  return datasec.entries.map((entry) => readBtfMap(object, btf, section, entry.typeId, entry.offsetBytes))
}

function readBtfMap(object: ObjectFile, btf: Btf, section: ElfSection, typeId: number, offset: number): PlacedMap {
  const definition = locate(object, () => btfMapDefinition(btf, typeId))
  const { name, values } = definition
  const variable = btf.type(typeId) as BtfVar
  const symbol = (object.symbolsBySection.get(section.index) ?? []).find((candidate) => candidate.name === name)
  const isStatic = variable.linkage === BTF_LINKAGE.STATIC
  if (symbol === undefined && !isStatic) throw noSymbol(object, section, name)
  return {
    key: name,
    spec: toSpec(definition, section.name),
    sectionIndex: section.index,
    offsetBytes: symbol?.value ?? offset,
    sizeBytes: symbol?.sizeBytes ?? btf.sizeOf(variable.typeId) ?? 0,
    ...(values === undefined ? {} : { valuesOffsetBytes: values.offsetBytes }),
  }
}

function noSymbol(object: ObjectFile, section: ElfSection, map: string): LoaderError {
  const isExtern = (object.symbolsBySection.get(SHN_UNDEF) ?? []).some(({ name }) => name === map)
  return new LoaderError({
    code: 'LOADER_MAP_DEFINITION',
    message: `map '${map}' ${isExtern ? 'is defined in another object' : 'has types but no symbol'}`,
    where: placeIn(object, { section: section.name, map }),
    hint: isExtern
      ? 'link the objects into one first, with `bpfoundry gen object`'
      : 'the object was stripped of symbols it needs; strip only debug information (llvm-strip -g)',
  })
}

function toSpec(definition: BtfMapDefinition, section: string): MapSpec {
  const { name, type, keySizeBytes, valueSizeBytes, maxEntries, mapExtra, values, fields } = definition
  const hasNode = fields.has('numa_node')
  return {
    name,
    type,
    keySizeBytes,
    valueSizeBytes,
    maxEntries,
    flags: definition.flags,
    ...(fields.has('map_extra') ? { mapExtra } : {}),
    ...(hasNode ? { numaNode: definition.numaNode } : {}),
    pinByName: definition.pinning !== 0,
    contents: [],
    freeze: false,
    ...(values?.inner === undefined ? {} : { inner: toSpec(values.inner, section) }),
    btfKeyTypeId: definition.keyTypeId,
    btfValueTypeId: definition.valueTypeId,
    section,
  }
}

/**
 * Adds to each map the slots that `.values = { [n] = &map_or_program }` fills.
 *
 * @throws {LoaderError} LOADER_RELOCATION
 */
export function readSlots(
  object: ObjectFile,
  maps: readonly PlacedMap[],
  code: ReadonlyMap<number, CodeSection>,
): void {
  const section = object.maps
  if (section === undefined) return
  for (const relocation of object.elf.relocationsOf(section)) {
    const { offsetBytes } = relocation
    const map = maps.find(
      (at) => at.offsetBytes <= offsetBytes && offsetBytes + POINTER_BYTES <= at.offsetBytes + at.sizeBytes,
    )
    const start = map?.valuesOffsetBytes === undefined ? undefined : map.offsetBytes + map.valuesOffsetBytes
    if (
      map === undefined ||
      start === undefined ||
      offsetBytes < start ||
      (offsetBytes - start) % POINTER_BYTES !== 0
    ) {
      throw slotError(object, relocation, 'initial value that is in no slot of a map', map?.key)
    }
    const key = new Uint8Array(4)
    const slot = (offsetBytes - start) / POINTER_BYTES
    new DataView(key.buffer).setUint32(0, slot, object.elf.header.byteOrder === 'little')
    map.spec.contents.push({ key, value: slotValue(object, maps, code, relocation) })
  }
}

function slotValue(
  object: ObjectFile,
  maps: readonly PlacedMap[],
  code: ReadonlyMap<number, CodeSection>,
  relocation: ElfRelocation,
): { program: string } | { map: string } {
  const { symbol } = relocation
  const offset = symbol.value + (symbol.type === STT_SECTION ? storedAddend(object, relocation) : 0)
  const program = code.get(symbol.sectionIndex)?.functions.find(({ start }) => start * 8 === offset)
  if (program !== undefined) return { program: symbol.type === STT_SECTION ? program.name : symbol.name }
  const map = maps.find((at) => at.sectionIndex === symbol.sectionIndex && at.offsetBytes === offset)
  if (map !== undefined) return { map: map.key }
  throw slotError(object, relocation, `initial value '${object.elf.symbolName(symbol)}' is neither a map nor a program`)
}

/** What the place to change holds: the offset from a section symbol. */
function storedAddend({ elf, maps: section }: ObjectFile, { offsetBytes }: ElfRelocation): number {
  if (section === undefined) return 0
  const data = elf.data(section)
  if (offsetBytes + POINTER_BYTES > data.length) return 0
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  return Number(view.getBigUint64(offsetBytes, elf.header.byteOrder === 'little'))
}

function slotError(
  object: ObjectFile,
  { offsetBytes, type }: ElfRelocation,
  message: string,
  map?: string,
): LoaderError {
  return new LoaderError({
    code: 'LOADER_RELOCATION',
    message,
    where: placeIn(object, { section: '.maps', ...(map === undefined ? {} : { map }), offsetBytes }),
    got: `relocation type ${type}`,
    expected: 'the address of a map or program, in a member `values`',
  })
}

function locate<T>(object: ObjectFile, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof BtfError) error.at(placeIn(object, { section: '.maps' }))
    throw error
  }
}
