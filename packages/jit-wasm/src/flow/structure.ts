/**
 * Structured control flow from a reducible graph: each block stands within the scope of its immediate dominator, so that
 * a jump either leads to code that can stand in its place, or leaves the scopes of blocks (forwards, to where several
 * ways meet) or begins a loop again.
 *
 * @see Ramsey: Beyond Relooper: Recursive Translation of Unstructured Control Flow to Structured Control Flow (ICFP 2022)
 */
import { type DominatorTree, mergeBlocks } from '@bpfoundry/codegen'
import type { CodeWriter } from '../binary/code-writer.ts'
import { OP } from '../binary/opcode.ts'
import type { Flow } from './flow.ts'
import type { FlowGraph } from './flow-graph.ts'

/** How a block's code ends, besides its successors. */
export type Ending =
  /** It left the function. */
  | 'return'
  /** It goes on at its only successor. */
  | 'goto'
  /** A condition (i32) is on the stack: true for the second successor. */
  | 'branch'
  /** The number of the successor (i32) is on the stack. */
  | 'dispatch'

/** Writes the instructions of a block. */
export type BlockEmitter = (block: number) => Ending

/** Writes a function's blocks into `code`, those that the entry reaches, with the control flow between them. */
export function emitStructured(flow: Flow, code: CodeWriter, emitBlock: BlockEmitter): void {
  new Structurer(flow, code, emitBlock).run()
}

/** What is still to be written: a block with what it dominates, or the end of a scope. Numbers >= 0 are blocks. */
type Task = number
const END_SCOPE: Task = -1

const NO_SCOPE = -1

class Structurer {
  readonly #graph: FlowGraph
  readonly #dominators: DominatorTree
  readonly #code: CodeWriter
  readonly #emitBlock: BlockEmitter
  readonly #isLoop: Uint8Array
  /** Blocks that get a scope to be left for them. */
  readonly #isMerge: Uint8Array
  /** Last in, first out; no recursion, for programs may be chains of a hundred thousand blocks. */
  readonly #tasks: Task[] = [0]
  /** Scopes open now, and by block which of them jumps to it leave, or begin again. */
  #depth = 0
  readonly #mergeScope: Int32Array
  readonly #loopScope: Int32Array

  constructor({ graph, dominators, isLoopHeader }: Flow, code: CodeWriter, emitBlock: BlockEmitter) {
    this.#graph = graph
    this.#dominators = dominators
    this.#code = code
    this.#emitBlock = emitBlock
    this.#isLoop = isLoopHeader
    this.#isMerge = mergeBlocks(graph)
    this.#mergeScope = new Int32Array(graph.blocks.length).fill(NO_SCOPE)
    this.#loopScope = new Int32Array(graph.blocks.length).fill(NO_SCOPE)
    // A table of labels has no place for code: what a dispatch leads to stands behind scopes.
    for (const [index, block] of graph.added.entries()) {
      if (block.kind === 'dispatch') for (const to of this.#successors(graph.ownBlocks + index)) this.#isMerge[to] = 1
    }
  }

  run(): void {
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      if (task === END_SCOPE) this.#close()
      else this.#tree(task)
    }
    this.#code.op(OP.unreachable)
  }

  /** A block and all that it dominates. */
  #tree(block: number): void {
    if (this.#isLoop[block] === 1) {
      this.#loopScope[block] = this.#open(OP.loop)
      this.#tasks.push(END_SCOPE)
    }
    // Outermost the scope of what comes last: from within, jumps lead forwards out of the inner ones.
    const merges = this.#dominators.children[block]!.filter((child) => this.#isMerge[child] === 1)
    for (const merge of merges.reverse()) {
      this.#mergeScope[merge] = this.#open(OP.block)
      this.#tasks.push(merge, END_SCOPE)
    }
    this.#end(block, this.#emitBlock(block))
  }

  /** The jumps behind a block's code. */
  #end(from: number, ending: Ending): void {
    const successors = this.#successors(from)
    const [next, target] = successors as [number, number]
    if (ending === 'goto') this.#goto(from, next)
    else if (ending === 'branch') this.#branch(from, next, target)
    else if (ending === 'dispatch') this.#code.branchTable(successors.map((to) => this.#depthOf(from, to)))
  }

  /** Goes on at `target` when the condition on the stack holds, else at `next`. */
  #branch(from: number, next: number, target: number): void {
    if (this.#isJump(from, target)) {
      this.#code.branch(OP.br_if, this.#depthOf(from, target))
      this.#goto(from, next)
    } else if (this.#isJump(from, next)) {
      this.#code.op(OP['i32.eqz'])
      this.#code.branch(OP.br_if, this.#depthOf(from, next))
      this.#tasks.push(target)
    } else {
      // Nothing comes out of the end of the first arm, so the second one needs no `else` to stand in.
      this.#open(OP.if)
      this.#tasks.push(next, END_SCOPE, target)
    }
  }

  #goto(from: number, to: number): void {
    if (!this.#isJump(from, to)) this.#tasks.push(to)
    else if (!this.#fallsInto(to)) this.#code.branch(OP.br, this.#depthOf(from, to))
  }

  /** True when `to` stands right behind the scope that ends next. What stands before, as a loop's head, never is to come. */
  #fallsInto(to: number): boolean {
    return this.#tasks.at(-1) === END_SCOPE && this.#tasks.at(-2) === to
  }

  /** True when the edge leaves scopes or begins a loop again; else the code of `to` can stand here. */
  #isJump(from: number, to: number): boolean {
    return this.#isMerge[to] === 1 || this.#isBackwards(from, to)
  }

  #isBackwards(from: number, to: number): boolean {
    return this.#graph.orderOf[to]! <= this.#graph.orderOf[from]!
  }

  /** How many scopes lie between here and the one that the edge leaves, or begins again. */
  #depthOf(from: number, to: number): number {
    const scope = this.#isBackwards(from, to) ? this.#loopScope : this.#mergeScope
    return this.#depth - 1 - scope[to]!
  }

  #successors(block: number): readonly number[] {
    return this.#graph.blocks[block]!.successors
  }

  /** Opens a scope and answers its place among those that are open. */
  #open(opcode: typeof OP.block | typeof OP.loop | typeof OP.if): number {
    this.#code.open(opcode)
    return this.#depth++
  }

  #close(): void {
    this.#code.op(OP.end)
    this.#depth--
  }
}
