import {
  BTF_KIND,
  BTF_LINKAGE,
  type Btf,
  type BtfDatasec,
  type BtfDatasecEntry,
  type BtfFunc,
  type BtfFuncProto,
  type BtfType,
  type BtfVar,
} from '@bpfoundry/btf'
import { type ElfFile, type ElfSymbol, STV_HIDDEN, STV_INTERNAL } from '@bpfoundry/elf'

/**
 * What the compiler leaves for the loader to fill in, so that a kernel takes the types: sizes of data sections, offsets
 * of global variables (they stand in the symbol table), linkage of what is defined elsewhere and of hidden functions,
 * names of parameters that have none.
 */
export function completeBtf(btf: Btf, elf: ElfFile, symbolsBySection: ReadonlyMap<number, readonly ElfSymbol[]>): Btf {
  const hidden = hiddenNames(elf)
  const replacements = new Map<number, BtfType>()
  for (const type of btf.types) {
    const completed = completeType(btf, type, elf, symbolsBySection, hidden)
    if (completed !== type) replacements.set(type.id, completed)
  }
  for (const [id, proto] of namelessPrototypes(btf)) replacements.set(id, proto)
  return replacements.size === 0 ? btf : btf.withTypes(replacements)
}

function completeType(
  btf: Btf,
  type: BtfType,
  elf: ElfFile,
  symbolsBySection: ReadonlyMap<number, readonly ElfSymbol[]>,
  hidden: ReadonlySet<string>,
): BtfType {
  switch (type.kind) {
    case BTF_KIND.DATASEC:
      return completeDatasec(btf, type, elf, symbolsBySection)
    case BTF_KIND.FUNC:
      return completeLinkage(type, hidden)
    case BTF_KIND.VAR:
      return completeLinkage(withType(btf, type), hidden)
    default:
      return type
  }
}

/**
 * Prototypes of functions with parameters that have no name, as clang writes them of kernel functions and of naked ones.
 * A kernel wants names, whatever they are: they get the function's.
 */
function namelessPrototypes(btf: Btf): ReadonlyMap<number, BtfFuncProto> {
  const completed = new Map<number, BtfFuncProto>()
  for (const type of btf.types) {
    if (type.kind !== BTF_KIND.FUNC) continue
    const { name, nameOffset, typeId } = type
    const proto = btf.type(typeId)
    if (proto.kind !== BTF_KIND.FUNC_PROTO || completed.has(proto.id)) continue
    if (!proto.parameters.some((parameter) => parameter.name === '' && parameter.typeId !== 0)) continue
    const parameters = proto.parameters.map((parameter) =>
      parameter.name === '' && parameter.typeId !== 0 ? { ...parameter, name, nameOffset } : parameter,
    )
    completed.set(proto.id, { ...proto, parameters })
  }
  return completed
}

/** A symbol of the kernel that is declared without a type: a kernel takes no variables of void. */
function withType(btf: Btf, type: BtfVar): BtfVar {
  if (btf.resolve(type.typeId).kind !== BTF_KIND.VOID) return type
  const number = btf.types.find(({ kind }) => kind === BTF_KIND.INT)
  return number === undefined ? type : { ...type, typeId: number.id }
}

/** What is hidden is for this object alone: such functions are verified where they are called, like static ones. */
function completeLinkage<T extends BtfFunc | BtfVar>(type: T, hidden: ReadonlySet<string>): T {
  const linkage = type.linkage === BTF_LINKAGE.EXTERN ? BTF_LINKAGE.GLOBAL : type.linkage
  const completed = linkage === BTF_LINKAGE.GLOBAL && hidden.has(type.name) ? BTF_LINKAGE.STATIC : linkage
  return completed === type.linkage ? type : { ...type, linkage: completed }
}

function completeDatasec(
  btf: Btf,
  type: BtfDatasec,
  elf: ElfFile,
  symbolsBySection: ReadonlyMap<number, readonly ElfSymbol[]>,
): BtfType {
  const section = elf.section(type.name)
  if (section === undefined) return layOutExterns(btf, type)
  const symbols = new Map((symbolsBySection.get(section.index) ?? []).map((symbol) => [symbol.name, symbol]))
  const entries = type.entries.map((entry): BtfDatasecEntry => {
    const variable = btf.type(entry.typeId)
    if (variable.kind !== BTF_KIND.VAR || variable.linkage === BTF_LINKAGE.STATIC) return entry
    const symbol = symbols.get(variable.name)
    return symbol === undefined ? entry : { ...entry, offsetBytes: symbol.value }
  })
  entries.sort((a, b) => a.offsetBytes - b.offsetBytes)
  return { ...type, sizeBytes: Math.min(section.sizeBytes, 0xffffffff), entries }
}

/**
 * `.ksyms` and `.kconfig` are in no section: their variables are put one after the other. Functions are left out, for a
 * kernel takes only variables there; a section of nothing else becomes a type that nobody refers to, so that ids stay.
 */
function layOutExterns(btf: Btf, type: BtfDatasec): BtfType {
  const variables = type.entries.filter(({ typeId }) => btf.type(typeId).kind === BTF_KIND.VAR)
  if (variables.length === 0) return { kind: BTF_KIND.PTR, id: type.id, name: '', nameOffset: 0, typeId: 0 }
  let end = 0
  const entries = variables.map((entry): BtfDatasecEntry => {
    const variable = btf.type(entry.typeId)
    const typeId = variable.kind === BTF_KIND.VAR ? withType(btf, variable).typeId : entry.typeId
    const sizeBytes = btf.sizeOf(typeId) ?? 0
    const offsetBytes = end
    end += sizeBytes
    return { ...entry, offsetBytes, sizeBytes }
  })
  return end > 0xffffffff ? type : { ...type, sizeBytes: end, entries }
}

function hiddenNames(elf: ElfFile): ReadonlySet<string> {
  const isHidden = ({ visibility }: ElfSymbol): boolean => visibility === STV_HIDDEN || visibility === STV_INTERNAL
  return new Set(elf.symbols.filter(isHidden).map(({ name }) => name))
}
