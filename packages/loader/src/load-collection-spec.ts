import { SHT_REL, SHT_RELA } from '@bpfoundry/elf'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { readArenaData } from './arena-data.ts'
import { type PlacedMap, readBtfMaps, readSlots } from './btf-maps.ts'
import { type CodeFunction, type CodeSection, readCodeSection } from './code-section.ts'
import { CollectionSpec, type MapSpec, type ProgramSpec } from './collection-spec.ts'
import type { KernelTypes } from './core/type-space.ts'
import { readDataMaps, readVariables } from './data-maps.ts'
import { exceptionCallbacks } from './exception-callbacks.ts'
import { CONFIGURATION_MAP } from './kernel-configuration.ts'
import { KernelReferences } from './kernel-references.ts'
import { readLegacyMaps } from './legacy-maps.ts'
import { LoaderError } from './loader-error.ts'
import { type ObjectFile, openObject, placeIn } from './object-file.ts'
import { type CoreRelocationMode, type ExternMode, type LinkModes, linkProgram } from './program-linker.ts'
import { type ProgramSection, programSection, unknownSection } from './program-sections.ts'
import type { ObjectIndex } from './relocation-target.ts'
import { type StructOpsMember, StructOpsPlaces } from './struct-ops.ts'

/** Functions that programs call, and that are no programs themselves, are here. */
const SUBPROGRAM_SECTION = '.text'

/** Instructions of all programs of an object: bounds what calls among its functions can multiply. */
const MAX_OBJECT_INSNS = 4_000_000

/** Options of {@link loadCollectionSpec}. */
export interface CollectionSpecOptions {
  /** What errors call the input, and what names its data maps: a file name. */
  readonly name?: string
  /** A section name to take programs as that are in sections the table does not know: `xdp`. */
  readonly programSection?: string
  /**
   * What to do with accesses that CO-RE would relocate to the target's layout. `refuse`, the default: a program that
   * needs one is marked unsupported, unless it is to a type whose layout is fixed by an ABI. `as-compiled`: the layout
   * that it was compiled with is the target's.
   */
  readonly coreRelocations?: CoreRelocationMode
  /**
   * What to do with functions and variables of the kernel. `refuse`, the default: a program that needs one is marked
   * unsupported. `keep`: it is listed in {@link ProgramSpec.externs}, for who loads the program to find.
   */
  readonly externs?: ExternMode
  /**
   * The types of the kernel that the object is for, by which CO-RE relocations are made, functions and variables found
   * and programs bound; the two options above don't count then. What the kernel lacks marks a program unsupported.
   */
  readonly kernelTypes?: KernelTypes
}

/**
 * Reads an object file: its programs with all they call, its maps and global data. Nothing is loaded anywhere yet.
 *
 * @param bytes the object as clang -target bpf wrote it, of either byte order
 * @throws {ElfError} for a damaged file, or one that is no BPF object
 * @throws {BtfError} for damaged type information or a map definition that is none
 * @throws {LoaderError} LOADER_SECTION_UNKNOWN, LOADER_SECTION, LOADER_FUNCTION, LOADER_DUPLICATE, LOADER_RELOCATION,
 *   LOADER_CALL, LOADER_MAP_DEFINITION, LOADER_TOO_LARGE
 */
export function loadCollectionSpec(bytes: Uint8Array, options: CollectionSpecOptions = {}): CollectionSpec {
  const object = openObject(bytes, options.name)
  const code = new Map(object.code.map((section) => [section.index, readCodeSection(object, section)]))
  const declared = [...readBtfMaps(object), ...readLegacyMaps(object)]
  readSlots(object, declared, code)
  const data = readDataMaps(object)
  const maps = collectMaps(object, [...declared, ...data])
  const arenaData = readArenaData(object, declared)
  const places = arenaData === undefined ? data : [...data, arenaData]
  const index: ObjectIndex = {
    object,
    code,
    maps: placeMaps(declared),
    data: new Map(places.map(({ sectionIndex, key }) => [sectionIndex, key])),
    exceptionCallbacks: exceptionCallbacks(object.btf, code.values()),
    structOps: new StructOpsPlaces(object),
  }
  const kernel = kernelReferences(object, options)
  const configuration = kernel?.configuration.map()
  if (configuration !== undefined) maps.set(CONFIGURATION_MAP, configuration)
  const programs = readPrograms(index, options, kernel)
  warnOfDataRelocations(object)
  return new CollectionSpec({
    programs,
    maps,
    ...(object.btf === undefined ? {} : { btf: object.btf }),
    byteOrder: object.elf.header.byteOrder,
    variables: readVariables(object, places),
    warnings: object.warnings,
  })
}

function collectMaps(object: ObjectFile, found: readonly { key: string; spec: MapSpec }[]): Map<string, MapSpec> {
  const maps = new Map<string, MapSpec>()
  for (const { key, spec } of found) {
    if (maps.has(key)) {
      throw new LoaderError({
        code: 'LOADER_DUPLICATE',
        message: `two maps are called '${key}'`,
        where: placeIn(object, { section: spec.section, map: key }),
      })
    }
    maps.set(key, spec)
  }
  return maps
}

function placeMaps(maps: readonly PlacedMap[]): ReadonlyMap<number, ReadonlyMap<number, string>> {
  const places = new Map<number, Map<number, string>>()
  for (const { sectionIndex, offsetBytes, key } of maps) {
    const section = places.get(sectionIndex) ?? new Map<number, string>()
    places.set(sectionIndex, section.set(offsetBytes, key))
  }
  return places
}

function kernelReferences(
  { btf, untypedExterns }: ObjectFile,
  { kernelTypes }: CollectionSpecOptions,
): KernelReferences | undefined {
  if (btf === undefined || kernelTypes === undefined) return undefined
  return new KernelReferences(btf, kernelTypes, untypedExterns)
}

function readPrograms(
  index: ObjectIndex,
  options: CollectionSpecOptions,
  kernel: KernelReferences | undefined,
): Map<string, ProgramSpec> {
  const programs = new Map<string, ProgramSpec>()
  const budget = { insns: MAX_OBJECT_INSNS }
  const { coreRelocations = 'refuse', externs = 'refuse' } = options
  const modes = { coreRelocations, externs, ...(kernel === undefined ? {} : { kernel }) }
  for (const section of index.code.values()) {
    if (section.name === SUBPROGRAM_SECTION) continue
    const kind = sectionKind(index.object, section, options)
    for (const entry of section.functions) {
      const program = readProgram(index, entry, kind, modes, budget)
      if (programs.has(program.name)) {
        throw new LoaderError({
          code: 'LOADER_DUPLICATE',
          message: `two programs are called '${program.name}'`,
          where: placeIn(index.object, { section: section.name, program: program.name }),
        })
      }
      programs.set(program.name, program)
    }
  }
  return programs
}

function sectionKind(object: ObjectFile, section: CodeSection, options: CollectionSpecOptions): ProgramSection {
  const known = programSection(section.name)
  const kind = known ?? (options.programSection === undefined ? undefined : programSection(options.programSection))
  if (kind === undefined) {
    throw unknownSection(known === undefined ? section.name : (options.programSection ?? '')).at(placeIn(object, {}))
  }
  if (section.functions.length > 0) return kind
  throw new LoaderError({
    code: 'LOADER_FUNCTION',
    message: 'a section of code holds no function',
    where: placeIn(object, { section: section.name }),
    hint: 'the object was stripped of its symbols; strip only debug information (llvm-strip -g)',
  })
}

function readProgram(
  index: ObjectIndex,
  entry: CodeFunction,
  kind: ProgramSection,
  modes: LinkModes,
  budget: { insns: number },
): ProgramSpec {
  const { object } = index
  if (entry.isStatic) {
    throw new LoaderError({
      code: 'LOADER_FUNCTION',
      message: `program '${entry.name}' is static`,
      where: placeIn(object, { section: entry.section.name, program: entry.name }),
      expected: 'a global function',
      hint: 'remove `static`, or the SEC() of what is no program',
    })
  }
  const linked = linkProgram(index, entry, modes, budget)
  const bound = bindProgram(index, entry, kind, modes)
  const unsupported = linked.unsupported ?? bound.unsupported
  return {
    name: entry.name,
    section: entry.section.name,
    type: kind.type,
    expectedAttachType: bound.expectedAttachType ?? kind.expectedAttachType,
    ...(bound.structOps === undefined ? {} : { structOps: bound.structOps }),
    ...(kind.target === undefined ? {} : { target: kind.target }),
    autoload: kind.autoload,
    ...(bound.attachBtfId === undefined ? {} : { attachBtfId: bound.attachBtfId }),
    insns: linked.insns,
    mapRelocations: linked.mapRelocations,
    ...(linked.externs.length === 0 ? {} : { externs: linked.externs }),
    license: object.license,
    functionInfo: linked.functionInfo,
    lineInfo: linked.lineInfo,
    flags: kind.flags,
    ...(unsupported === undefined ? {} : { unsupported }),
  }
}

/** What a program is bound to in the kernel, or why it can't be. */
interface Bound {
  readonly attachBtfId?: number
  readonly expectedAttachType?: number
  readonly structOps?: StructOpsMember
  readonly unsupported?: LoaderError
}

function keptMember(places: StructOpsPlaces, entry: CodeFunction): Bound {
  const structOps = places.member(entry)
  return { expectedAttachType: structOps.index, structOps }
}

function bindProgram(
  { object, structOps }: ObjectIndex,
  entry: CodeFunction,
  { type, expectedAttachType, target }: ProgramSection,
  { kernel, externs }: LinkModes,
): Bound {
  const isStructOps = type === PROG_TYPE.STRUCT_OPS
  const isKept = isStructOps && externs === 'keep'
  if (kernel === undefined && !isKept) return isStructOps ? { unsupported: needsTypes(object, entry) } : {}
  try {
    if (kernel === undefined) return keptMember(structOps, entry)
    if (isStructOps) return kernel.structOps(structOps, entry)
    const attachBtfId = kernel.attachTarget(type, expectedAttachType, target)
    return attachBtfId === undefined ? {} : { attachBtfId }
  } catch (error) {
    if (!(error instanceof LoaderError)) throw error
    error.at(placeIn(object, { section: entry.section.name, program: entry.name }))
    return { unsupported: error }
  }
}

function needsTypes(object: ObjectFile, entry: CodeFunction): LoaderError {
  return new LoaderError({
    code: 'LOADER_UNSUPPORTED',
    message: `program '${entry.name}' is a struct_ops program, which is not supported without the kernel's types`,
    where: placeIn(object, { section: entry.section.name, program: entry.name }),
  })
}

/** libbpf, too, leaves addresses in global data as they are. */
function warnOfDataRelocations({ elf, data, input, warnings }: ObjectFile): void {
  for (const section of data) {
    const isRelocated = elf.sections.some(
      ({ type, info }) => (type === SHT_REL || type === SHT_RELA) && info === section.index,
    )
    if (!isRelocated) continue
    warnings.push(
      new LoaderError({
        code: 'LOADER_UNSUPPORTED',
        message: 'addresses in global data are not filled in',
        where: placeIn({ input }, { section: section.name }),
        hint: 'a program can not follow a pointer that is stored in its data; keep an index instead',
      }),
    )
  }
}
