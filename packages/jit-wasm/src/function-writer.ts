import { CPU_REGISTERS, type EngineOptions, FRAME_BYTES } from '@bpfoundry/engine'
import { BPF_REG_FP, type Insn, type InstructionRow } from '@bpfoundry/isa'
import type { CodeWriter } from './binary/code-writer.ts'
import { OP, TYPE, type ValueType } from './binary/opcode.ts'
import { CTX_LOCAL, FIRST_ARGUMENT_LOCAL, FRAME_LOCAL, type ModuleLayout, TAIL_CALLS_LOCAL } from './module-layout.ts'
import type { FunctionPlan, ProgramPlan } from './program-plan.ts'
import { RunCounter } from './run-counter.ts'

/** Width of arithmetic. */
export type Bits = 32 | 64

/** Writes the code of an instruction. */
export type Lower = (f: FunctionWriter, insn: Insn, pc: number) => void

const NONE = -1

/** Roles of locals that hold an i32 for the span of one instruction or block. */
type Scratch = 'label' | 'loops' | 'index' | 'count' | 'program'

/**
 * The code of one function while it is written, with the registers as locals: i64 each, made when first named, so zero
 * at entry. r10 is kept as the address of its frame's lowest byte, see {@link FRAME_LOCAL}.
 */
export class FunctionWriter {
  readonly code: CodeWriter
  readonly program: ProgramPlan
  readonly plan: FunctionPlan
  readonly layout: ModuleLayout
  readonly options: EngineOptions
  readonly counter: RunCounter
  /** Types of the locals behind the parameters. */
  readonly locals: ValueType[] = []
  readonly #parameters: number
  readonly #registers = new Int16Array(CPU_REGISTERS).fill(NONE)
  readonly #scratch = new Map<Scratch, number>()

  constructor(
    code: CodeWriter,
    program: ProgramPlan,
    plan: FunctionPlan,
    layout: ModuleLayout,
    options: EngineOptions,
  ) {
    this.code = code
    this.program = program
    this.plan = plan
    this.layout = layout
    this.options = options
    this.#parameters = this.isEntry ? TAIL_CALLS_LOCAL + 1 : FIRST_ARGUMENT_LOCAL + plan.parameters.length
    for (const [at, register] of plan.parameters.entries()) this.#registers[register] = FIRST_ARGUMENT_LOCAL + at
    this.counter = new RunCounter(this, options.count ?? true)
  }

  /** True for the function that a run and tail calls enter. */
  get isEntry(): boolean {
    return this.plan.index === 0
  }

  newLocal(type: 'i32' | 'i64'): number {
    return this.#parameters + this.locals.push(TYPE[type]) - 1
  }

  /** The i32 local of that role. */
  scratch(role: Scratch): number {
    const known = this.#scratch.get(role)
    if (known !== undefined) return known
    const local = this.newLocal('i32')
    this.#scratch.set(role, local)
    return local
  }

  /** Pushes a register, or its lower 32 bits as an i32. */
  get(bits: Bits, register: number): void {
    if (register === BPF_REG_FP) this.#getFramePointer(bits)
    else {
      this.code.localGet(this.#register(register))
      if (bits === 32) this.code.op(OP['i32.wrap_i64'])
    }
  }

  /** Pops a register's new value: an i64, or an i32 that is zero-extended. */
  set(bits: Bits, register: number): void {
    if (register === BPF_REG_FP) this.#setFramePointer(bits)
    else {
      if (bits === 32) this.code.op(OP['i64.extend_i32_u'])
      this.code.localSet(this.#register(register))
    }
  }

  constant(bits: Bits, value: number): void {
    if (bits === 32) this.code.i32Const(value)
    else this.code.i64Const(value)
  }

  /** Pushes the second operand: the source register, or the sign-extended immediate. */
  operand(row: InstructionRow, bits: Bits, insn: Insn): void {
    if (row.src === 'r') this.get(bits, insn.src)
    else this.constant(bits, insn.imm)
  }

  /**
   * Pushes the address `register` + `off` as an i32, but for the part that it returns, to be the access's constant
   * offset. Only what is not negative can be left to that: the sum then has 33 bits and traps where the 64-bit one is
   * out of bounds. A valid address less an `off` above 0 can't wrap, for nothing lies in the first 64 KiB.
   */
  address(register: number, off: number): number {
    const constant = register === BPF_REG_FP ? off + FRAME_BYTES : off
    if (register === BPF_REG_FP) this.code.localGet(FRAME_LOCAL)
    else this.get(32, register)
    if (constant >= 0) return constant
    this.code.i32Const(constant)
    this.code.op(OP['i32.add'])
    return 0
  }

  /** r1 of an entry is its parameter. */
  begin(): void {
    if (!this.isEntry) return
    this.code.localGet(CTX_LOCAL)
    this.set(32, 1)
  }

  #register(register: number): number {
    const known = this.#registers[register] as number
    if (known !== NONE) return known
    const local = this.newLocal('i64')
    this.#registers[register] = local
    return local
  }

  #getFramePointer(bits: Bits): void {
    this.code.localGet(FRAME_LOCAL)
    this.code.i32Const(FRAME_BYTES)
    this.code.op(OP['i32.add'])
    if (bits === 64) this.code.op(OP['i64.extend_i32_u'])
  }

  /** No verified program writes r10; others may, as in the interpreter, but for the upper half. */
  #setFramePointer(bits: Bits): void {
    if (bits === 64) this.code.op(OP['i32.wrap_i64'])
    this.code.i32Const(FRAME_BYTES)
    this.code.op(OP['i32.sub'])
    this.code.localSet(FRAME_LOCAL)
  }
}
