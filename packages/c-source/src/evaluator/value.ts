import type { SourceSpan } from '@bpfoundry/diagnostics'
import { type CSourceError, errorAt } from '../c-source-error.ts'
import type { CType } from '../c-type.ts'
import type { CValue } from '../c-value.ts'
import { INT, wrap } from '../types/integer-types.ts'
import { bare, integerOf, isRecord } from '../types/type-queries.ts'

/** What a place or a pointer counts from: something named, an unnamed object (a compound literal, a string), a number. */
export type Base =
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'object'; readonly type: CType; readonly value: CValue }
  | { readonly kind: 'absolute'; readonly address: bigint }

/** What an expression comes to. Evaluation never fails: what is no constant is opaque, and still has a type. */
export type Value = NumberValue | PointerValue | PlaceValue | OpaqueValue

/** An integer, or a pointer that is only a number. */
export interface NumberValue {
  readonly kind: 'number'
  readonly type: CType
  readonly value: bigint
}

/** The address of something, in a pointer or in an integer as wide. */
export interface PointerValue {
  readonly kind: 'pointer'
  readonly type: CType
  readonly base: Exclude<Base, { kind: 'absolute' }>
  readonly offsetBytes: number
}

/** An lvalue: what stands at an address. */
export interface PlaceValue {
  readonly kind: 'place'
  readonly type: CType
  readonly base: Base
  readonly offsetBytes: number
  /** Of a bit-field, within its byte. */
  readonly bits?: { readonly offset: number; readonly width: number }
}

export interface OpaqueValue {
  readonly kind: 'opaque'
  readonly type: CType
  readonly why: CSourceError
}

export function opaque(type: CType, why: CSourceError): OpaqueValue {
  return { kind: 'opaque', type, why }
}

export function notConstant(type: CType, place: SourceSpan, what: string): OpaqueValue {
  return opaque(type, errorAt(place, 'C_VALUE', `${what} is no constant`))
}

export function numberOf(value: bigint, type: CType = INT): NumberValue {
  return { kind: 'number', type, value }
}

export function booleanOf(value: boolean): NumberValue {
  return numberOf(value ? 1n : 0n)
}

/** A value that is no place, as another type: a cast, or what initialising and conversions do (C11 6.3). */
export function convert(value: Value, type: CType, place: SourceSpan): Value {
  if (value.kind === 'opaque') return { ...value, type }
  const target = bare(type)
  if (target.kind === 'void') return { kind: 'number', type, value: 0n }
  if (value.kind === 'place') {
    // An object of a record type: only to the same type.
    if (isRecord(target) && bare(value.type) === target) return value
    return opaque(type, errorAt(place, 'C_VALUE', 'an object can not become a value of this type'))
  }
  const integer = integerOf(target)
  if (integer === undefined) {
    return opaque(type, errorAt(place, 'C_VALUE', `a number can not become a ${target.kind}`))
  }
  if (value.kind === 'number') return { kind: 'number', type, value: wrap(value.value, integer) }
  if (integer.name === '_Bool') return { kind: 'number', type, value: 1n }
  if (integer.sizeBytes === 8) return { ...value, type }
  return notConstant(type, place, 'part of an address')
}

/** As a result: an address by its symbol, an unnamed object by what it holds. @throws CSourceError C_VALUE, C_NAME */
export function resultOf(value: Value, place: SourceSpan): CValue {
  switch (value.kind) {
    case 'number':
      return { kind: 'number', value: value.value }
    case 'opaque':
      throw value.why
    default: {
      const { base, offsetBytes } = value
      if (base.kind === 'symbol') return { kind: 'address', symbol: base.name, offsetBytes }
      if (base.kind === 'object' && offsetBytes === 0) return base.value
      if (base.kind === 'object' && base.value.kind === 'string') {
        return { kind: 'string', text: base.value.text.slice(offsetBytes) }
      }
      throw errorAt(place, 'C_VALUE', 'this address is no constant')
    }
  }
}
