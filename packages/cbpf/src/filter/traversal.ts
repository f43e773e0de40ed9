import type { Block } from './block.ts'

/** Blocks that can be reached, each before those that it leads to where nothing else leads there first; on-true first. */
export function preOrder(root: Block): Block[] {
  const seen = new Set<Block>()
  const open = [root]
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    if (seen.has(block)) continue
    seen.add(block)
    for (const next of [block.onFalse.to, block.onTrue.to]) if (next !== undefined) open.push(next)
  }
  return [...seen]
}

/**
 * Blocks that can be reached, each behind those that it leads to.
 *
 * @param trueFirst which of the two ways is gone first
 */
export function postOrder(root: Block, trueFirst: boolean): Block[] {
  const seen = new Set<Block>()
  const order: Block[] = []
  const open: { readonly block: Block; readonly isDone: boolean }[] = [{ block: root, isDone: false }]
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const { block, isDone } = entry
    if (isDone) order.push(block)
    if (seen.has(block)) continue
    seen.add(block)
    open.push({ block, isDone: true })
    const ways = trueFirst ? [block.onFalse, block.onTrue] : [block.onTrue, block.onFalse]
    for (const { to } of ways) if (to !== undefined) open.push({ block: to, isDone: false })
  }
  return order
}
