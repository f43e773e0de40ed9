import { BPF_OP } from '@bpfoundry/isa'
import { NOP, type Statement } from '../block.ts'
import { refusedConstant } from '../constant-rules.ts'
import { type ArithmeticName, LOAD, LOAD_INDEXED, type LoadBytes, OP, OPERAND_X } from '../opcodes.ts'
import { ATOM_A, ATOM_X } from './atoms.ts'
import { foldConstants } from './constant-folding.ts'
import type { Round } from './round.ts'
import { UNKNOWN } from './value-numbers.ts'

/** The values of all atoms before a statement become those behind it; where the round alters statements, it gets simpler. */
type Rule = (round: Round, statement: Statement, values: Int32Array) => void

const ARITHMETIC: readonly ArithmeticName[] = ['ADD', 'SUB', 'MUL', 'DIV', 'MOD', 'AND', 'OR', 'XOR', 'LSH', 'RSH']
/** With 0 on the right they change nothing. A difference is kept: the comparison behind it may take it over. */
const UNCHANGED_BY_ZERO: ReadonlySet<ArithmeticName> = new Set(['ADD', 'LSH', 'RSH', 'OR', 'XOR'])
/** With 0 on the right they give 0. */
const ZERO_BY_ZERO: ReadonlySet<ArithmeticName> = new Set(['MUL', 'AND'])
/** With 0 on the left they give what is on the right. */
const RIGHT_OF_ZERO: ReadonlySet<ArithmeticName> = new Set(['ADD', 'OR', 'XOR'])
/** With 0 on the left they give 0. */
const ZERO_OF_ZERO: ReadonlySet<ArithmeticName> = new Set(['MUL', 'DIV', 'MOD', 'AND', 'LSH', 'RSH'])

const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  ...Object.values(LOAD).map((code): [number, Rule] => [code, loadPacket(ATOM_A)]),
  ...([1, 2, 4] as const).map((bytes): [number, Rule] => [LOAD_INDEXED[bytes], loadIndexed(bytes)]),
  ...ARITHMETIC.flatMap((name): [number, Rule][] => [
    [OP[`${name}_K`], withConstant(name)],
    [OP[`${name}_X`], withX(name)],
  ]),
  [
    OP.LD_W_LEN,
    (round, statement, values) => set(round, statement, values, ATOM_A, round.numbers.of(statement.code, 0, 0)),
  ],
  [OP.LD_IMM, loadConstant(ATOM_A)],
  [OP.LDX_IMM, loadConstant(ATOM_X)],
  [OP.LDX_B_MSH, loadPacket(ATOM_X)],
  [OP.LD_MEM, loadCell(ATOM_A, OP.LD_IMM)],
  [OP.LDX_MEM, loadCell(ATOM_X, OP.LDX_IMM)],
  [OP.TXA, (round, statement, values) => set(round, statement, values, ATOM_A, values[ATOM_X] as number)],
  [OP.TAX, (round, statement, values) => set(round, statement, values, ATOM_X, values[ATOM_A] as number)],
  [OP.ST, (round, statement, values) => set(round, statement, values, statement.k, values[ATOM_A] as number)],
  [OP.STX, (round, statement, values) => set(round, statement, values, statement.k, values[ATOM_X] as number)],
  [OP.NEG, negate],
])

/** Follows a statement's effect on the values of atoms. */
export function followStatement(round: Round, statement: Statement, values: Int32Array): void {
  RULES.get(statement.code)?.(round, statement, values)
}

/** Gives an atom a value; a statement that gives it the one that it has is taken out. */
function set(round: Round, statement: Statement, values: Int32Array, atom: number, value: number): void {
  if (round.altersStatements && value !== UNKNOWN && values[atom] === value) statement.code = NOP
  else values[atom] = value
}

function loadPacket(atom: number): Rule {
  return (round, statement, values) =>
    set(round, statement, values, atom, round.numbers.of(statement.code, statement.k, 0))
}

function loadConstant(atom: number): Rule {
  return (round, statement, values) => set(round, statement, values, atom, round.numbers.constant(statement.k))
}

/** At a known offset it is a load from there. */
function loadIndexed(bytes: LoadBytes): Rule {
  return (round, statement, values) => {
    const x = values[ATOM_X] as number
    const offset = round.altersStatements ? round.numbers.constantOf(x) : undefined
    if (offset !== undefined) {
      statement.code = LOAD[bytes]
      statement.k = (statement.k + offset) >>> 0
      round.progress.simplify()
    }
    const value = round.numbers.of(statement.code, statement.k, offset === undefined ? x : 0)
    set(round, statement, values, ATOM_A, value)
  }
}

/** Of a cell whose content is known: the constant. */
function loadCell(atom: number, immediate: number): Rule {
  return (round, statement, values) => {
    const value = values[statement.k] as number
    const k = round.altersStatements ? round.numbers.constantOf(value) : undefined
    if (k !== undefined) {
      statement.code = immediate
      statement.k = k
      round.progress.simplify()
    }
    set(round, statement, values, atom, value)
  }
}

/** Makes a statement the load of a constant. */
function becomeConstant(round: Round, statement: Statement, values: Int32Array, k: number): void {
  statement.code = OP.LD_IMM
  statement.k = k
  values[ATOM_A] = round.numbers.constant(k)
}

function negate(round: Round, statement: Statement, values: Int32Array): void {
  const a = values[ATOM_A] as number
  const k = round.altersStatements ? round.numbers.constantOf(a) : undefined
  if (k === undefined) values[ATOM_A] = round.numbers.of(statement.code, a, 0)
  else becomeConstant(round, statement, values, -k >>> 0)
}

function fold(round: Round, statement: Statement, values: Int32Array, a: number, b: number): void {
  const operation = BPF_OP(statement.code)
  if (b === 0 && operation === BPF_OP(OP.DIV_K)) throw round.refuse('division by zero')
  if (b === 0 && operation === BPF_OP(OP.MOD_K)) throw round.refuse('modulus by zero')
  becomeConstant(round, statement, values, foldConstants(operation, a, b))
  round.progress.simplify()
}

function withConstant(name: ArithmeticName): Rule {
  return (round, statement, values) => {
    const { code, k } = statement
    if (round.altersStatements) {
      if (k === 0 && UNCHANGED_BY_ZERO.has(name)) {
        statement.code = NOP
        return
      }
      if (k === 0 && ZERO_BY_ZERO.has(name)) return becomeConstant(round, statement, values, 0)
      if (k === 0) refuse(round, name, k)
      const a = round.numbers.constantOf(values[ATOM_A] as number)
      if (a !== undefined) return fold(round, statement, values, a, k)
    }
    values[ATOM_A] = round.numbers.of(code, values[ATOM_A] as number, round.numbers.constant(k))
  }
}

function refuse(round: Round, name: ArithmeticName, k: number): void {
  const message = refusedConstant(name, k)
  if (message !== undefined) throw round.refuse(message)
}

function withX(name: ArithmeticName): Rule {
  return (round, statement, values) => {
    const [a, x] = [values[ATOM_A] as number, values[ATOM_X] as number]
    const { numbers, altersStatements } = round
    const constantX = altersStatements ? numbers.constantOf(x) : undefined
    const constantA = altersStatements ? numbers.constantOf(a) : undefined
    if (constantX !== undefined) {
      if (constantA !== undefined) return fold(round, statement, values, constantA, constantX)
      return takeConstantX(round, name, statement, values, constantX)
    }
    if (constantA === 0 && RIGHT_OF_ZERO.has(name)) {
      statement.code = OP.TXA
      return set(round, statement, values, ATOM_A, x)
    }
    if (constantA === 0 && ZERO_OF_ZERO.has(name)) {
      statement.code = OP.LD_IMM
      statement.k = 0
      return set(round, statement, values, ATOM_A, numbers.constant(0))
    }
    values[ATOM_A] = numbers.of(statement.code, a, x)
  }
}

function takeConstantX(round: Round, name: ArithmeticName, statement: Statement, values: Int32Array, k: number): void {
  statement.code &= ~OPERAND_X
  statement.k = k
  if (name === 'LSH' || name === 'RSH') refuse(round, name, k)
  round.progress.simplify()
  values[ATOM_A] = round.numbers.of(statement.code, values[ATOM_A] as number, round.numbers.constant(k))
}
