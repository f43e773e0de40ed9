import { BTF_KIND, BTF_LINKAGE, type Btf, type BtfType } from '@bpfoundry/btf'
import {
  type ElfSymbol,
  SHN_ABS,
  SHN_UNDEF,
  STB_GLOBAL,
  STB_LOCAL,
  STB_WEAK,
  STT_FILE,
  STT_SECTION,
  STV_DEFAULT,
  STV_HIDDEN,
} from '@bpfoundry/elf'
import { linkError } from './link-error.ts'
import type { LinkedSection, Placement } from './linked-sections.ts'
import { globalMismatch, mapMismatch } from './matching-globals.ts'
import type { SourceObject } from './source-object.ts'

/** A symbol of the result. */
export interface LinkedSymbol {
  readonly name: string
  /** Undefined for one that is defined nowhere; null for a number. */
  section: LinkedSection | null | undefined
  value: number
  sizeBytes: number
  type: number
  bind: number
  visibility: number
}

/** A symbol that objects have in common, with its VAR or FUNC. */
export interface Global {
  readonly symbol: LinkedSymbol
  /** The section that it is in, or that its type is declared in: `.ksyms` has types only. */
  sectionName: string | undefined
  isExtern: boolean
  isWeak: boolean
  /** In the types of the result; 0 until they have it. */
  typeId: number
  /** The object that is being added defines it anew: its type counts from now on. */
  isRedefined: boolean
}

/** Where clang declares what is to be found in other objects. */
const EXTERN_SECTION = '.extern'

const MAPS_SECTION = '.maps'

/** The symbols of the result. */
export class LinkedSymbols {
  readonly globals: Map<string, Global> = new Map()
  readonly #symbols: LinkedSymbol[] = []
  readonly #ofSections = new Map<LinkedSection, LinkedSymbol>()

  /** Local ones first, as tables of symbols have it. */
  get all(): readonly LinkedSymbol[] {
    const isLocal = ({ bind }: LinkedSymbol): boolean => bind === STB_LOCAL
    return [...this.#symbols.filter(isLocal), ...this.#symbols.filter((symbol) => !isLocal(symbol))]
  }

  /**
   * Adds an object's symbols.
   *
   * @param types of the objects before
   * @returns what stands for each, by its index; absent for those of what is left out
   * @throws {LoaderError} LOADER_LINK
   */
  add(object: SourceObject, placements: ReadonlyMap<number, Placement>, types: Btf): ReadonlyMap<number, LinkedSymbol> {
    const linked = new Map<number, LinkedSymbol>()
    const declarations = declarationsOf(object)
    for (const symbol of object.elf.symbols.slice(1)) {
      const { sectionIndex, type, bind } = symbol
      const placement = placements.get(sectionIndex)
      const isExtern = sectionIndex === SHN_UNDEF
      checkSymbol(object, symbol)
      const isLeftOut = placement === undefined ? !isExtern && sectionIndex !== SHN_ABS : placement.isRepeated
      if (isLeftOut || type === STT_FILE) continue
      if (bind === STB_LOCAL) {
        linked.set(symbol.index, this.#addLocal(symbol, placement))
        continue
      }
      const declared = declarations.get(symbol.name)
      if (declared === undefined) throw untyped(object.name, symbol.name)
      linked.set(symbol.index, this.#addGlobal(object, symbol, placement, declared, types))
    }
    return linked
  }

  /** A section has one symbol, whatever the number of sections that it is made of. */
  #addLocal(symbol: ElfSymbol, placement: Placement | undefined): LinkedSymbol {
    if (symbol.type !== STT_SECTION || placement === undefined) return this.#push(symbol, placement)
    const known = this.#ofSections.get(placement.section) ?? this.#push(symbol, { ...placement, offsetBytes: 0 })
    this.#ofSections.set(placement.section, known)
    return known
  }

  #addGlobal(
    object: SourceObject,
    symbol: ElfSymbol,
    placement: Placement | undefined,
    declared: SymbolDeclaration,
    types: Btf,
  ): LinkedSymbol {
    const known = this.globals.get(symbol.name)
    const isExtern = symbol.sectionIndex === SHN_UNDEF
    const declaredIn = declared.section === EXTERN_SECTION ? undefined : declared.section
    const sectionName = isExtern ? declaredIn : placement?.section.name
    const isWeak = symbol.bind === STB_WEAK
    if (known === undefined) {
      const added = this.#push(symbol, placement)
      this.globals.set(symbol.name, { symbol: added, sectionName, isExtern, isWeak, typeId: 0, isRedefined: false })
      return added
    }
    if (!isExtern && !known.isExtern && !known.isWeak && !isWeak) {
      throw linkError(`'${symbol.name}' is defined twice`, object.name, 'two definitions', 'all but one weak')
    }
    checkTypes(object, known, declared.typeId, types)
    tighten(known, symbol)
    const isReplaced = !isExtern && (known.isExtern || !isWeak)
    if (isReplaced) replace(known, symbol, placement)
    return known.symbol
  }

  #push(
    { name, value, sizeBytes, type, bind, visibility, sectionIndex }: ElfSymbol,
    placement?: Placement,
  ): LinkedSymbol {
    const section = sectionIndex === SHN_ABS ? null : placement?.section
    const at = type === STT_SECTION ? 0 : value + (placement?.offsetBytes ?? 0)
    const symbol = { name, section, value: at, sizeBytes, type, bind, visibility }
    this.#symbols.push(symbol)
    return symbol
  }
}

/** One strong one makes all strong, one hidden one hides all. */
function tighten(known: Global, { bind, visibility }: ElfSymbol): void {
  const { symbol } = known
  if (bind === STB_GLOBAL) {
    symbol.bind = STB_GLOBAL
    known.isWeak = false
  }
  symbol.visibility = Math.max(symbol.visibility, visibility)
}

function replace(known: Global, { type, value, sizeBytes }: ElfSymbol, placement: Placement | undefined): void {
  const { symbol } = known
  Object.assign(symbol, { type, sizeBytes, section: placement?.section ?? null })
  symbol.value = value + (placement?.offsetBytes ?? 0)
  known.sectionName = placement?.section.name
  known.isExtern = false
  known.isRedefined = true
}

function checkSymbol({ name: input }: SourceObject, symbol: ElfSymbol): void {
  const { name, bind, visibility, type, sectionIndex, value, sizeBytes } = symbol
  const problem = (what: string, got: string): Error => linkError(`symbol '${name}' ${what}`, input, got)
  if (bind !== STB_LOCAL && bind !== STB_GLOBAL && bind !== STB_WEAK) throw problem('has no binding', `bind ${bind}`)
  if (!Number.isSafeInteger(value + sizeBytes)) throw problem('lies nowhere', `${sizeBytes} bytes at ${value}`)
  if (visibility !== STV_DEFAULT && visibility !== STV_HIDDEN) {
    throw problem('is neither visible nor hidden', `visibility ${visibility}`)
  }
  const isLocalExtern = sectionIndex === SHN_UNDEF && bind === STB_LOCAL && type !== STT_FILE
  if (isLocalExtern) throw problem('is local, and defined nowhere', `type ${type}`)
}

function checkTypes(object: SourceObject, known: Global, typeId: number, types: Btf): void {
  const { name } = known.symbol
  if (known.typeId === 0 || object.btf === undefined) throw linkError(`'${name}' has no type`, object.name)
  const compare = known.sectionName === MAPS_SECTION ? mapMismatch : globalMismatch
  const reason = compare(types, known.typeId, object.btf, typeId)
  if (reason !== undefined) throw linkError(`objects don't mean the same by '${name}'`, object.name, reason)
}

export function isShared(type: BtfType): boolean {
  return (type.kind === BTF_KIND.VAR || type.kind === BTF_KIND.FUNC) && type.linkage !== BTF_LINKAGE.STATIC
}

/** The VAR or FUNC of a symbol, and the section that its object has it in. */
interface SymbolDeclaration {
  readonly typeId: number
  readonly section?: string
}

/** By name of the symbol; where one is in a section, that counts. */
function declarationsOf({ btf }: SourceObject): ReadonlyMap<string, SymbolDeclaration> {
  const declarations = new Map<string, SymbolDeclaration>()
  for (const type of btf?.types ?? []) if (isShared(type)) declarations.set(type.name, { typeId: type.id })
  for (const section of btf?.types ?? []) {
    if (section.kind !== BTF_KIND.DATASEC) continue
    for (const { typeId } of section.entries) {
      const type = btf?.type(typeId)
      if (type === undefined || !isShared(type) || declarations.get(type.name)?.section !== undefined) continue
      declarations.set(type.name, { typeId, section: section.name })
    }
  }
  return declarations
}

function untyped(input: string, name: string): Error {
  return linkError(`'${name}' has no type`, input, 'none', 'a type for each symbol that is not static: compile with -g')
}
