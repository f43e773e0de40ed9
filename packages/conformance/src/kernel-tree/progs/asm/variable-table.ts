import type { TranslationUnit, VariableDeclaration } from '@bpfoundry/c-source'
import { Diagnostic } from '@bpfoundry/diagnostics'
import { alignedTo, hasAttribute, sectionOf } from './attributes.ts'
import { isConst } from './bare-type.ts'
import { type AddressSlot, type InitialBytes, initialBytes } from './initial-bytes.ts'
import { alignmentOf, sizeOf } from './type-layout.ts'

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
    const { bytes, addresses } = this.#initial(declaration)
    const isZero = addresses.length === 0 && bytes.every((byte) => byte === 0)
    const section = sectionOf(declaration) ?? (isConst(declaration.type) ? '.rodata' : isZero ? '.bss' : '.data')
    const alignmentBytes = Math.max(alignedTo(declaration), alignmentOf(declaration.type))
    const variable = { declaration, section, bytes, addresses, alignmentBytes }
    this.#variables.set(name, variable)
    return variable
  }

  #initial({ name, type, hasInitializer }: VariableDeclaration): InitialBytes {
    const zeros = { bytes: new Uint8Array(sizeOf(type)), addresses: [] }
    if (!hasInitializer) return zeros
    try {
      return initialBytes(type, this.#unit.valueOf(name))
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error
      this.#problems.set(name, error)
      return zeros
    }
  }
}
