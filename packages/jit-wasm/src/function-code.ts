import type { BasicBlock } from '@bpfoundry/codegen'
import type { Insn, InstructionRow } from '@bpfoundry/isa'
import { OP } from './binary/opcode.ts'
import { type Flow, flowOf } from './flow/flow.ts'
import type { AddedBlock } from './flow/flow-graph.ts'
import { type Ending, emitStructured } from './flow/structure.ts'
import type { FunctionWriter, Lower } from './function-writer.ts'
import { LOWERINGS } from './lower/lowerings.ts'

/** Turns of may_goto in one frame before it leaves its loop. @see BPF_MAX_LOOPS in include/linux/bpf.h */
const MAX_LOOPS = 8 * 1024 * 1024

/** Told of each instruction before it is written: its slot, and how many bytes the function's code has by then. */
export type InsnMark = (pc: number, offsetBytes: number) => void

/** Writes the code of a function, behind what {@link FunctionWriter} holds already. */
export function writeFunction(f: FunctionWriter, mark?: InsnMark): void {
  const flow = flowOf(f.plan.cfg)
  f.begin()
  if (usesMayGoto(f)) {
    f.code.i32Const(MAX_LOOPS)
    f.code.localSet(f.scratch('loops'))
  }
  const blocks = new BlockWriter(f, flow, mark)
  emitStructured(flow, f.code, (block) => blocks.write(block))
}

function usesMayGoto({ plan, program }: FunctionWriter): boolean {
  return plan.cfg.blocks.some(({ last }) => program.rows[last]?.kind === 'may_goto')
}

class BlockWriter {
  readonly #f: FunctionWriter
  readonly #flow: Flow
  readonly #mark: InsnMark | undefined

  constructor(f: FunctionWriter, flow: Flow, mark: InsnMark | undefined) {
    this.#f = f
    this.#flow = flow
    this.#mark = mark
  }

  write(index: number): Ending {
    const { graph } = this.#flow
    const added = graph.added[index - graph.ownBlocks]
    return added === undefined ? this.#own(graph.blocks[index] as BasicBlock) : this.#added(added)
  }

  #own({ start, last, successors }: BasicBlock): Ending {
    for (let pc = start; pc < last; pc += this.#row(pc).slots) this.#insn(pc)
    const { kind } = this.#row(last)
    if (kind === 'exit') {
      this.#insn(last)
      return 'return'
    }
    const branches = kind === 'jump' || kind === 'may_goto'
    if (!branches) this.#insn(last)
    else this.#count(last)
    this.#f.counter.settle()
    if (branches) this.#lower(last)
    if (!branches || successors[0] !== successors[1]) return branches ? 'branch' : 'goto'
    this.#f.code.op(OP.drop)
    return 'goto'
  }

  #added(block: AddedBlock): Ending {
    const { code } = this.#f
    if (block.kind === 'dispatch') {
      code.localGet(this.#f.scratch('label'))
      return 'dispatch'
    }
    code.i32Const(block.label)
    code.localSet(this.#f.scratch('label'))
    return 'goto'
  }

  #insn(pc: number): void {
    this.#count(pc)
    this.#lower(pc)
  }

  #count(pc: number): void {
    this.#f.counter.insn(this.#f.program.weightAt(pc))
  }

  #lower(pc: number): void {
    this.#mark?.(pc, this.#f.code.length)
    const lower = LOWERINGS[this.#row(pc).id] as Lower
    lower(this.#f, this.#f.program.insns[pc] as Insn, pc)
  }

  #row(pc: number): InstructionRow {
    return this.#f.program.rows[pc] as InstructionRow
  }
}
