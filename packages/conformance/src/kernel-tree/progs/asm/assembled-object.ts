import type { FunctionDefinition, TranslationUnit } from '@bpfoundry/c-source'
import { CollectionSpec, loadCollectionSpec, programSection } from '@bpfoundry/loader'
import type { AnnotatedFunction, AnnotatedObject } from '../annotated-object.ts'
import { declarationTags, sectionOf } from './attributes.ts'
import { FunctionTable, type Need, type Reach, unread } from './function-table.ts'
import { objectContents } from './object-contents.ts'
import { objectFile } from './object-file.ts'
import { readProgramSource, type SourceOptions, type SourceTree } from './program-source.ts'
import { VariableTable } from './variable-table.ts'

/**
 * Makes of a file of test programs, without a compiler, what clang makes of it: those programs that are inline assembly
 * with all they call. It becomes an object file that the loader then reads, so that there is one way of linking.
 *
 * @param file relative to the tree
 * @throws {ConformanceError} CONFORMANCE_SOURCE where there is no such file
 */
export function assembledObject(tree: SourceTree, file: string, options: SourceOptions = {}): AnnotatedObject {
  const source = readProgramSource(tree, file, options)
  const { unit } = source
  const variables = new VariableTable(unit)
  const table = new FunctionTable(source, variables)
  const programs = programsOf(unit)
  const reaches = new Map(programs.map(({ name }) => [name, table.reach(name)]))
  const made = makeSpec(unit, file, table, variables, [...reaches.values()])
  const functions = programs.map((program): AnnotatedFunction => {
    const reach = reaches.get(program.name) as Reach | Need
    const how = 'needs' in reach ? reach : 'needs' in made ? made : 'assembled'
    return annotated(program, how)
  })
  return { file, functions, spec: 'needs' in made ? EMPTY : made }
}

const EMPTY = new CollectionSpec({ programs: new Map(), maps: new Map(), byteOrder: 'little' })

/** Functions that SEC() makes programs. */
function programsOf({ definitions }: TranslationUnit): FunctionDefinition[] {
  return definitions.filter((definition) => {
    const section = sectionOf(definition)
    return definition.storage !== 'static' && section !== undefined && programSection(section) !== undefined
  })
}

function annotated(program: FunctionDefinition, how: AnnotatedFunction['how']): AnnotatedFunction {
  const { name, span } = program
  const tags = declarationTags(program)
  return { name, line: span.line, section: sectionOf(program) ?? '', tags, how }
}

/** What the loader refuses leaves the file without any program. */
function makeSpec(
  unit: TranslationUnit,
  file: string,
  table: FunctionTable,
  variables: VariableTable,
  reaches: readonly (Reach | Need)[],
): CollectionSpec | Need {
  const reached = reaches.filter((reach): reach is Reach => !('needs' in reach))
  try {
    const bytes = objectFile(objectContents(unit, table, variables, reached))
    return loadCollectionSpec(bytes, { name: file, externs: 'keep' })
  } catch (error) {
    return unread(error)
  }
}
