import { type Block, type Edge, NOP } from '../block.ts'
import { preOrder } from '../traversal.ts'

/**
 * Lets edges to blocks that do the same, and go the same ways, lead to one of them.
 *
 * @param blocks all of them, by their numbers
 */
export function shareBlocks(blocks: readonly Block[], root: Block): void {
  const contents = numberContents(blocks)
  while (shareOnce(blocks, root, contents)) {}
}

/** By block: the same number for the same statements and the same comparison. */
function numberContents(blocks: readonly Block[]): Int32Array {
  const numbers = new Map<string, number>()
  return Int32Array.from(blocks, ({ code, k, statements }) => {
    const kept = statements.filter((statement) => statement.code !== NOP)
    const text = `${code} ${k} ${kept.map((statement) => `${statement.code} ${statement.k}`).join(' ')}`
    const number = numbers.get(text) ?? numbers.size
    numbers.set(text, number)
    return number
  })
}

function shareOnce(blocks: readonly Block[], root: Block, contents: Int32Array): boolean {
  const twins = findTwins(blocks, root, contents)
  let shared = false
  const redirect = (edge: Edge): void => {
    const twin = edge.to === undefined ? undefined : twins[edge.to.id]
    if (twin === undefined) return
    edge.to = twin
    shared = true
  }
  for (const block of blocks) {
    if (block.isReturn) continue
    redirect(block.onTrue)
    redirect(block.onFalse)
  }
  return shared
}

/** By block: the one with the highest number that is the same; undefined where there is no other. */
function findTwins(blocks: readonly Block[], root: Block, contents: Int32Array): readonly (Block | undefined)[] {
  const reachable = new Set(preOrder(root))
  const byContent = new Map<number, Block>()
  const twins = Array<Block | undefined>(blocks.length)
  for (const block of blocks.toReversed()) {
    if (!reachable.has(block)) continue
    // One number for three: there are fewer than 2^17 blocks.
    const ways = ((block.onTrue.to?.id ?? -1) + 1) * (blocks.length + 1) + (block.onFalse.to?.id ?? -1) + 1
    const content = ways * blocks.length + (contents[block.id] as number)
    const twin = byContent.get(content)
    if (twin === undefined) byContent.set(content, block)
    else twins[block.id] = twin
  }
  return twins
}
