export type { CSourceErrorCode } from './c-source-error.ts'
export { CSourceError } from './c-source-error.ts'
export type {
  CArray,
  CEnum,
  CFloat,
  CFunctionType,
  CInteger,
  CMember,
  CPointer,
  CQualified,
  CRecord,
  CType,
  CTypedef,
  CVoid,
} from './c-type.ts'
export type { CAddress, CFields, CList, CNumber, CString, CValue } from './c-value.ts'
export type { Expression } from './expression.ts'
export type { Token, TokenKind } from './lexer/token.ts'
export { bytesOf } from './literals/character.ts'
export { preprocess, readSource } from './read-source.ts'
export type {
  AsmOperand,
  AsmStatement,
  Attribute,
  FunctionDeclaration,
  FunctionDefinition,
  ReadOptions,
  TranslationUnit,
  VariableDeclaration,
} from './translation-unit.ts'
export type { FoundMember } from './types/type-queries.ts'
export { alignOf, bare as bareType, findMember, sizeOf } from './types/type-queries.ts'
