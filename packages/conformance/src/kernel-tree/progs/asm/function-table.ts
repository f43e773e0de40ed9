import type { FunctionDefinition } from '@bpfoundry/c-source'
import { Diagnostic } from '@bpfoundry/diagnostics'
import type { FunctionMaking } from '../annotated-object.ts'
import { type AssemblySource, assembleFunction, compilerReason, type FunctionCode } from './naked-function.ts'
import type { ProgramSource } from './program-source.ts'
import type { VariableTable } from './variable-table.ts'

/** What is missing to make a function. */
export type Need = Extract<FunctionMaking, { readonly needs: string }>

/** All that a program is made of: itself first. */
export interface Reach {
  readonly functions: ReadonlySet<string>
  readonly variables: ReadonlySet<string>
  /** Functions and variables that the kernel has. */
  readonly externs: ReadonlySet<string>
}

/** The functions of a file, each assembled when it is first asked for. */
export class FunctionTable {
  readonly #source: AssemblySource
  readonly #variables: VariableTable
  readonly #definitions: ReadonlyMap<string, FunctionDefinition>
  readonly #code = new Map<string, FunctionCode | Need>()

  constructor({ unit, lineText }: ProgramSource, variables: VariableTable) {
    let unique = 0
    this.#source = { unit, lineText, nextUnique: () => unique++ }
    this.#variables = variables
    this.#definitions = new Map(unit.definitions.map((definition) => [definition.name, definition]))
  }

  definition(name: string): FunctionDefinition | undefined {
    return this.#definitions.get(name)
  }

  code(name: string): FunctionCode | Need {
    const known = this.#code.get(name)
    if (known !== undefined) return known
    const code = this.#make(this.#definitions.get(name) as FunctionDefinition)
    this.#code.set(name, code)
    return code
  }

  /** Everything that a program calls and uses, directly or not; or why it can't be made. */
  reach(program: string): Reach | Need {
    const reach = { functions: new Set([program]), variables: new Set<string>(), externs: new Set<string>() }
    for (const name of reach.functions) {
      const code = this.code(name)
      if ('needs' in code) return name === program ? code : { ...code, detail: `it uses '${name}': ${code.detail}` }
      for (const { symbol } of code.relocations) {
        if (this.#definitions.has(symbol)) reach.functions.add(symbol)
        else if (this.#variables.isDefined(symbol)) reach.variables.add(symbol)
        else if (this.#isDeclared(symbol)) reach.externs.add(symbol)
        else return { needs: 'unread', detail: `'${name}' uses '${symbol}', which nothing that was read declares` }
      }
    }
    const problem = [...reach.variables].map((name) => this.#variables.problem(name)).find((found) => found)
    return problem === undefined ? reach : unread(problem)
  }

  #isDeclared(symbol: string): boolean {
    const { functions, variables } = this.#source.unit
    return functions.has(symbol) || variables.has(symbol)
  }

  #make(definition: FunctionDefinition): FunctionCode | Need {
    const reason = compilerReason(definition)
    if (reason !== undefined) return { needs: 'clang', detail: reason }
    try {
      return assembleFunction(this.#source, definition)
    } catch (error) {
      return unread(error)
    }
  }
}

/** Bad input becomes a reason; anything else is a defect of ours. */
export function unread(error: unknown): Need {
  if (error instanceof Diagnostic) return { needs: 'unread', detail: String(error) }
  throw error
}
