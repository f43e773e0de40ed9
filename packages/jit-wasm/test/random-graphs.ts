/** Programs of any control flow, reducible or not, that end: each block takes from a budget, the last one exits. */
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JSET,
  BPF_LD_IMM64,
  BPF_MOV64_IMM,
  BPF_MUL,
  BPF_SUB,
  type Insn,
} from '@bpfoundry/isa'
import fc from 'fast-check'

/** Successors of each block: one, or two between which the run's bits choose. Block 0 is the entry. */
export type Graph = readonly (readonly number[])[]

/** Blocks that a run goes through at most. */
const BUDGET = 60
/** Slots of a block: it counts, leaves when the budget is used up, stirs r7, and goes on. */
const BLOCK_SLOTS = 8
const HEAD_SLOTS = 4

const head = (): Insn[] => [
  BPF_MOV64_IMM(0, 0),
  BPF_MOV64_IMM(6, BUDGET),
  ...(BPF_LD_IMM64(7, 0x9e3779b97f4a7c15n) as readonly Insn[]),
]

/** The program of a graph. Which way it takes depends on `seed`; what it went through is in r0. */
export function programOf(graph: Graph, seed: number): Insn[] {
  const start = (block: number): number => HEAD_SLOTS + 1 + block * BLOCK_SLOTS
  const exit = start(graph.length)
  const blocks = graph.flatMap((successors, block) => {
    const at = start(block)
    const [next, other] = successors as [number, number?]
    return [
      BPF_ALU64_IMM(BPF_MUL, 0, 31),
      BPF_ALU64_IMM(BPF_ADD, 0, block + 1),
      BPF_ALU64_IMM(BPF_SUB, 6, 1),
      BPF_JMP_IMM(BPF_JEQ, 6, 0, exit - (at + 4)),
      BPF_ALU64_IMM(BPF_MUL, 7, 0x5851f42d),
      BPF_ALU64_IMM(BPF_ADD, 7, 0x14057b7e),
      BPF_JMP_IMM(BPF_JSET, 7, 0x40000, start(other ?? next) - (at + 7)),
      BPF_JMP_A(start(next) - (at + 8)),
    ]
  })
  return [...head(), BPF_ALU64_IMM(BPF_ADD, 7, seed), ...blocks, BPF_EXIT_INSN()]
}

/** Graphs of 2 to `most` blocks, most of which have two successors. */
export const graphs = (most: number): fc.Arbitrary<Graph> =>
  fc.integer({ min: 2, max: most }).chain((count) => {
    const block = fc.nat({ max: count - 1 })
    const successors: fc.Arbitrary<readonly number[]> = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(block, block) },
      { weight: 1, arbitrary: fc.tuple(block) },
    )
    return fc.array(successors, { minLength: count, maxLength: count })
  })

/** Every graph of `count` blocks with two successors each. */
export function* allGraphs(count: number): Generator<Graph> {
  const ways = count ** (2 * count)
  for (let code = 0; code < ways; code++) {
    const digit = (place: number): number => Math.floor(code / count ** place) % count
    yield Array.from({ length: count }, (_, block) => [digit(2 * block), digit(2 * block + 1)])
  }
}
