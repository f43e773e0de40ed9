import type { CoreRelocation, FunctionInfo, LineInfo } from '@bpfoundry/btf'
import { type ElfRelocation, type ElfSection, type ElfSymbol, STB_LOCAL, STT_FUNC, STT_NOTYPE } from '@bpfoundry/elf'
import { decodeInsns, INSN_BYTES, type Insn } from '@bpfoundry/isa'
import { LoaderError } from './loader-error.ts'
import { type ObjectFile, placeIn } from './object-file.ts'

/** One function of a section. Slots count from the section's start, records from the function's. */
export interface CodeFunction {
  readonly name: string
  readonly section: CodeSection
  readonly start: number
  /** The slot after its last. */
  readonly end: number
  readonly isStatic: boolean
  readonly functionInfo: FunctionInfo[]
  readonly lineInfo: LineInfo[]
  readonly coreRelocations: CoreRelocation[]
}

/** A section of instructions. */
export interface CodeSection {
  readonly index: number
  readonly name: string
  readonly insns: readonly Insn[]
  /** By slot: at most one changes an instruction. */
  readonly relocations: ReadonlyMap<number, ElfRelocation>
  /** In order of their start; they don't overlap, but two names may stand for one function. */
  readonly functions: readonly CodeFunction[]
  /** By start. */
  readonly functionAt: ReadonlyMap<number, CodeFunction>
}

/** R_BPF_NONE: changes nothing. */
const R_BPF_NONE = 0

/**
 * Decodes a section's instructions and finds its functions.
 *
 * @throws {LoaderError} LOADER_SECTION, LOADER_FUNCTION, LOADER_RELOCATION
 */
export function readCodeSection(object: ObjectFile, elfSection: ElfSection): CodeSection {
  const { elf } = object
  const { name, index, sizeBytes } = elfSection
  if (sizeBytes % INSN_BYTES !== 0) {
    throw new LoaderError({
      code: 'LOADER_SECTION',
      message: 'code is no whole number of instructions',
      where: placeIn(object, { section: name }),
      got: `${sizeBytes} bytes`,
      expected: `a multiple of ${INSN_BYTES}`,
    })
  }
  const functions: CodeFunction[] = []
  const section: CodeSection = {
    index,
    name,
    insns: decodeInsns(elf.data(elfSection), { byteOrder: elf.header.byteOrder }),
    relocations: relocationsBySlot(object, elfSection),
    functions,
    functionAt: new Map(),
  }
  functions.push(...findFunctions(object, section, sizeBytes / INSN_BYTES))
  const functionAt = section.functionAt as Map<number, CodeFunction>
  for (const found of functions) if (!functionAt.has(found.start)) functionAt.set(found.start, found)
  attachRecords(object, section)
  return section
}

function relocationsBySlot(object: ObjectFile, section: ElfSection): ReadonlyMap<number, ElfRelocation> {
  const bySlot = new Map<number, ElfRelocation>()
  for (const relocation of object.elf.relocationsOf(section)) {
    const { offsetBytes, type, addend } = relocation
    if (type === R_BPF_NONE) continue
    const pc = Math.floor(offsetBytes / INSN_BYTES)
    const problem = (message: string, got: string): LoaderError =>
      new LoaderError({
        code: 'LOADER_RELOCATION',
        message,
        where: placeIn(object, { section: section.name, pc }),
        got,
      })
    if (offsetBytes % INSN_BYTES !== 0)
      throw problem('relocation of the middle of an instruction', `offset ${offsetBytes}`)
    if (bySlot.has(pc)) throw problem('two relocations of one instruction', `type ${type}`)
    if (addend !== undefined && addend !== 0) throw problem('relocation of code with an addend of its own', `${addend}`)
    bySlot.set(pc, relocation)
  }
  return bySlot
}

/** Function symbols; in objects of compilers that did not type them, every global one. */
function findFunctions(object: ObjectFile, section: CodeSection, slots: number): CodeFunction[] {
  const symbols = object.symbolsBySection.get(section.index) ?? []
  const typed = symbols.filter(({ type }) => type === STT_FUNC)
  const untyped = symbols.filter(({ type, bind }) => type === STT_NOTYPE && bind !== STB_LOCAL)
  const used = [...(typed.length > 0 ? typed : untyped)].sort((a, b) => a.value - b.value)
  const functions = used.map((symbol, position) => toFunction(object, section, symbol, used[position + 1], slots))
  functions.forEach((current, position) => {
    const before = functions[position - 1]
    const isAlias = before !== undefined && before.start === current.start && before.end === current.end
    if (before !== undefined && current.start < before.end && !isAlias) {
      throw functionError(object, section, current.name, `overlaps '${before.name}'`, `insn ${current.start}`)
    }
  })
  return functions
}

function toFunction(
  object: ObjectFile,
  section: CodeSection,
  symbol: ElfSymbol,
  next: ElfSymbol | undefined,
  slots: number,
): CodeFunction {
  const { name, value, sizeBytes, bind } = symbol
  if (value % INSN_BYTES !== 0 || sizeBytes % INSN_BYTES !== 0) {
    throw functionError(object, section, name, 'is no whole number of instructions', `${sizeBytes} bytes at ${value}`)
  }
  const start = value / INSN_BYTES
  const end =
    sizeBytes > 0 ? start + sizeBytes / INSN_BYTES : next === undefined ? slots : Math.floor(next.value / INSN_BYTES)
  if (start >= end) throw functionError(object, section, name, 'has no instructions', `insn ${start}`)
  return {
    name,
    section,
    start,
    end,
    isStatic: bind === STB_LOCAL,
    functionInfo: [],
    lineInfo: [],
    coreRelocations: [],
  }
}

function functionError(object: ObjectFile, section: CodeSection, name: string, what: string, got: string): LoaderError {
  return new LoaderError({
    code: 'LOADER_FUNCTION',
    message: `function '${name}' ${what}`,
    where: placeIn(object, { section: section.name }),
    got,
  })
}

/** Deals the records about the section's code out to the functions they lie in. */
function attachRecords(object: ObjectFile, section: CodeSection): void {
  const info = object.ext.get(section.name)
  if (info === undefined) return
  const deal = <T extends { readonly pc: number }>(records: readonly T[], to: (found: CodeFunction) => T[]): void => {
    for (const record of records) {
      for (const found of functionsAround(section.functions, record.pc)) {
        to(found).push({ ...record, pc: record.pc - found.start })
      }
    }
  }
  deal(info.functions, (found) => found.functionInfo)
  deal(info.lines, (found) => found.lineInfo)
  deal(info.coreRelocations, (found) => found.coreRelocations)
}

/** The function that a slot is in, under each of its names; by bisection. */
function functionsAround(functions: readonly CodeFunction[], pc: number): CodeFunction[] {
  let [low, high] = [0, functions.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((functions[middle] as CodeFunction).start <= pc) low = middle + 1
    else high = middle
  }
  const around: CodeFunction[] = []
  const start = functions[low - 1]?.start
  for (let at = low - 1; at >= 0 && functions[at]?.start === start; at--) {
    const found = functions[at] as CodeFunction
    if (pc < found.end) around.push(found)
  }
  return around
}
