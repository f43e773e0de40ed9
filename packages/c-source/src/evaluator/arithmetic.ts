import type { SourceSpan } from '@bpfoundry/diagnostics'
import { errorAt } from '../c-source-error.ts'
import type { CInteger, CType } from '../c-type.ts'
import { LONG, wrap } from '../types/integer-types.ts'
import { bare, commonType, integerOf, promoted, sizeOf } from '../types/type-queries.ts'
import { booleanOf, notConstant, numberOf, opaque, type PointerValue, type Value } from './value.ts'

type Operation = (a: bigint, b: bigint) => bigint

// biome-ignore format: table
const ARITHMETIC: Readonly<Record<string, Operation>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
}

// biome-ignore format: table
const COMPARISONS: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<':  (a, b) => a < b,
  '>':  (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
}

const SHIFTS: ReadonlySet<string> = new Set(['<<', '>>'])

/** A binary operator other than && and || on values that are no places. */
export function combine(operator: string, left: Value, right: Value, place: SourceSpan): Value {
  if (isPointer(left.type) || isPointer(right.type)) return combinePointers(operator, left, right, place)
  const [a, b] = [integerOf(left.type), integerOf(right.type)]
  if (a === undefined || b === undefined) return notConstant(left.type, place, `the operand of ${operator}`)
  const type = SHIFTS.has(operator) ? promoted(a) : commonType(a, b)
  const resultType = COMPARISONS[operator] === undefined ? type : booleanOf(false).type
  if (left.kind === 'opaque') return { ...left, type: resultType }
  if (right.kind === 'opaque') return { ...right, type: resultType }
  if (left.kind === 'pointer' || right.kind === 'pointer') {
    // An address that was cast to an integer: only offsets are followed.
    return combinePointers(operator, left, right, place, 1)
  }
  if (left.kind === 'place' || right.kind === 'place') return notConstant(resultType, place, 'an object')
  return combineNumbers(operator, left.value, right.value, type, place)
}

function combineNumbers(operator: string, left: bigint, right: bigint, type: CInteger, place: SourceSpan): Value {
  if (SHIFTS.has(operator)) return shift(operator, left, right, type, place)
  const [a, b] = [wrap(left, type), wrap(right, type)]
  const comparison = COMPARISONS[operator]
  if (comparison !== undefined) return booleanOf(comparison(a, b))
  const operation = ARITHMETIC[operator] as Operation
  if (b === 0n && (operator === '/' || operator === '%')) {
    return opaque(type, errorAt(place, 'C_VALUE', 'a division by zero'))
  }
  return numberOf(wrap(operation(a, b), type), type)
}

/** By more bits than the type has is undefined in C: no constant. */
function shift(operator: string, left: bigint, right: bigint, type: CInteger, place: SourceSpan): Value {
  if (right < 0n || right >= BigInt(8 * type.sizeBytes)) {
    return opaque(type, errorAt(place, 'C_VALUE', 'a shift by more bits than the type has', { got: String(right) }))
  }
  const value = wrap(left, type)
  return numberOf(wrap(operator === '<<' ? value << right : value >> right, type), type)
}

function isPointer(type: CType): boolean {
  return bare(type).kind === 'pointer'
}

/** The bytes that adding 1 to a pointer moves it by: those of its target; 1 for void and functions, as in GNU C. */
function strideOf(type: CType, place: SourceSpan): number {
  const plain = bare(type)
  return plain.kind === 'pointer' ? sizeOf(plain.target, place) : 1
}

function combinePointers(operator: string, left: Value, right: Value, place: SourceSpan, unit?: number): Value {
  const resultType = COMPARISONS[operator] !== undefined ? booleanOf(false).type : pointerType(left, right, operator)
  if (left.kind === 'opaque') return { ...left, type: resultType }
  if (right.kind === 'opaque') return { ...right, type: resultType }
  if (operator === '+' && left.kind === 'number' && !isPointer(left.type)) return moved(right, left, 1, place, unit)
  if (operator === '+' && right.kind === 'number') return moved(left, right, 1, place, unit)
  if (operator === '-' && right.kind === 'number' && !isPointer(right.type)) return moved(left, right, -1, place, unit)
  return related(operator, left, right, place, resultType, unit)
}

function pointerType(left: Value, right: Value, operator: string): CType {
  if (operator === '-' && isPointer(left.type) && isPointer(right.type)) return LONG
  return isPointer(left.type) || left.kind === 'pointer' ? left.type : right.type
}

function moved(pointer: Value, by: Value & { kind: 'number' }, sign: number, place: SourceSpan, unit?: number): Value {
  const step = sign * (unit ?? strideOf(pointer.type, place))
  if (pointer.kind === 'number') {
    return numberOf(BigInt.asUintN(64, pointer.value + by.value * BigInt(step)), pointer.type)
  }
  if (pointer.kind !== 'pointer') return notConstant(pointer.type, place, 'this pointer')
  return { ...pointer, offsetBytes: pointer.offsetBytes + Number(by.value) * step }
}

/** A difference or a comparison of two pointers: of the same thing, or of numbers; nothing named is at address 0. */
function related(
  operator: string,
  left: Value,
  right: Value,
  place: SourceSpan,
  type: CType,
  unit: number | undefined,
): Value {
  const pair = distances(left, right)
  const comparison = COMPARISONS[operator]
  if (pair === undefined) {
    const unequal = isNull(left) || isNull(right)
    if (unequal && (operator === '==' || operator === '!=')) return booleanOf(operator === '!=')
    return notConstant(type, place, `${operator} of two addresses`)
  }
  if (comparison !== undefined) return booleanOf(comparison(...pair))
  if (operator !== '-') return notConstant(type, place, `${operator} of two addresses`)
  return numberOf((pair[0] - pair[1]) / BigInt(unit ?? strideOf(left.type, place)), LONG)
}

function distances(left: Value, right: Value): [bigint, bigint] | undefined {
  if (left.kind === 'number' && right.kind === 'number') return [left.value, right.value]
  if (left.kind !== 'pointer' || right.kind !== 'pointer' || !sameBase(left, right)) return undefined
  return [BigInt(left.offsetBytes), BigInt(right.offsetBytes)]
}

function sameBase({ base: a }: PointerValue, { base: b }: PointerValue): boolean {
  return a.kind === 'symbol' && b.kind === 'symbol' ? a.name === b.name : a === b
}

function isNull(value: Value): boolean {
  return value.kind === 'number' && value.value === 0n
}
