import { assembleLlvm, type Insn } from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ControlFlowGraph,
  controlFlowGraph,
  dominatorTree,
  isReachable,
  loopDepths,
  loopStructure,
  mergeBlocks,
} from '../src/index.ts'
import { randomFlow } from './support/random-flow.ts'

const graphOf = (insns: readonly Insn[]): ControlFlowGraph => controlFlowGraph(insns, { start: 0, end: insns.length })

/** Blocks that the entry reaches when it must not pass through `without`. */
function reachedWithout({ blocks }: ControlFlowGraph, without: number): Set<number> {
  const reached = new Set<number>()
  const visit = (block: number): void => {
    if (block === without || reached.has(block)) return
    reached.add(block)
    for (const next of blocks[block]!.successors) visit(next)
  }
  visit(0)
  return reached
}

describe('dominators', () => {
  it('of any flow are the blocks without which a block can’t be reached', () => {
    fc.assert(
      fc.property(randomFlow(), (insns) => {
        const cfg = graphOf(insns)
        const tree = dominatorTree(cfg)
        const all = cfg.blocks.map(({ index }) => index)
        const expected = all.map((a) => {
          const reached = reachedWithout(cfg, a)
          return all.map((b) => isReachable(cfg, a) && isReachable(cfg, b) && !reached.has(b))
        })
        expect(all.map((a) => all.map((b) => tree.dominates(a, b)))).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('of any flow: the immediate one is dominated by all others', () => {
    fc.assert(
      fc.property(randomFlow(), (insns) => {
        const cfg = graphOf(insns)
        const { immediateDominators, dominates, children } = dominatorTree(cfg)
        for (const { index } of cfg.blocks) {
          const closest = immediateDominators[index] as number
          if (index === 0) expect(closest).toBe(0)
          else if (!isReachable(cfg, index)) expect(closest).toBe(-1)
          else {
            expect(children[closest]).toContain(index)
            for (const { index: other } of cfg.blocks) {
              if (other !== index && dominates(other, index)) expect(dominates(other, closest)).toBe(true)
            }
          }
        }
      }),
    )
  })
})

/** Joins blocks with their only predecessor and drops loops to itself: one block is left exactly of a reducible graph. */
function isReducible(cfg: ControlFlowGraph): boolean {
  const next = new Map(cfg.reversePostorder.map((block) => [block, new Set(cfg.blocks[block]!.successors)]))
  for (let changed = true; changed; ) {
    changed = false
    for (const [block, successors] of next) {
      successors.delete(block)
      const before = [...next].filter(([, each]) => each.has(block)).map(([from]) => from)
      if (block === 0 || before.length !== 1) continue
      const into = next.get(before[0]!)!
      into.delete(block)
      for (const to of successors) into.add(to)
      next.delete(block)
      changed = true
    }
  }
  return next.size === 1
}

describe('loops', () => {
  it.each<[string, string, number[], number]>([
    ['a loop', 'r0 = 0\n r0 += 1\n if r0 < 5 goto -2\n exit', [1], 0],
    ['one block that leads to itself', 'if r0 < 5 goto -1\n exit', [0], 0],
    ['a loop in a loop', 'r0 += 1\n r1 += 1\n if r1 < 5 goto -2\n if r0 < 5 goto -4\n exit', [0, 1], 0],
    ['none', 'if r0 < 5 goto +1\n r0 = 1\n exit', [], 0],
    ['a loop with two ways in', 'if r0 < 5 goto +1\n r0 += 1\n r1 += 1\n if r1 < 9 goto -3\n exit', [], 1],
  ])('%s', (_, text, headers, irreducible) => {
    const cfg = graphOf(assembleLlvm(text).insns)
    const loops = loopStructure(cfg, dominatorTree(cfg))
    const found = cfg.blocks.map(({ index }) => index).filter((index) => loops.isLoopHeader[index] === 1)
    expect([found, loops.irreducibleEdges.length]).toEqual([headers, irreducible])
  })

  it('have two ways in exactly where the graph can’t be reduced', () => {
    let reducible = 0
    let other = 0
    fc.assert(
      fc.property(randomFlow(), (insns) => {
        const cfg = graphOf(insns)
        const expected = isReducible(cfg)
        if (expected) reducible++
        else other++
        expect(loopStructure(cfg, dominatorTree(cfg)).irreducibleEdges.length === 0).toBe(expected)
      }),
      { numRuns: 500 },
    )
    expect(Math.min(reducible, other)).toBeGreaterThan(20)
  })

  it('lie in each other as their bodies do', () => {
    const text = 'r9 = 1\n r0 += 1\n r1 += 1\n if r1 < 5 goto -2\n r2 = 1\n if r0 < 5 goto -5\n r3 = 1\n exit'
    const cfg = graphOf(assembleLlvm(text).insns)
    const depths = loopDepths(cfg, loopStructure(cfg, dominatorTree(cfg)))
    expect(cfg.blocks.map(({ start, index }) => [start, depths[index]])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [4, 1],
      [6, 0],
    ])
  })

  it('meet again where branches do', () => {
    const cfg = graphOf(assembleLlvm('if r0 < 5 goto +1\n r0 = 1\n exit').insns)
    expect([...mergeBlocks(cfg)]).toEqual([0, 0, 1])
  })
})
