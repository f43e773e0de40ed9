import { CPU_BLOCK } from '@bpfoundry/engine'
import { OP } from './binary/opcode.ts'
import type { FunctionWriter } from './function-writer.ts'
import { CPU_LOCAL } from './module-layout.ts'

/**
 * One count of a function: what its blocks add is known when they are written, so a block costs one addition to a local,
 * and a function of one block none. Whoever leaves the function books the sum to the CPU block.
 */
class Count {
  readonly #f: FunctionWriter
  readonly #fieldOffsetBytes: number
  /** Counted since the local was last brought up to date. */
  #pending = 0
  #local: number | undefined

  constructor(f: FunctionWriter, fieldOffsetBytes: number, usesLocal: boolean) {
    this.#f = f
    this.#fieldOffsetBytes = fieldOffsetBytes
    this.#local = usesLocal ? f.newLocal('i64') : undefined
  }

  add(weight: number): void {
    this.#pending += weight
  }

  settle(): void {
    if (this.#local === undefined || this.#pending === 0) return
    this.#sum(this.#local)
    this.#f.code.localSet(this.#local)
    this.#pending = 0
  }

  book(): void {
    const { code } = this.#f
    code.localGet(CPU_LOCAL)
    code.localGet(CPU_LOCAL)
    code.memory(OP['f64.load'], 3, this.#fieldOffsetBytes)
    if (this.#local === undefined) code.f64Const(this.#pending)
    else {
      this.#sum(this.#local)
      code.op(OP['f64.convert_i64_s'])
    }
    code.op(OP['f64.add'])
    code.memory(OP['f64.store'], 3, this.#fieldOffsetBytes)
  }

  /** Ends a block that leaves the function: what it counted is not the next block's. */
  drop(): void {
    this.#pending = 0
  }

  #sum(local: number): void {
    const { code } = this.#f
    code.localGet(local)
    if (this.#pending === 0) return
    code.i64Const(this.#pending)
    code.op(OP['i64.add'])
  }
}

/** Counts executed instructions and helper calls of a function, as the interpreter does; nothing in a hidden one. */
export class RunCounter {
  readonly #insns: Count | undefined
  readonly #helperCalls: Count | undefined

  constructor(f: FunctionWriter, counts: boolean) {
    const { executedInsns, helperCalls } = CPU_BLOCK.fields
    const { hidden, callsHelpers, cfg } = f.plan
    const on = counts && !hidden
    const usesLocal = cfg.reversePostorder.length > 1
    this.#insns = on ? new Count(f, executedInsns.offsetBytes, usesLocal) : undefined
    this.#helperCalls = on && callsHelpers ? new Count(f, helperCalls.offsetBytes, usesLocal) : undefined
  }

  /** An instruction, or what stands for `weight` of them. */
  insn(weight: number): void {
    this.#insns?.add(weight)
  }

  helperCall(): void {
    this.#helperCalls?.add(1)
  }

  /** Behind a block from which the flow goes on in this function. */
  settle(): void {
    this.#insns?.settle()
    this.#helperCalls?.settle()
  }

  /** Where the flow leaves the function: adds the counts to those of the CPU block. The block may go on, too. */
  book(): void {
    this.#insns?.book()
    this.#helperCalls?.book()
  }

  /** Behind a block from which the flow does not go on. */
  drop(): void {
    this.#insns?.drop()
    this.#helperCalls?.drop()
  }
}
