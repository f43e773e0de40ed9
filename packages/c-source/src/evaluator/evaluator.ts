import { CSourceError, errorAt } from '../c-source-error.ts'
import type { CArray, CType } from '../c-type.ts'
import type { CValue } from '../c-value.ts'
import { bytesOf } from '../literals/character.ts'
import type { ConstantEvaluator } from '../parser/reader.ts'
import type { Scope } from '../parser/scope.ts'
import type {
  BinaryNode,
  CallNode,
  CastNode,
  ChoiceNode,
  Designator,
  IndexNode,
  ListNode,
  LiteralNode,
  MemberNode,
  NameNode,
  Node,
  OffsetNode,
  SizeNode,
  StringNode,
  UnaryNode,
} from '../parser/syntax-tree.ts'
import { CHAR, INT, UNSIGNED_LONG, wrap } from '../types/integer-types.ts'
import { sameType } from '../types/same-type.ts'
import {
  alignOf,
  bare,
  integerOf,
  isConst,
  isRecord,
  isScalar,
  pointerTo,
  promoted,
  sizeOf,
} from '../types/type-queries.ts'
import { combine } from './arithmetic.ts'
import { builtinOf } from './builtins.ts'
import { Initializer, type Unread } from './initializer.ts'
import { addressOf, choiceType, loadedNumber, memberOf, placeAt, pointerAt, unknownOf } from './places.ts'
import { booleanOf, convert, notConstant, numberOf, opaque, type PlaceValue, resultOf, type Value } from './value.ts'

/** The value of a variable. @throws CSourceError where it has none */
export type VariableValue = (name: string) => CValue

type Evaluate<Kind extends Node['kind']> = (node: Extract<Node, { kind: Kind }>) => Value

/** Constant expressions (C11 6.6) as clang folds them: const variables count, addresses are symbols with an offset. */
export class Evaluator implements ConstantEvaluator {
  readonly #scope: Scope
  readonly #valueOf: VariableValue
  readonly #initializer: Initializer

  // biome-ignore format: table
  readonly #kinds: { readonly [Kind in Node['kind']]: Evaluate<Kind> } = {
    number:     (node) => numberOf(node.value, node.type),
    string:     (node) => this.#string(node),
    name:       (node) => this.#name(node),
    unary:      (node) => this.#unary(node),
    binary:     (node) => this.#binary(node),
    choice:     (node) => this.#choice(node),
    cast:       (node) => this.#cast(node),
    literal:    (node) => this.#literal(node),
    size:       (node) => this.#size(node),
    member:     (node) => this.#member(node),
    index:      (node) => this.#index(node),
    call:       (node) => this.#call(node),
    offset:     (node) => this.#offset(node),
    compatible: ({ types }) => booleanOf(sameType(types[0], types[1])),
    unread:     ({ what, span }) => notConstant(INT, span, what),
  }

  /** Builtin functions that are about their arguments, not of their values. */
  // biome-ignore format: table
  readonly #folds: Readonly<Record<string, (first: Node, all: readonly Node[]) => Value>> = {
    __builtin_constant_p:            (first) => booleanOf(this.value(first).kind === 'number'),
    __builtin_expect:                (first) => this.value(first),
    __builtin_preserve_access_index: (first) => this.value(first),
    __builtin_choose_expr:           (first, [, second, third]) => this.#evaluate((this.integer(first) !== 0n ? second : third) ?? first),
  }

  constructor(scope: Scope, valueOfVariable: VariableValue) {
    this.#scope = scope
    this.#valueOf = valueOfVariable
    this.#initializer = new Initializer({
      value: (node) => this.value(node),
      integer: (node) => this.integer(node),
    })
  }

  /** @throws CSourceError C_VALUE, C_NAME */
  integer(node: Node): bigint {
    const value = this.value(node)
    if (value.kind === 'number') return value.value
    if (value.kind === 'opaque') throw value.why
    throw errorAt(node.span, 'C_VALUE', 'a number is wanted, this is an address')
  }

  /** @throws CSourceError C_NAME */
  typeOf(node: Node): CType {
    const value = this.#evaluate(node)
    if (value.kind === 'opaque' && value.why.code === 'C_NAME') throw value.why
    return value.type
  }

  arrayLength(variable: string): number | undefined {
    try {
      return lengthOf(this.#valueOf(variable))
    } catch (error) {
      if (error instanceof CSourceError) return undefined
      throw error
    }
  }

  /** What an expression comes to as an operand of asm: a variable, which is no constant, stands for itself. */
  result(node: Node): CValue {
    const place = this.#evaluate(node)
    const value = this.value(node)
    const itself = value.kind === 'opaque' && place.kind === 'place' && place.base.kind === 'symbol'
    return resultOf(itself ? place : value, node.span)
  }

  /** @throws CSourceError C_VALUE, C_NAME, C_LIMIT */
  initialize(type: CType, initializer: Node | ListNode, unread?: Unread): CValue {
    return this.#initializer.value(type, initializer, unread)
  }

  /** The value, arrays and functions as pointers, other places as what they hold (C11 6.3.2.1). */
  value(node: Node): Value {
    const value = this.#evaluate(node)
    return value.kind === 'place' ? attempt(() => this.#loaded(value, node)) : value
  }

  #evaluate(node: Node): Value {
    return attempt(() => (this.#kinds[node.kind] as (node: Node) => Value)(node))
  }

  #loaded(value: PlaceValue, node: Node): Value {
    const plain = bare(value.type)
    if (plain.kind === 'array') return pointerAt(value, pointerTo(plain.element))
    if (plain.kind === 'function') return pointerAt(value, pointerTo(value.type))
    if (value.base.kind === 'symbol') return this.#loadedSymbol(value, value.base.name, node)
    if (value.base.kind === 'absolute') return notConstant(value.type, node.span, 'what a pointer points at')
    if (isRecord(plain)) return value
    return loadedNumber(value, value.base.value, value.base.type, node.span)
  }

  #loadedSymbol(place: PlaceValue, name: string, node: Node): Value {
    const variable = this.#scope.variables.get(name)
    const whole = variable !== undefined && place.offsetBytes === 0 && isScalar(place.type)
    if (!whole || !variable.hasInitializer || !isConst(variable.type)) {
      return notConstant(place.type, node.span, name)
    }
    const value = this.#valueOf(name)
    if (value.kind === 'number') return numberOf(value.value, place.type)
    if (value.kind !== 'address') return notConstant(place.type, node.span, name)
    const base = { kind: 'symbol', name: value.symbol } as const
    return { kind: 'pointer', type: place.type, base, offsetBytes: value.offsetBytes }
  }

  #string({ text }: StringNode): Value {
    const type: CArray = { kind: 'array', element: CHAR, length: bytesOf(text).length + 1 }
    return { kind: 'place', type, base: { kind: 'object', type, value: { kind: 'string', text } }, offsetBytes: 0 }
  }

  #name({ name, span }: NameNode): Value {
    const enumerator = this.#scope.enumerators.get(name)
    if (enumerator !== undefined) {
      const { value, type } = enumerator
      return numberOf(value, wrap(value, INT) === value ? INT : type)
    }
    const type = this.#scope.variables.get(name)?.type ?? this.#scope.functions.get(name)?.type
    if (type !== undefined) return { kind: 'place', type, base: { kind: 'symbol', name }, offsetBytes: 0 }
    return opaque(INT, errorAt(span, 'C_NAME', `no constant, variable or function is called ${name}`))
  }

  #unary({ operator, operand, span }: UnaryNode): Value {
    if (operator === '&') return addressOf(this.#evaluate(operand), span)
    const value = this.value(operand)
    if (operator === '*') return placeAt(value, span)
    if (operator === '!') {
      const zero = this.#truth(value)
      return zero === undefined ? unknownOf(value, INT, span) : booleanOf(!zero)
    }
    const integer = integerOf(value.type)
    if (integer === undefined || value.kind !== 'number') return unknownOf(value, value.type, span)
    const type = promoted(integer)
    const result = operator === '-' ? -value.value : operator === '~' ? ~value.value : value.value
    return numberOf(wrap(result, type), type)
  }

  /** Whether a value is not zero; the address of something never is. */
  #truth(value: Value): boolean | undefined {
    if (value.kind === 'number') return value.value !== 0n
    return value.kind === 'pointer' ? true : undefined
  }

  /** Chains of left operands are walked, not nested: they are as long as the source has them. */
  #binary(node: BinaryNode): Value {
    const chain: BinaryNode[] = []
    let first: Node = node
    while (first.kind === 'binary') {
      chain.push(first)
      first = first.left
    }
    let left = this.value(first)
    for (const { operator, right, span } of chain.reverse()) {
      if (operator === '&&' || operator === '||') left = this.#logical(operator, left, right)
      else left = combine(operator, left, this.value(right), span)
    }
    return left
  }

  #logical(operator: string, left: Value, right: Node): Value {
    const first = this.#truth(left)
    if (first === (operator === '||')) return booleanOf(first)
    if (first === undefined) return unknownOf(left, INT, right.span)
    const value = this.value(right)
    const second = this.#truth(value)
    return second === undefined ? unknownOf(value, INT, right.span) : booleanOf(second)
  }

  #choice({ condition, taken, otherwise, span }: ChoiceNode): Value {
    const chosen = this.value(condition)
    const first = taken === undefined ? chosen : this.value(taken)
    const second = this.value(otherwise)
    const type = choiceType(first, second)
    const truth = this.#truth(chosen)
    if (truth === undefined) return unknownOf(chosen, type, span)
    const value = truth ? first : second
    return value.kind === 'place' ? value : convert(value, type, span)
  }

  #cast({ type, operand, span }: CastNode): Value {
    return convert(this.value(operand), type, span)
  }

  #literal({ type, list }: LiteralNode): Value {
    const value = this.#initializer.value(type, list)
    const whole = completed(type, value)
    return { kind: 'place', type: whole, base: { kind: 'object', type: whole, value }, offsetBytes: 0 }
  }

  #size({ of, type, operand, span }: SizeNode): Value {
    const measured = type ?? this.typeOf(operand as Node)
    const bytes = of === 'size' ? sizeOf(measured, span) : alignOf(measured, span)
    return numberOf(BigInt(bytes), UNSIGNED_LONG)
  }

  #member({ record, name, arrow, span }: MemberNode): Value {
    const whole = arrow ? placeAt(this.value(record), span) : this.#evaluate(record)
    return memberOf(whole, name, span)
  }

  #index({ array, index, span }: IndexNode): Value {
    return placeAt(combine('+', this.value(array), this.value(index), span), span)
  }

  #offset({ type, designators, span }: OffsetNode): Value {
    const start: PlaceValue = { kind: 'place', type, base: { kind: 'absolute', address: 0n }, offsetBytes: 0 }
    const end = designators.reduce<Value>((place, designator) => this.#designated(place, designator), start)
    if (end.kind === 'opaque') return { ...end, type: UNSIGNED_LONG }
    if (end.kind !== 'place' || end.bits !== undefined) return notConstant(UNSIGNED_LONG, span, 'this offset')
    return numberOf(BigInt(end.offsetBytes), UNSIGNED_LONG)
  }

  #designated(place: Value, designator: Designator): Value {
    if (designator.kind === 'member') return memberOf(place, designator.name, designator.span)
    const plain = bare(place.type)
    const index = this.value(designator.first)
    if (plain.kind !== 'array' || place.kind !== 'place') return notConstant(INT, designator.span, 'this designator')
    if (index.kind !== 'number') return unknownOf(index, plain.element, designator.span)
    const offsetBytes = place.offsetBytes + Number(index.value) * sizeOf(plain.element, designator.span)
    return { ...place, type: plain.element, offsetBytes }
  }

  #call({ callee, arguments: args, span }: CallNode): Value {
    const fold =
      callee.kind === 'name' && Object.hasOwn(this.#folds, callee.name) ? this.#folds[callee.name] : undefined
    const builtin = callee.kind === 'name' ? builtinOf(callee.name) : undefined
    const first = args[0]
    if (first !== undefined && fold !== undefined) return fold(first, args)
    if (first === undefined || builtin === undefined) return this.#calledType(callee, span)
    const value = convert(this.value(first), builtin.argument, span)
    if (value.kind !== 'number') return unknownOf(value, builtin.result, span)
    return numberOf(wrap(builtin.compute(value.value), builtin.result), builtin.result)
  }

  #calledType(callee: Node, span: CallNode['span']): Value {
    const called = this.value(callee)
    const pointer = bare(called.type)
    const target = pointer.kind === 'pointer' ? bare(pointer.target) : pointer
    return notConstant(target.kind === 'function' ? target.result : INT, span, 'a call')
  }
}

/** Evaluation does not fail: what it fails at is opaque. */
function attempt(evaluate: () => Value): Value {
  try {
    return evaluate()
  } catch (error) {
    if (error instanceof CSourceError && error.code !== 'C_LIMIT') return opaque(INT, error)
    throw error
  }
}

/** The type that an initialiser completes: `int []` of a list of three is `int [3]`. */
function completed(type: CType, value: CValue): CType {
  const plain = bare(type)
  if (plain.kind !== 'array' || plain.length !== undefined) return type
  return { kind: 'array', element: plain.element, length: lengthOf(value) }
}

function lengthOf(value: CValue): number {
  if (value.kind === 'list') return value.elements.length
  return value.kind === 'string' ? bytesOf(value.text).length + 1 : 0
}
