import { BPF_CLASS, BPF_MODE, BPF_OP } from '@bpfoundry/isa'
import { type Block, NOP, type Statement } from '../block.ts'
import { OP, OPERAND_X } from '../opcodes.ts'
import { ATOM_A, ATOM_X, atomBit } from './atoms.ts'
import { compareConstants } from './constant-folding.ts'
import type { Round } from './round.ts'

/** Replaces short runs of statements, and what they do together with the comparison behind them, by shorter ones. */
export function simplifyBlock(round: Round, block: Block): void {
  if (block.statements.length === 0) return
  const last = simplifyPairs(round, block)
  if (block.code === OP.JEQ_K && !usedBehind(round, block, ATOM_A)) mergeIntoEquality(round, block, last)
  if (block.code === OP.JSET_K) decideBitTest(block)
  decideComparison(round, block)
}

function usedBehind({ graph }: Round, block: Block, atom: number): boolean {
  return ((graph.usedBehind[block.id] as number) & atomBit(atom)) !== 0
}

/** The next statement from an index on that was not taken out; as many as there are where there is none. */
function nextStatement(statements: readonly Statement[], from: number): number {
  let index = from
  while (index < statements.length && (statements[index] as Statement).code === NOP) index++
  return index
}

/** @returns the last statement that was looked at */
function simplifyPairs(round: Round, block: Block): Statement {
  const { statements } = block
  let last = statements[0] as Statement
  for (let at = nextStatement(statements, 0); at < statements.length; ) {
    const behind = nextStatement(statements, at + 1)
    if (behind >= statements.length) break
    const [statement, next] = [statements[at] as Statement, statements[behind] as Statement]
    last = next
    if (statement.code === OP.ST && next.code === OP.LDX_MEM && statement.k === next.k) {
      // st M[k]; ldx M[k]   ->   st M[k]; tax
      next.code = OP.TAX
      round.progress.simplify()
    }
    if (statement.code === OP.LD_IMM && next.code === OP.TAX) {
      // ld #k; tax   ->   ldx #k; txa
      statement.code = OP.LDX_IMM
      next.code = OP.TXA
      round.progress.simplify()
    }
    if (statement.code === OP.LD_IMM && !usedBehind(round, block, ATOM_X))
      mergeIntoOffset(round, statements, at, behind)
    at = behind
  }
  return last
}

/**
 * The constant index of a transport header goes into the offset:
 *
 *     ld #k; ldxb 4*([14]&0xf); add x; tax; ld [x + 14]   ->   ldxb 4*([14]&0xf); ld [x + 14 + k]
 */
function mergeIntoOffset(round: Round, statements: readonly Statement[], at: number, behind: number): void {
  const isLength = (statements[behind] as Statement).code === OP.LDX_B_MSH
  const addAt = isLength ? nextStatement(statements, behind + 1) : behind
  const add = statements[addAt]
  if (add?.code !== OP.ADD_X) return
  const taxAt = nextStatement(statements, addAt + 1)
  const tax = statements[taxAt]
  if (tax?.code !== OP.TAX) return
  const load = statements[nextStatement(statements, taxAt + 1)]
  if (
    load === undefined ||
    BPF_CLASS(load.code) !== BPF_CLASS(OP.LD_W_IND) ||
    BPF_MODE(load.code) !== BPF_MODE(OP.LD_W_IND)
  )
    return
  const constant = statements[at] as Statement
  load.k = (load.k + constant.k) >>> 0
  for (const statement of [constant, add, tax]) statement.code = NOP
  round.progress.simplify()
}

/** Arithmetic right before a comparison for equality, whose result nobody else wants. */
function mergeIntoEquality(round: Round, block: Block, last: Statement): void {
  if (last.code === OP.SUB_X) {
    mergeDifference(round, block, last)
    return
  }
  if (last.code === OP.SUB_K) {
    // sub #k; jeq #l   ->   jeq #(k + l)
    last.code = NOP
    block.k = (block.k + last.k) >>> 0
  } else if (last.code === OP.AND_K && block.k === 0) {
    // and #k; jeq #0   ->   jset #k, the ways swapped
    block.k = last.k
    block.code = OP.JSET_K
    last.code = NOP
    swapWays(block)
  } else return
  round.progress.simplify()
}

function mergeDifference(round: Round, block: Block, last: Statement): void {
  const x = round.numbers.constantOf(round.graph.valuesOf(block)[ATOM_X] as number)
  if (x !== undefined) {
    // ldx #k; sub x; jeq #l   ->   jeq #(k + l)
    block.k = (block.k + x) >>> 0
  } else if (block.k === 0) {
    // sub x; jeq #0   ->   jeq x
    block.code = OP.JEQ_X
  } else return
  last.code = NOP
  round.progress.simplify()
}

function swapWays({ onTrue, onFalse }: Block): void {
  const { to } = onTrue
  onTrue.to = onFalse.to
  onFalse.to = to
}

/** No bit is never set, and of all bits one is taken to be. */
function decideBitTest({ k, onTrue, onFalse }: Block): void {
  if (k === 0) onTrue.to = onFalse.to
  if (k === 0xffffffff) onFalse.to = onTrue.to
}

/** Compares with the constant in X, and goes only one way where A is constant, too. */
function decideComparison(round: Round, block: Block): void {
  const values = round.graph.valuesOf(block)
  const x = round.numbers.constantOf(values[ATOM_X] as number)
  if (x !== undefined && (block.code & OPERAND_X) !== 0) {
    block.code &= ~OPERAND_X
    block.k = x
  }
  const a = round.numbers.constantOf(values[ATOM_A] as number)
  if (a === undefined || (block.code & OPERAND_X) !== 0) return
  const { onTrue, onFalse } = block
  if (onTrue.to !== onFalse.to) round.progress.simplify()
  if (compareConstants(BPF_OP(block.code), a, block.k)) onFalse.to = onTrue.to
  else onTrue.to = onFalse.to
}
