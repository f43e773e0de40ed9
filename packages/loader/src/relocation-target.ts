import { type ElfRelocation, type ElfSymbol, SHN_UNDEF, STB_WEAK, STT_SECTION } from '@bpfoundry/elf'
import { BPF_CALL, BPF_DW, BPF_IMM, BPF_JMP, BPF_LD, BPF_PSEUDO_CALL, INSN_BYTES, type Insn } from '@bpfoundry/isa'
import type { CodeFunction, CodeSection } from './code-section.ts'
import { LoaderError } from './loader-error.ts'
import { type ObjectFile, placeIn } from './object-file.ts'
import type { StructOpsPlaces } from './struct-ops.ts'

/** Relocation types of the BPF ABI that code may have. @see https://docs.kernel.org/bpf/llvm_reloc.html */
const R_BPF_64_64 = 1
const R_BPF_64_32 = 10

const CALL = BPF_JMP | BPF_CALL
const LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW

/** What an instruction refers to. */
export type Target =
  | { readonly kind: 'map'; readonly map: string }
  | { readonly kind: 'value'; readonly map: string; readonly offsetBytes: number }
  | { readonly kind: 'call'; readonly callee: CodeFunction }
  | { readonly kind: 'function'; readonly callee: CodeFunction }
  | ExternTarget

/** Defined outside the object: a kernel function or variable, or kernel configuration. */
export interface ExternTarget {
  readonly kind: 'extern'
  readonly name: string
  readonly isCall: boolean
  readonly weak: boolean
  /** What to do where it can't be had. */
  readonly hint: string
}

/** Where everything that code may refer to lies. */
export interface ObjectIndex {
  readonly object: ObjectFile
  readonly code: ReadonlyMap<number, CodeSection>
  /** Keys of maps by section index, then by offset in the section. */
  readonly maps: ReadonlyMap<number, ReadonlyMap<number, string>>
  /** Keys of data maps by section index. */
  readonly data: ReadonlyMap<number, string>
  /** What runs when a program throws, by name of the program. */
  readonly exceptionCallbacks: ReadonlyMap<string, CodeFunction>
  /** What programs of STRUCT_OPS stand in for. */
  readonly structOps: StructOpsPlaces
}

/**
 * What the instruction in slot `pc` of a section refers to; undefined when to nothing outside itself.
 *
 * @throws {LoaderError} LOADER_RELOCATION, LOADER_CALL
 */
export function targetOf(index: ObjectIndex, section: CodeSection, pc: number): Target | undefined {
  const insn = section.insns[pc] as Insn
  const relocation = section.relocations.get(pc)
  if (relocation === undefined) {
    if (insn.opcode !== CALL || insn.src !== BPF_PSEUDO_CALL) return undefined
    // A call within the section that the assembler has already resolved.
    return { kind: 'call', callee: calleeAt(index, section, section, pc, pc + insn.imm + 1) }
  }
  const problem = (message: string, got: string, expected?: string): LoaderError =>
    relocationError(index.object, section, pc, message, got, expected)
  const { symbol, type } = relocation
  const name = index.object.elf.symbolName(symbol)
  if (type !== R_BPF_64_64 && type !== R_BPF_64_32) {
    throw problem(`unknown relocation type for '${name}'`, `type ${type}`, 'R_BPF_64_64 (1) or R_BPF_64_32 (10)')
  }
  if (insn.opcode !== CALL && insn.opcode !== LD_IMM64) {
    const expected = 'a call or a 64-bit immediate load'
    throw problem(
      `relocation of an instruction that takes none, for '${name}'`,
      `opcode 0x${insn.opcode.toString(16)}`,
      expected,
    )
  }
  if (symbol.sectionIndex === SHN_UNDEF) return externTarget(index, symbol, insn.opcode === CALL)
  if (insn.opcode === CALL) return callTarget(index, section, pc, symbol, insn.imm)
  if (pc + 1 >= section.insns.length) throw problem('the section ends inside a 64-bit load', `insn ${pc}`)
  return loadTarget(index, section, pc, relocation, insn.imm)
}

/** The callee: imm counts slots from the symbol, less the one after the call. */
function callTarget(index: ObjectIndex, section: CodeSection, pc: number, symbol: ElfSymbol, imm: number): Target {
  const code = index.code.get(symbol.sectionIndex)
  if (code === undefined || symbol.value % INSN_BYTES !== 0) {
    const name = index.object.elf.symbolName(symbol)
    throw relocationError(
      index.object,
      section,
      pc,
      `call of '${name}', which is no code`,
      `section ${symbol.sectionIndex}`,
    )
  }
  return { kind: 'call', callee: calleeAt(index, section, code, pc, symbol.value / INSN_BYTES + imm + 1) }
}

function calleeAt(index: ObjectIndex, from: CodeSection, code: CodeSection, pc: number, start: number): CodeFunction {
  const callee = code.functionAt.get(start)
  if (callee !== undefined) return callee
  throw new LoaderError({
    code: 'LOADER_CALL',
    message: 'call leads to no function',
    where: placeIn(index.object, { section: from.name, pc }),
    got: `insn ${start} of section ${code.name}`,
    expected: 'the first instruction of a function',
  })
}

/** A map, a global, or the address of a function. imm is an offset from the symbol. */
function loadTarget(
  index: ObjectIndex,
  section: CodeSection,
  pc: number,
  { symbol }: ElfRelocation,
  imm: number,
): Target {
  const offsetBytes = symbol.value + imm
  const name = index.object.elf.symbolName(symbol)
  const code = index.code.get(symbol.sectionIndex)
  if (code !== undefined)
    return { kind: 'function', callee: calleeAt(index, section, code, pc, offsetBytes / INSN_BYTES) }
  const maps = index.maps.get(symbol.sectionIndex)
  if (maps !== undefined) {
    const map = maps.get(symbol.type === STT_SECTION ? offsetBytes : symbol.value)
    if (map !== undefined) return { kind: 'map', map }
    throw relocationError(
      index.object,
      section,
      pc,
      `'${name}' is no map`,
      `offset ${offsetBytes}`,
      'the start of a map',
    )
  }
  const data = index.data.get(symbol.sectionIndex)
  if (data !== undefined) return { kind: 'value', map: data, offsetBytes }
  const target = index.object.elf.sections[symbol.sectionIndex]?.name ?? String(symbol.sectionIndex)
  const expected = 'a map, .data, .rodata or .bss'
  throw relocationError(
    index.object,
    section,
    pc,
    `'${name}' is nothing that a program can refer to`,
    `section ${target}`,
    expected,
  )
}

/** What is defined outside the object: kernel functions and variables, and kernel configuration. */
function externTarget(index: ObjectIndex, symbol: ElfSymbol, isCall: boolean): ExternTarget {
  const name = index.object.elf.symbolName(symbol)
  const hint = isCall
    ? 'kernel functions are not there yet; use a helper, or define the function in this object'
    : 'kernel variables and configuration are not there yet; use a `const volatile` global that is set before loading'
  return { kind: 'extern', name, isCall, weak: symbol.bind === STB_WEAK, hint }
}

function relocationError(
  object: ObjectFile,
  section: CodeSection,
  pc: number,
  message: string,
  got: string,
  expected?: string,
): LoaderError {
  return new LoaderError({
    code: 'LOADER_RELOCATION',
    message,
    where: placeIn(object, { section: section.name, pc }),
    got,
    ...(expected === undefined ? {} : { expected }),
  })
}
