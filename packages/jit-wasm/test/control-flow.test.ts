import { controlFlowGraph, dominatorTree, loopStructure } from '@bpfoundry/codegen'
import { MAX_LOOPS } from '@bpfoundry/interpreter'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JGT,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_MOV64_IMM,
  BPF_RAW_INSN,
  type Insn,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flowOf } from '../src/flow/flow.ts'
import { plainGraph } from '../src/flow/flow-graph.ts'
import { Dispatches } from '../src/flow/reducible.ts'
import { cyclicComponents } from '../src/flow/strong-components.ts'
import { allGraphs, type Graph, graphs, programOf } from './random-graphs.ts'
import { imageOf, Twins } from './twins.ts'

/** `GRAPHS=20000` for the long form. */
const GRAPHS = Number(process.env['GRAPHS'] ?? 150)
const SEEDS = [0, 0x1234567, 0x7654321]

const cfgOf = (insns: readonly Insn[]) => controlFlowGraph(insns, { start: 0, end: insns.length })
const irreducible = (insns: readonly Insn[]): boolean => {
  const cfg = cfgOf(insns)
  return loopStructure(cfg, dominatorTree(cfg)).irreducibleEdges.length > 0
}

describe('any control flow', () => {
  const twins = new Twins()
  const follow = (graph: Graph): void => {
    for (const seed of SEEDS) {
      const [expected, got] = twins.run(programOf(graph, seed))
      expect(got).toEqual(expected)
    }
  }

  it(`runs ${GRAPHS} random graphs as the interpreter`, { timeout: 600_000 }, () => {
    let hard = 0
    fc.assert(
      fc.property(fc.noBias(graphs(12)), (graph) => {
        if (irreducible(programOf(graph, 0))) hard++
        follow(graph)
      }),
      { numRuns: GRAPHS },
    )
    // A graph of chance seldom is reducible; a generator that made only easy ones would prove little.
    expect(hard).toBeGreaterThan(GRAPHS / 8)
  })

  it('runs every graph of two blocks, and every ninth of three', () => {
    for (const graph of allGraphs(2)) follow(graph)
    let index = 0
    for (const graph of allGraphs(3)) if (index++ % 9 === 0) follow(graph)
  })

  it('leaves the stack of JavaScript alone: a chain of 12,000 branches, and as many nested ones', () => {
    const LINKS = 12_000
    const chain = Array.from({ length: LINKS }, () => [BPF_JMP_IMM(BPF_JEQ, 1, 1, 1), BPF_ALU64_IMM(BPF_ADD, 0, 1)])
    const insns = [BPF_MOV64_IMM(0, 0), ...chain.flat(), BPF_EXIT_INSN()]
    const [expected, got] = twins.run(insns)
    expect(got).toEqual(expected)
    expect(got.r0).toBe(`${LINKS.toString(16)} ${LINKS}`)
    // Each branch leads into the next one; all of them leave for the same exit far behind.
    const into = Array.from({ length: LINKS }, () => [BPF_JMP_IMM(BPF_JNE, 1, 1, 1), BPF_EXIT_INSN()])
    const nested = twins.run([BPF_MOV64_IMM(0, 7), ...into.flat(), BPF_EXIT_INSN()])
    expect(nested[1]).toEqual(nested[0])
  })

  it('takes a branch whose ways meet at once, and a may_goto of the kind', () => {
    const [expected, got] = twins.run([
      BPF_MOV64_IMM(0, 3),
      BPF_JMP_IMM(BPF_JGT, 1, 5, 0),
      BPF_RAW_INSN(0xe5, 0, 0, 0, 0),
      BPF_EXIT_INSN(),
    ])
    expect(got).toEqual(expected)
  })

  it('leaves loops by may_goto after the frame’s budget', { timeout: 60_000 }, () => {
    const loop = [BPF_RAW_INSN(0xe5, 0, 0, 2, 0), BPF_ALU64_IMM(BPF_ADD, 0, 1), BPF_JMP_A(-3)]
    // Both loops have one budget: that of the frame. A second run has it anew.
    const program = twins.wasm.install(imageOf([BPF_MOV64_IMM(0, 0), ...loop, ...loop, BPF_EXIT_INSN()]))
    for (let run = 0; run < 2; run++) expect(program.run(twins.wasm.cpu, 0)).toBe(MAX_LOOPS)
  })
})

describe('making graphs reducible', () => {
  it('gives every cycle one entry and keeps the ways of the program', () => {
    fc.assert(
      fc.property(graphs(14), (graph) => {
        const cfg = cfgOf(programOf(graph, 0))
        const made = flowOf(cfg).graph
        expect(loopStructure(made, dominatorTree(made)).irreducibleEdges).toEqual([])
        // Skipping what was added, each block of the program leads where it did.
        const own = (block: number, label?: number): number[] => {
          const added = made.added[block - made.ownBlocks]
          const { successors } = made.blocks[block]!
          if (added === undefined) return [block]
          if (added.kind === 'set-label') return own(successors[0]!, added.label)
          return own(successors[label!]!)
        }
        for (const block of cfg.reversePostorder) {
          expect(made.blocks[block]!.successors.flatMap((to) => own(to))).toEqual(cfg.blocks[block]!.successors)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('leaves a reducible graph as it is', () => {
    const cfg = cfgOf([BPF_MOV64_IMM(0, 0), BPF_JMP_IMM(BPF_JEQ, 1, 0, -1), BPF_EXIT_INSN()])
    expect(flowOf(cfg).graph).toEqual(plainGraph(cfg))
    expect(new Dispatches(cfg).graph()).toEqual(plainGraph(cfg))
  })
})

describe('strongly connected components', () => {
  it('are the blocks that reach each other', () => {
    fc.assert(
      fc.property(graphs(10), (graph) => {
        const reach = graph.map((_, from) => reachable(graph, from))
        const blocks = graph.map((_, block) => block)
        const found = cyclicComponents(graph, { blocks, without: -1 })
        const expected = blocks
          .filter((block) => reach[block]!.has(block))
          .map((block) => blocks.filter((other) => reach[block]!.has(other) && reach[other]!.has(block)))
        const sets = new Set(expected.map((component) => component.join()))
        expect(found.map((component) => [...component].sort((a, b) => a - b).join()).sort()).toEqual([...sets].sort())
      }),
      { numRuns: 300 },
    )
  })
})

/** Blocks that a way of at least one edge leads to. */
function reachable(graph: Graph, from: number): Set<number> {
  const found = new Set<number>()
  const open = [...graph[from]!]
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    if (found.has(block)) continue
    found.add(block)
    open.push(...graph[block]!)
  }
  return found
}
