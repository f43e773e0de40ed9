import type { FunctionDefinition, TranslationUnit } from '@bpfoundry/c-source'
import { sectionOf } from './attributes.ts'
import type { FunctionTable, Reach } from './function-table.ts'
import type { FunctionCode } from './naked-function.ts'
import type { Variable, VariableTable } from './variable-table.ts'

/** Where functions without SEC() are. */
const TEXT = '.text'

/** A function and where it stands in its section. */
export interface PlacedFunction {
  readonly definition: FunctionDefinition
  readonly code: FunctionCode
  readonly section: string
  readonly startSlot: number
}

/** A variable and where it stands in its section. */
export interface PlacedVariable extends Variable {
  readonly name: string
  readonly offsetBytes: number
}

/** What goes into an object file, in its order. */
export interface ObjectContents {
  readonly unit: TranslationUnit
  readonly functions: readonly PlacedFunction[]
  readonly variables: readonly PlacedVariable[]
  readonly externs: readonly string[]
}

/** Lays out all that the programs of a file need. */
export function objectContents(
  unit: TranslationUnit,
  functions: FunctionTable,
  variables: VariableTable,
  reaches: readonly Reach[],
): ObjectContents {
  const reached = new Set(reaches.flatMap((reach) => [...reach.functions]))
  const definitions = unit.definitions.filter(({ name }) => reached.has(name))
  const names = variableOrder(unit, functions, variables, definitions)
  return {
    unit,
    functions: placeFunctions(functions, definitions),
    variables: placeVariables(variables, names),
    externs: [...new Set(reaches.flatMap((reach) => [...reach.externs]))],
  }
}

function placeFunctions(table: FunctionTable, definitions: readonly FunctionDefinition[]): PlacedFunction[] {
  const ends = new Map<string, number>()
  return definitions.map((definition) => {
    const section = sectionOf(definition) ?? TEXT
    const startSlot = ends.get(section) ?? 0
    // Those that can't be made are in no reach.
    const code = table.code(definition.name) as FunctionCode
    ends.set(section, startSlot + code.insns.length)
    return { definition, code, section, startSlot }
  })
}

/**
 * The order in which clang makes variables: at their definition where they are initialised or when a function refers to
 * them before that; those without initialiser and reference at the end.
 */
function variableOrder(
  unit: TranslationUnit,
  functions: FunctionTable,
  variables: VariableTable,
  definitions: readonly FunctionDefinition[],
): Set<string> {
  const kept = variables.kept()
  const steps = [
    ...kept
      .map((name) => unit.variables.get(name))
      .flatMap((variable) => {
        if (variable?.hasInitializer !== true) return []
        const { addresses } = variables.variable(variable.name)
        return [{ span: variable.span, names: [...addresses.map(({ symbol }) => symbol), variable.name] }]
      }),
    ...definitions.map(({ name, span }) => {
      const { relocations } = functions.code(name) as FunctionCode
      return { span, names: relocations.map(({ symbol }) => symbol) }
    }),
  ]
  const main = definitions[0]?.span.file
  const lineOf = ({ file, line }: { file: string; line: number }): number => (file === main ? line : 0)
  steps.sort((a, b) => lineOf(a.span) - lineOf(b.span))
  return new Set([...steps.flatMap(({ names }) => names).filter((name) => variables.isDefined(name)), ...kept])
}

function placeVariables(table: VariableTable, names: ReadonlySet<string>): PlacedVariable[] {
  const ends = new Map<string, number>()
  return [...names].map((name) => {
    const variable = table.variable(name)
    const { section, alignmentBytes, bytes } = variable
    const offsetBytes = Math.ceil((ends.get(section) ?? 0) / alignmentBytes) * alignmentBytes
    ends.set(section, offsetBytes + bytes.length)
    return { ...variable, name, offsetBytes }
  })
}
