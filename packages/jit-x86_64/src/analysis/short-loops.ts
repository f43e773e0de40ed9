import type { BasicBlock, ControlFlowGraph } from '@bpfoundry/codegen'

/** Slots of the longest loop whose place in the code is looked after: its code may fit a line of 64 bytes. */
const MAX_SLOTS = 20

/** Whether a short loop without loops within begins at a block. */
export function beginsShortLoop({ blocks }: ControlFlowGraph, { index, start, predecessors }: BasicBlock): boolean {
  let last = -1
  for (const from of predecessors) if (from > last) last = from
  if (last < index || blocks[last]!.end - start > MAX_SLOTS) return false
  return !blocks.slice(index + 1, last + 1).some((inner) => inner.predecessors.some((from) => from >= inner.index))
}
