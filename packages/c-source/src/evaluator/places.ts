import type { SourceSpan } from '@bpfoundry/diagnostics'
import { errorAt } from '../c-source-error.ts'
import type { CType } from '../c-type.ts'
import type { CValue } from '../c-value.ts'
import { INT } from '../types/integer-types.ts'
import { bare, commonType, findMember, integerOf, isRecord, pointerTo } from '../types/type-queries.ts'
import { objectBytes, readNumber } from './object-bytes.ts'
import { notConstant, numberOf, type OpaqueValue, opaque, type PlaceValue, type Value } from './value.ts'

/** The reason goes on from operand to operand; without one, the operand is no constant. */
export function unknownOf(value: Value, type: CType, span: SourceSpan): OpaqueValue {
  return value.kind === 'opaque' ? { ...value, type } : notConstant(type, span, 'this operand')
}

/** The address of a place. */
export function pointerAt({ base, offsetBytes }: PlaceValue, type: CType): Value {
  if (base.kind === 'absolute') return numberOf(BigInt.asUintN(64, base.address + BigInt(offsetBytes)), type)
  return { kind: 'pointer', type, base, offsetBytes }
}

/** `&`. */
export function addressOf(value: Value, span: SourceSpan): Value {
  if (value.kind === 'place' && value.bits === undefined) return pointerAt(value, pointerTo(value.type))
  return unknownOf(value, pointerTo(value.type), span)
}

/** `*`. */
export function placeAt(value: Value, span: SourceSpan): Value {
  const pointer = bare(value.type)
  const type = pointer.kind === 'pointer' ? pointer.target : INT
  if (pointer.kind !== 'pointer') return unknownOf(value, type, span)
  // A function stays one, however often it is dereferenced.
  if (value.kind === 'pointer') return { kind: 'place', type, base: value.base, offsetBytes: value.offsetBytes }
  if (value.kind !== 'number') return unknownOf(value, type, span)
  return { kind: 'place', type, base: { kind: 'absolute', address: value.value }, offsetBytes: 0 }
}

/** `.`, of a place or of a value of a record type. */
export function memberOf(whole: Value, name: string, span: SourceSpan): Value {
  const record = bare(whole.type)
  if (!isRecord(record)) {
    return whole.kind === 'opaque' ? whole : opaque(INT, errorAt(span, 'C_NAME', 'only a struct or union has members'))
  }
  const found = findMember(record, name)
  if (found === undefined) {
    return opaque(INT, errorAt(span, 'C_NAME', `${record.kind} ${record.tag} has no member ${name}`))
  }
  const { type, widthBits } = found.member
  if (whole.kind !== 'place') return unknownOf(whole, type, span)
  const offsetBytes = whole.offsetBytes + Math.floor(found.offsetBits / 8)
  const place = { kind: 'place', type, base: whole.base, offsetBytes } as const
  return widthBits === undefined ? place : { ...place, bits: { offset: found.offsetBits % 8, width: widthBits } }
}

/** A number out of a compound literal or a string. */
export function loadedNumber(place: PlaceValue, object: CValue, objectType: CType, span: SourceSpan): Value {
  if (integerOf(place.type) === undefined) return notConstant(place.type, span, 'this object')
  if (!isRecord(bare(objectType)) && bare(objectType).kind !== 'array' && object.kind === 'address') {
    const base = { kind: 'symbol', name: object.symbol } as const
    return { kind: 'pointer', type: place.type, base, offsetBytes: object.offsetBytes }
  }
  const bytes = objectBytes(object, objectType, span)
  const offsetBits = 8 * place.offsetBytes + (place.bits?.offset ?? 0)
  const value = readNumber(bytes, place.type, offsetBits, place.bits?.width)
  return value === undefined ? notConstant(place.type, span, 'what is past an object') : numberOf(value, place.type)
}

/** C11 6.5.15: arithmetic operands are converted to their common type; beside a pointer, 0 is a null pointer. */
export function choiceType(first: Value, second: Value): CType {
  const [a, b] = [bare(first.type), bare(second.type)]
  if (a.kind === 'pointer') return first.type
  if (b.kind === 'pointer') return second.type
  const [left, right] = [integerOf(a), integerOf(b)]
  return left === undefined || right === undefined ? first.type : commonType(left, right)
}
