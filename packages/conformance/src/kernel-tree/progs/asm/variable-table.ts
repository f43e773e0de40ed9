import { alignOf, type CType, type TranslationUnit, type VariableDeclaration } from '@bpfoundry/c-source'
import { Diagnostic } from '@bpfoundry/diagnostics'
import { type ConformanceError, errorAt } from '../../../conformance-error.ts'
import { alignedTo, hasAttribute, sectionOf } from './attributes.ts'
import { type AddressSlot, fixedBytes, type InitialBytes, initialBytes } from './initial-bytes.ts'

/** More than any test program has: what is larger is not made, however it is written. */
const MAX_BYTES = 1 << 24
const MAX_ALIGNMENT_BYTES = 1 << 16

/** A variable as an object file holds it. */
export interface Variable {
  readonly declaration: VariableDeclaration
  readonly section: string
  readonly bytes: Uint8Array
  readonly addresses: readonly AddressSlot[]
  readonly alignmentBytes: number
}

/** The variables that a file defines, each read when it is first asked for. */
export class VariableTable {
  readonly #unit: TranslationUnit
  readonly #variables = new Map<string, Variable>()
  readonly #problems = new Map<string, Diagnostic>()

  constructor(unit: TranslationUnit) {
    this.#unit = unit
  }

  isDefined(name: string): boolean {
    const variable = this.#unit.variables.get(name)
    return variable !== undefined && variable.storage !== 'extern'
  }

  /** Variables that are in the object whether something refers to them or not. */
  kept(): string[] {
    const defined = [...this.#unit.variables.values()].filter(({ storage }) => storage !== 'extern')
    return defined
      .filter((variable) => variable.storage === 'none' || hasAttribute(variable, 'used'))
      .map(({ name }) => name)
  }

  /** Why what it holds is not known. */
  problem(name: string): Diagnostic | undefined {
    this.variable(name)
    return this.#problems.get(name)
  }

  variable(name: string): Variable {
    const known = this.#variables.get(name)
    if (known !== undefined) return known
    const declaration = this.#unit.variables.get(name) as VariableDeclaration
    const variable = this.#read(declaration)
    this.#variables.set(name, variable)
    return variable
  }

  #read(declaration: VariableDeclaration): Variable {
    const { bytes, addresses, alignment } = this.#initial(declaration)
    const isZero = addresses.length === 0 && bytes.every((byte) => byte === 0)
    const section = sectionOf(declaration) ?? (isConst(declaration.type) ? '.rodata' : isZero ? '.bss' : '.data')
    return { declaration, section, bytes, addresses, alignmentBytes: alignment }
  }

  #initial(declaration: VariableDeclaration): InitialBytes & { readonly alignment: number } {
    const { name, type, hasInitializer, span } = declaration
    try {
      const alignment = Math.max(alignedTo(declaration), alignOf(type, span))
      const sizeBytes = fixedBytes(type, span)
      if (alignment > MAX_ALIGNMENT_BYTES || sizeBytes > MAX_BYTES) throw tooLarge(declaration)
      if (hasInitializer) return { ...initialBytes(type, this.#unit.valueOf(name), span), alignment }
      return { bytes: new Uint8Array(sizeBytes), addresses: [], alignment }
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error
      this.#problems.set(name, error)
      return { bytes: new Uint8Array(), addresses: [], alignment: 1 }
    }
  }
}

function tooLarge({ name, span }: VariableDeclaration): ConformanceError {
  const message = `the variable '${name}' is too large`
  return errorAt(span, { code: 'CONFORMANCE_SOURCE', message, expected: `${MAX_BYTES} bytes at most` })
}

/** Whether an object of the type can't be written: const itself, or an array of what is. */
function isConst(type: CType): boolean {
  let each = type
  for (;;) {
    if (each.kind === 'const') return true
    if (each.kind === 'array') each = each.element
    else if (each.kind === 'typedef' || each.kind === 'volatile' || each.kind === 'restrict') each = each.target
    else return false
  }
}
