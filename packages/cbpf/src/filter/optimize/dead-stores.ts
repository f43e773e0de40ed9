import { type Block, NOP, type Statement } from '../block.ts'
import { ATOM_COUNT, atomBit, atomDefined, atomsUsed } from './atoms.ts'
import type { Round } from './round.ts'

/** Takes out statements that write what is written again, or what the block ends with, before anybody reads it. */
export function removeDeadStores(round: Round, block: Block): void {
  /** By atom: the statement that wrote it, and that nothing has read so far. */
  const unread: (Statement | undefined)[] = Array(ATOM_COUNT).fill(undefined)
  for (const statement of block.statements) {
    markRead(unread, statement)
    const atom = atomDefined(statement)
    if (atom === undefined) continue
    const before = unread[atom]
    if (before !== undefined) remove(round, before)
    unread[atom] = statement
  }
  markRead(unread, block)
  removeUnusedBehind(round, block, unread)
}

function markRead(unread: (Statement | undefined)[], instruction: { readonly code: number; readonly k: number }): void {
  const used = atomsUsed(instruction)
  for (let atom = 0; atom < ATOM_COUNT; atom++) {
    if ((used & atomBit(atom)) !== 0) unread[atom] = undefined
  }
}

/** The block's values still tell what was stored: libpcap has it so. */
function removeUnusedBehind(round: Round, block: Block, unread: readonly (Statement | undefined)[]): void {
  const used = round.graph.usedBehind[block.id] as number
  unread.forEach((statement, atom) => {
    if (statement === undefined || (used & atomBit(atom)) !== 0) return
    remove(round, statement)
  })
}

function remove(round: Round, statement: Statement): void {
  statement.code = NOP
  round.progress.simplify()
}
