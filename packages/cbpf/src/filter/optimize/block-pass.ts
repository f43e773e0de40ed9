import { BPF_CLASS } from '@bpfoundry/isa'
import type { Block } from '../block.ts'
import { OP, OPERAND_X } from '../opcodes.ts'
import { ATOM_A, ATOM_X } from './atoms.ts'
import { removeDeadStores } from './dead-stores.ts'
import { simplifyBlock } from './peephole.ts'
import type { Round } from './round.ts'
import { followStatement } from './statement-values.ts'
import { UNKNOWN } from './value-numbers.ts'

/** Follows the values through a block, whose predecessors have been, and simplifies its statements. */
export function optimizeBlock(round: Round, block: Block): void {
  const { graph, numbers, progress } = round
  const values = graph.valuesOf(block)
  inheritValues(round, block, values)
  const [a, x] = [values[ATOM_A], values[ATOM_X]]
  for (const statement of block.statements) followStatement(round, statement, values)
  const leavesAll = a !== UNKNOWN && values[ATOM_A] === a && x !== UNKNOWN && values[ATOM_X] === x
  const isUseless = (graph.usedBehind[block.id] === 0 && leavesAll) || BPF_CLASS(block.code) === BPF_CLASS(OP.RET_K)
  if (round.altersStatements && isUseless) {
    if (block.statements.length > 0) progress.changed = true
    block.statements = []
  } else {
    simplifyBlock(round, block)
    removeDeadStores(round, block)
  }
  const usesX = (block.code & OPERAND_X) !== 0
  graph.operandValues[block.id] = usesX ? (values[ATOM_X] as number) : numbers.constant(block.k)
}

/** What all predecessors agree on. */
function inheritValues({ graph }: Round, block: Block, values: Int32Array): void {
  const [first, ...others] = graph.edgesTo(block)
  if (first === undefined) {
    values.fill(UNKNOWN)
    return
  }
  values.set(graph.valuesOf(first.from))
  for (const { from } of others) {
    const theirs = graph.valuesOf(from)
    for (let atom = 0; atom < values.length; atom++) {
      if (values[atom] !== theirs[atom]) values[atom] = UNKNOWN
    }
  }
}
