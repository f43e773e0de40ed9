import type { ClassicInsn } from '../classic-insn.ts'
import { type Block, NOP, type Statement } from './block.ts'
import { OP } from './opcodes.ts'
import { postOrder } from './traversal.ts'

/** The farthest that a comparison jumps. */
const MAX_DISTANCE = 255

/** A block's place in the program. */
interface Place {
  readonly statements: readonly Statement[]
  /** Of its first instruction. */
  start: number
  /** Ways out that are too far, and have a jump of their own behind the comparison. */
  farTrue: boolean
  farFalse: boolean
}

/**
 * Instructions from blocks: each block stands before those that it leads to, the ones for false at the end. Where a
 * comparison would jump too far, a jump stands behind it.
 */
export function layOut(root: Block): ClassicInsn[] {
  const blocks = postOrder(root, false)
  const places = new Map(blocks.map((block): [Block, Place] => [block, newPlace(block)]))
  while (!settled(blocks, places)) {}
  return blocks.toReversed().flatMap((block) => instructions(block, places))
}

function newPlace(block: Block): Place {
  const statements = block.statements.filter(({ code }) => code !== NOP)
  return { statements, start: 0, farTrue: false, farFalse: false }
}

const placeOf = (places: ReadonlyMap<Block, Place>, block: Block): Place => places.get(block) as Place

function lengthOf({ statements, farTrue, farFalse }: Place): number {
  return statements.length + 1 + Number(farTrue) + Number(farFalse)
}

/** Gives each block its place, from the end. @returns false where a way turned out to be too far, so that places change */
function settled(blocks: readonly Block[], places: ReadonlyMap<Block, Place>): boolean {
  let start = blocks.reduce((sum, block) => sum + lengthOf(placeOf(places, block)), 0)
  let isSettled = true
  for (const block of blocks) {
    const place = placeOf(places, block)
    start -= lengthOf(place)
    place.start = start
    const [farTrue, farFalse] = [block.onTrue, block.onFalse].map(
      ({ to }) => distance(places, block, to) > MAX_DISTANCE,
    )
    if (farTrue === place.farTrue && farFalse === place.farFalse) continue
    place.farTrue ||= farTrue === true
    place.farFalse ||= farFalse === true
    isSettled = false
  }
  return isSettled
}

/** Instructions between a block's comparison and another block. */
function distance(places: ReadonlyMap<Block, Place>, from: Block, to: Block | undefined): number {
  if (to === undefined) return 0
  const { start, statements } = placeOf(places, from)
  return placeOf(places, to).start - (start + statements.length) - 1
}

function instructions(block: Block, places: ReadonlyMap<Block, Place>): ClassicInsn[] {
  const place = placeOf(places, block)
  const body = place.statements.map((statement, index) => statementInsn(statement, index, place.statements))
  if (block.isReturn) return [...body, { code: block.code, jt: 0, jf: 0, k: block.k }]
  const jumps: ClassicInsn[] = []
  const skip = (to: Block | undefined, isFar: boolean): number => {
    const skipped = distance(places, block, to)
    if (!isFar) return skipped
    jumps.push({ code: OP.JA, jt: 0, jf: 0, k: skipped - jumps.length - 1 })
    return jumps.length - 1
  }
  const jt = skip(block.onTrue.to, place.farTrue)
  const jf = skip(block.onFalse.to, place.farFalse)
  return [...body, { code: block.code, jt, jf, k: block.k }, ...jumps]
}

/** Jumps inside of a block may lead back. */
function statementInsn(statement: Statement, index: number, statements: readonly Statement[]): ClassicInsn {
  const { code, k, target, targets } = statement
  const skip = (to: Statement): number => statements.indexOf(to) - index - 1
  if (target !== undefined) return { code, jt: 0, jf: 0, k: skip(target) >>> 0 }
  if (targets === undefined) return { code, jt: 0, jf: 0, k }
  return { code, jt: skip(targets.onTrue), jf: skip(targets.onFalse), k }
}
