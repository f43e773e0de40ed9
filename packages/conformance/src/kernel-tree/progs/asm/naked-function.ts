import type { LineInfo } from '@bpfoundry/btf'
import type { AsmStatement, FunctionDefinition, TranslationUnit } from '@bpfoundry/c-source'
import { type AsmRelocation, assembleLlvm, type Insn, IsaError } from '@bpfoundry/isa'
import { errorAt } from '../../../conformance-error.ts'
import { compilerOperand, operandTexts } from './asm-operand.ts'
import { expandTemplate } from './asm-template.ts'

/** A function's code, what it refers to still open. */
export interface FunctionCode {
  readonly insns: readonly Insn[]
  readonly relocations: readonly AsmRelocation[]
  /** One for each statement, as clang has it. */
  readonly lines: readonly LineInfo[]
}

/** Why a function takes a compiler; undefined where its body is all assembly and nothing goes around it. */
export function compilerReason({ name, attributes, asm }: FunctionDefinition): string | undefined {
  if (asm === undefined || asm.length === 0) return `the body of '${name}' is C`
  if (!attributes.some((attribute) => attribute.name === 'naked')) return `'${name}' is not naked`
  const reason = asm.map(compilerOperand).find((found) => found !== undefined)
  return reason === undefined ? undefined : `'${name}' has ${reason}`
}

/** What functions of a file share. */
export interface AssemblySource {
  readonly unit: TranslationUnit
  /** A line of a file as it is written, for the records of what code comes from. */
  lineText(file: string, line: number): string
  /** The next number that `%=` may stand for. */
  nextUnique(): number
}

/**
 * Assembles a function that needs no compiler.
 *
 * @throws {CSourceError} for operands, {ConformanceError} CONFORMANCE_SOURCE for what is no assembly
 */
export function assembleFunction(source: AssemblySource, { asm = [], span }: FunctionDefinition): FunctionCode {
  const texts = asm.map((statement) => statementText(source, statement))
  try {
    const text = texts.map((text, index) => `${startLabel(index)}:\n${text}\n`).join('')
    // As clang does: other names are the linker's, and a constant is cut to its field.
    const { insns, relocations, labels } = assembleLlvm(text, { externals: true, wrapImmediates: true })
    const lines = asm.map((statement, index) => lineInfo(source, statement, labels.get(startLabel(index)) ?? 0))
    return { insns, relocations, lines }
  } catch (error) {
    if (!(error instanceof IsaError)) throw error
    const { text } = error.where?.source ?? {}
    const got = error.got ?? text
    throw errorAt(asm[0]?.span ?? span, {
      code: 'CONFORMANCE_SOURCE',
      message: `inline assembly that is not read: ${error.message}${text === undefined ? '' : ` (\`${text.trim()}\`)`}`,
      ...(got === undefined ? {} : { got }),
    })
  }
}

const startLabel = (index: number): string => `.Lstatement${index}`

function statementText({ unit, nextUnique }: AssemblySource, statement: AsmStatement): string {
  const operands = operandTexts(unit, statement)
  const loads = operands.flatMap(({ load }) => (load === undefined ? [] : [`${load}\n`]))
  return loads.join('') + expandTemplate(statement, (index) => operands[index]?.text ?? '', nextUnique())
}

function lineInfo(source: AssemblySource, { span }: AsmStatement, pc: number): LineInfo {
  const { file, line, column = 0 } = span
  return { pc, file, text: source.lineText(file, line), line, column }
}
