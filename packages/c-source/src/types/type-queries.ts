import type { SourceSpan } from '@bpfoundry/diagnostics'
import { errorAt } from '../c-source-error.ts'
import type { CInteger, CMember, CPointer, CQualified, CRecord, CType, CTypedef } from '../c-type.ts'
import { INT, LONG, rankOf, UNSIGNED_INT, UNSIGNED_LONG } from './integer-types.ts'

export const POINTER_BYTES = 8
export const VOID: CType = { kind: 'void' }

type Named = CTypedef | CQualified
/** A type that is no typedef name and has no qualifier. */
export type BareType = Exclude<CType, Named>

function isNamed(type: CType): type is Named {
  const { kind } = type
  return kind === 'typedef' || kind === 'const' || kind === 'volatile' || kind === 'restrict'
}

/** A type without its typedef names and qualifiers. */
export function bare(type: CType): BareType {
  let at = type
  while (isNamed(at)) at = at.target
  return at
}

export function pointerTo(target: CType): CPointer {
  return { kind: 'pointer', target, typeTags: [] }
}

export function isRecord(type: CType): type is CRecord {
  return type.kind === 'struct' || type.kind === 'union'
}

/** True for what a single value initialises. */
export function isScalar(type: CType): boolean {
  const { kind } = bare(type)
  return kind === 'integer' || kind === 'enum' || kind === 'pointer' || kind === 'float'
}

export function isConst(type: CType): boolean {
  let at = type
  while (isNamed(at) && at.kind !== 'const') at = at.target
  return at.kind === 'const'
}

/** The integer type that a value is computed in: of an enum its underlying one, of a pointer unsigned long. */
export function integerOf(type: CType): CInteger | undefined {
  const plain = bare(type)
  if (plain.kind === 'integer') return plain
  if (plain.kind === 'pointer') return UNSIGNED_LONG
  if (plain.kind !== 'enum') return undefined
  return { kind: 'integer', name: plain.tag, sizeBytes: plain.sizeBytes, signed: plain.signed }
}

/** C11 6.3.1.1: smaller ones become int; an enum its underlying type. */
export function promoted(type: CInteger): CInteger {
  if (rankOf(type) >= rankOf(INT)) return type
  if (type.sizeBytes < INT.sizeBytes) return INT
  // An enum: as wide as int or wider.
  if (type.sizeBytes === INT.sizeBytes) return type.signed ? INT : UNSIGNED_INT
  return type.signed ? LONG : UNSIGNED_LONG
}

/** The usual arithmetic conversions (C11 6.3.1.8) of integers. */
export function commonType(a: CInteger, b: CInteger): CInteger {
  const [left, right] = [promoted(a), promoted(b)]
  if (left.signed === right.signed) return rankOf(left) >= rankOf(right) ? left : right
  const [unsigned, signed] = left.signed ? [right, left] : [left, right]
  if (rankOf(unsigned) >= rankOf(signed)) return unsigned
  if (signed.sizeBytes > unsigned.sizeBytes) return signed
  return UNSIGNED_LONG
}

/** Bytes of a type. @throws CSourceError C_NAME for one that is only declared */
export function sizeOf(type: CType, place: SourceSpan): number {
  const plain = bare(type)
  switch (plain.kind) {
    case 'void':
    case 'function':
      return 1
    case 'pointer':
      return POINTER_BYTES
    case 'array': {
      const { element, length } = plain
      if (length === undefined) throw errorAt(place, 'C_NAME', 'an array whose length is not known')
      return length * sizeOf(element, place)
    }
    case 'struct':
    case 'union':
      if (plain.members === undefined) throw incomplete(plain, place)
      return plain.sizeBytes
    default:
      return plain.sizeBytes
  }
}

/** Alignment of a type in bytes, that of an aligned typedef with it. @throws CSourceError C_NAME */
export function alignOf(type: CType, place: SourceSpan): number {
  switch (type.kind) {
    case 'typedef':
      return type.alignmentBytes ?? alignOf(type.target, place)
    case 'const':
    case 'volatile':
    case 'restrict':
      return alignOf(type.target, place)
    case 'array':
      return alignOf(type.element, place)
    case 'struct':
    case 'union':
      if (type.members === undefined) throw incomplete(type, place)
      return type.alignmentBytes
    default:
      return sizeOf(type, place)
  }
}

function incomplete({ kind, tag }: CRecord, place: SourceSpan): Error {
  return errorAt(place, 'C_NAME', `${kind} ${tag} is declared but not defined`)
}

/** Where a member is: also one of an anonymous struct or union within, at its offset from the outer record's start. */
export interface FoundMember {
  readonly member: CMember
  readonly offsetBits: number
  /** Indexes of members from the outer record inwards. */
  readonly path: readonly number[]
}

export function findMember(record: CRecord, name: string): FoundMember | undefined {
  const members = record.members ?? []
  for (let index = 0; index < members.length; index++) {
    const member = members[index] as CMember
    if (member.name === name) return { member, offsetBits: member.offsetBits, path: [index] }
    const inner = member.name === '' ? bare(member.type) : undefined
    const found = inner !== undefined && isRecord(inner) ? findMember(inner, name) : undefined
    if (found !== undefined) {
      return { ...found, offsetBits: member.offsetBits + found.offsetBits, path: [index, ...found.path] }
    }
  }
  return undefined
}
