import { type ControlFlowGraph, isReachable } from '@bpfoundry/codegen'
import { type AddedBlock, type FlowGraph, rewiredGraph } from './flow-graph.ts'
import { cyclicComponents, type GraphPart } from './strong-components.ts'

/**
 * Makes a graph reducible: every cycle with several ways in gets a dispatch block, through which from now on all ways to
 * its entries lead; a local says which entry is meant. The dispatch then is the cycle's only entry. What is left of the
 * cycle without the edges to its entry is looked at again, until every cycle has one entry.
 *
 * Every cycle with several entries adds two blocks an entry and one dispatch: at worst, with such cycles nested as deep
 * as can be, the graph grows with the square of its blocks, where splitting nodes may make it grow exponentially.
 *
 * @see Ramsey: Beyond Relooper (ICFP 2022), section 7, for the ways there are
 */
export function makeReducible(cfg: ControlFlowGraph): FlowGraph {
  const successors = cfg.blocks.map((block) => (isReachable(cfg, block.index) ? [...block.successors] : []))
  const added: AddedBlock[] = []
  const parts: GraphPart[] = [{ blocks: cfg.reversePostorder, without: 0 }]
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    for (const component of cyclicComponents(successors, part)) {
      parts.push(singleEntry(successors, added, component))
    }
  }
  return rewiredGraph(cfg, successors, added)
}

/** Gives a cycle one entry, where it has several. Returns the cycle without the edges to it. */
function singleEntry(successors: number[][], added: AddedBlock[], component: readonly number[]): GraphPart {
  const inside = new Set(component)
  const entries = entriesOf(successors, inside)
  if (entries.length === 1) return { blocks: component, without: entries[0] as number }
  const add = (block: AddedBlock, next: readonly number[]): number => {
    added.push(block)
    return successors.push([...next]) - 1
  }
  const dispatch = add({ kind: 'dispatch' }, entries)
  const setter = (label: number): number => add({ kind: 'set-label', label }, [dispatch])
  const fromInside = entries.map((_, label) => setter(label))
  const fromOutside = entries.map((_, label) => setter(label))
  for (let from = 0; from < dispatch; from++) {
    const setters = inside.has(from) ? fromInside : fromOutside
    successors[from] = successors[from]!.map((to) => setters[entries.indexOf(to)] ?? to)
  }
  return { blocks: [...component, dispatch, ...fromInside], without: dispatch }
}

/** Blocks of a cycle that an edge from outside leads to. */
function entriesOf(successors: readonly (readonly number[])[], inside: ReadonlySet<number>): number[] {
  const entries = new Set<number>()
  for (const [from, list] of successors.entries()) {
    if (!inside.has(from)) for (const to of list) if (inside.has(to)) entries.add(to)
  }
  // The function's entry is entered from outside, too, but never lies on such a cycle: `without` cuts it off first.
  return [...entries].sort((a, b) => a - b)
}
