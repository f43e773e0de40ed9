import { CSourceError, errorAt } from '../c-source-error.ts'
import type { CFunctionType, CType, CTypedef } from '../c-type.ts'
import { spanOf, type Token } from '../lexer/token.ts'
import type { Attribute, FunctionDefinition } from '../translation-unit.ts'
import { bare } from '../types/type-queries.ts'
import { readAsmBody } from './asm-reader.ts'
import { alignmentOf } from './attributes.ts'
import { isAsmWord } from './declarator.ts'
import type { Declarator, Reader, Specifiers } from './reader.ts'
import { readStaticAssertion } from './static-assertion.ts'

/**
 * Reads all declarations of a file into the scope. What can't be read is reported and skipped to where the next
 * declaration may begin.
 *
 * @returns the functions with a body, in order
 */
export function readDeclarations(reader: Reader): FunctionDefinition[] {
  const { cursor } = reader
  const definitions: FunctionDefinition[] = []
  while (!cursor.atEnd) {
    const start = cursor.at
    try {
      readDeclaration(reader, definitions)
    } catch (error) {
      if (!(error instanceof CSourceError)) throw error
      reader.report(error)
      cursor.at = start
      skipDeclaration(reader)
    }
  }
  return definitions
}

/** To behind the `;` or the body that ends the declaration. */
function skipDeclaration(reader: Reader): void {
  const { cursor } = reader
  let previous = ''
  while (!cursor.atEnd) {
    const { spelling } = cursor.peek()
    try {
      cursor.skipOne()
    } catch {
      // A bracket that is never closed: nothing after it can be told apart.
      cursor.at = cursor.tokens.length
      return
    }
    if (spelling === ';' || spelling === '}' || (spelling === '{' && previous === ')')) return
    previous = spelling === '(' ? ')' : spelling
  }
}

function readDeclaration(reader: Reader, definitions: FunctionDefinition[]): void {
  const { cursor } = reader
  if (cursor.accept(';') || readStaticAssertion(reader)) return
  if (isAsmWord(cursor.peek())) {
    // asm at file scope: no data.
    cursor.next()
    cursor.skipOne()
    cursor.expect(';')
    return
  }
  const specifiers = reader.specifiers()
  if (cursor.accept(';')) return
  for (;;) {
    const declarator = reader.declarator(specifiers)
    if (declare(reader, specifiers, declarator, definitions)) return
    if (!cursor.accept(',')) break
  }
  cursor.expect(';')
}

/** True where a body ended the declaration. */
function declare(
  reader: Reader,
  specifiers: Specifiers,
  declarator: Declarator,
  definitions: FunctionDefinition[],
): boolean {
  const { name, type } = declarator
  if (name === undefined) throw reader.cursor.wrong('the name of what is declared')
  const attributes = [...specifiers.attributes, ...declarator.attributes]
  const { storage } = specifiers
  if (storage === 'typedef') {
    reader.scope.typedefs.set(name.spelling, typedef(name.spelling, type, attributes))
    return false
  }
  const plain = bare(type)
  if (plain.kind !== 'function') {
    declareVariable(reader, name, type, storage, attributes)
    return false
  }
  const all = declareFunction(reader, name, plain, storage, attributes)
  if (!reader.cursor.is('{')) return false
  const asm = readAsmBody(reader)
  if (asm === undefined) reader.cursor.skipOne()
  definitions.push({ name: name.spelling, type: plain, storage, attributes: all, asm, span: spanOf(name) })
  return true
}

function typedef(name: string, target: CType, attributes: readonly Attribute[]): CTypedef {
  const alignmentBytes = alignmentOf(attributes)
  return alignmentBytes === undefined
    ? { kind: 'typedef', name, target }
    : { kind: 'typedef', name, target, alignmentBytes }
}

/** Attributes of all declarations of a function count. */
function declareFunction(
  reader: Reader,
  name: Token,
  type: CFunctionType,
  storage: 'extern' | 'static' | 'none',
  attributes: readonly Attribute[],
): readonly Attribute[] {
  const earlier = reader.scope.functions.get(name.spelling)
  const all = [...(earlier?.attributes ?? []), ...attributes]
  const kept = earlier !== undefined && storage === 'none' ? earlier.storage : storage
  reader.scope.functions.set(name.spelling, {
    name: name.spelling,
    type,
    storage: kept,
    attributes: all,
    span: spanOf(name),
  })
  return all
}

function declareVariable(
  reader: Reader,
  name: Token,
  type: CType,
  storage: 'extern' | 'static' | 'none',
  attributes: readonly Attribute[],
): void {
  const { cursor, scope } = reader
  const earlier = scope.variables.get(name.spelling)
  const initializer = cursor.accept('=') ? skipInitializer(reader) : undefined
  // A tentative or extern declaration after the definition does not undo it.
  if (initializer === undefined && earlier?.hasInitializer === true) return
  scope.variables.set(name.spelling, {
    name: name.spelling,
    type: initializer === undefined ? type : completedType(reader, name.spelling, type),
    declaredType: type,
    storage,
    attributes: [...(earlier?.attributes ?? []), ...attributes],
    hasInitializer: initializer !== undefined,
    span: spanOf(name),
    ...(initializer === undefined ? {} : { initializer }),
  })
}

/** `int x[] = {...}`: its length is counted when it is asked for. */
function completedType(reader: Reader, name: string, type: CType): CType {
  const plain = bare(type)
  if (plain.kind !== 'array' || plain.length !== undefined) return type
  return {
    kind: 'array',
    element: plain.element,
    get length() {
      return reader.evaluator.arrayLength(name)
    },
  }
}

/** The tokens of an initialiser: they are read when its value is asked for. */
function skipInitializer(reader: Reader): readonly Token[] {
  const { cursor } = reader
  const start = cursor.at
  while (!cursor.is(',') && !cursor.is(';')) {
    if (cursor.atEnd) throw errorAt(cursor.peek(), 'C_SYNTAX', 'an initialiser that never ends')
    cursor.skipOne()
  }
  return cursor.tokens.slice(start, cursor.at)
}
