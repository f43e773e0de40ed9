import { Statement } from '../block.ts'
import { and, type Condition, comparison, not } from '../condition.ts'
import { refusedConstant } from '../constant-rules.ts'
import type { Arithmetic, Primitive } from '../language/syntax-tree.ts'
import { type ArithmeticName, LOAD_INDEXED, type LoadBytes, OP, OPERAND_X } from '../opcodes.ts'
import type { Generation } from './generation.ts'
import { type HeaderKind, headerKind, isIndexable } from './indexed-header.ts'

/** A number that is computed: it is in a cell of M[] once the statements have run. */
interface Computed {
  readonly statements: Statement[]
  readonly cell: number
  /** What has to hold for the number to make sense: of `tcp[0]`, that it is TCP. */
  readonly checks: Condition | undefined
}

/** `ip[8] < 5` */
export function relation(generation: Generation, node: Primitive & { readonly kind: 'relation' }): Condition {
  const left = compute(generation, node.left)
  const right = compute(generation, node.right)
  const statements = [...left.statements, ...right.statements, intoX(right), intoA(left)]
  const test = comparisonOf(node.comparison, statements)
  generation.cells.free(left.cell)
  generation.cells.free(right.cell)
  const checks = both(left.checks, right.checks)
  const result = node.inverted ? not(test) : test
  return checks === undefined ? result : and(checks, result)
}

/** Equality is a difference of 0. */
function comparisonOf(
  name: (Primitive & { readonly kind: 'relation' })['comparison'],
  statements: Statement[],
): Condition {
  if (name !== 'JEQ') return comparison(OP[`${name}_X`], 0, statements)
  statements.push(new Statement(OP.SUB_X))
  return comparison(OP.JEQ_K, 0, statements)
}

function both(one: Condition | undefined, other: Condition | undefined): Condition | undefined {
  return one === undefined || other === undefined ? (one ?? other) : and(one, other)
}

const intoX = ({ cell }: Computed): Statement => new Statement(OP.LDX_MEM, cell)
const intoA = ({ cell }: Computed): Statement => new Statement(OP.LD_MEM, cell)

function compute(generation: Generation, node: Arithmetic): Computed {
  switch (node.kind) {
    case 'number':
      return stored(generation, [new Statement(OP.LD_IMM, node.value)], undefined)
    case 'length':
      return stored(generation, [new Statement(OP.LD_W_LEN)], undefined)
    case 'negate':
      return negated(generation, compute(generation, node.operand))
    case 'binary':
      return combined(generation, node)
    case 'load':
      return loaded(generation, node)
  }
}

function stored(generation: Generation, statements: Statement[], checks: Condition | undefined): Computed {
  const cell = generation.cells.take()
  statements.push(new Statement(OP.ST, cell))
  return { statements, cell, checks }
}

function negated(generation: Generation, operand: Computed): Computed {
  generation.cells.free(operand.cell)
  return stored(generation, [...operand.statements, intoA(operand), new Statement(OP.NEG)], operand.checks)
}

/** What the right side has to be is not checked: libpcap has it so. */
function combined(generation: Generation, node: Arithmetic & { readonly kind: 'binary' }): Computed {
  const left = compute(generation, node.left)
  const right = compute(generation, node.right)
  refuseConstant(generation, node.operator, right.statements[0] as Statement)
  generation.cells.free(left.cell)
  generation.cells.free(right.cell)
  const operation = new Statement(OP[`${node.operator}_K`] | OPERAND_X)
  return stored(
    generation,
    [...left.statements, ...right.statements, intoX(right), intoA(left), operation],
    left.checks,
  )
}

/** @param first of the statements that compute the right side */
function refuseConstant(generation: Generation, operator: ArithmeticName, { code, k }: Statement): void {
  if (code !== OP.LD_IMM) return
  const message = refusedConstant(operator, k)
  if (message !== undefined) throw generation.error(message)
}

function loaded(generation: Generation, node: Arithmetic & { readonly kind: 'load' }): Computed {
  const index = compute(generation, node.index)
  const kind = headerKind(generation, node.protocol)
  if (!isIndexable(node.bytes)) throw generation.error('data size must be 1, 2, or 4')
  const cell = generation.cells.take()
  generation.cells.free(index.cell)
  const statements = [...index.statements, ...loadIndexed(index, kind, node.bytes), new Statement(OP.ST, cell)]
  const { checks } = kind
  return { statements, cell, checks: checks === undefined ? index.checks : checks(index.checks) }
}

/** Loads what is at the index in a header. */
function loadIndexed(index: Computed, { offset, lengthIntoX }: HeaderKind, bytes: LoadBytes): Statement[] {
  const load = new Statement(LOAD_INDEXED[bytes], offset)
  if (lengthIntoX === undefined) return [intoX(index), load]
  return [lengthIntoX, intoA(index), new Statement(OP.ADD_X), new Statement(OP.TAX), load]
}
