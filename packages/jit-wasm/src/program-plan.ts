/** What of a program has to be known before code is written: its functions, and what each takes and calls. */
import {
  type CodeRange,
  type ControlFlowGraph,
  controlFlowGraph,
  liveRegisters,
  subprogramsOf,
} from '@bpfoundry/codegen'
import { CPU_REGISTERS } from '@bpfoundry/engine'
import { type Insn, type InstructionRow, lookupInsn, subprogTarget } from '@bpfoundry/isa'
import { JitWasmError, type JitWasmErrorCode } from './jit-wasm-error.ts'
import type { PreparedProgram } from './prepared-program.ts'
import { refusalOf } from './refused.ts'

/** A subprogram that becomes a function. */
export interface FunctionPlan {
  /** Its place among the module's own functions. */
  readonly index: number
  readonly cfg: ControlFlowGraph
  readonly hidden: boolean
  /** Which of r1..r5 it takes, in order. The entry takes r1 in another way. */
  readonly parameters: readonly number[]
  /** Whether it makes calls that count as helper calls. */
  readonly callsHelpers: boolean
}

export interface ProgramPlan {
  readonly insns: readonly Insn[]
  /** Executed instructions that each slot stands for. */
  readonly weightAt: (pc: number) => number
  /** Row of each slot that holds an instruction some function reaches. */
  readonly rows: readonly (InstructionRow | undefined)[]
  /** The entry first, then what it calls, directly or through others. */
  readonly functions: readonly FunctionPlan[]
  /** Function by the slot where it starts. */
  readonly functionAt: ReadonlyMap<number, FunctionPlan>
  /** Numbers of the helpers that are called, in order. */
  readonly helpers: readonly number[]
  readonly callsByRegister: boolean
  readonly makesTailCalls: boolean
}

const ARGUMENTS = [1, 2, 3, 4, 5] as const

/**
 * Plans a program.
 *
 * @throws CodegenError for flow that leaves a subprogram or its instructions
 * @throws JitWasmError JIT_WASM_FALLS_OFF, JIT_WASM_OPCODE, JIT_WASM_UNRESOLVED for what some function reaches and no
 * back end compiles
 */
export function planProgram(program: PreparedProgram): ProgramPlan {
  return new Planner(program).plan()
}

type OpenPlan = { -readonly [Field in keyof FunctionPlan]: FunctionPlan[Field] }

class Planner {
  readonly #program: PreparedProgram
  readonly #insns: readonly Insn[]
  readonly #ranges: readonly CodeRange[]
  readonly #rows: (InstructionRow | undefined)[]
  readonly #functions: OpenPlan[] = []
  readonly #functionAt = new Map<number, FunctionPlan>()
  readonly #helpers = new Set<number>()
  #callsByRegister = false
  #makesTailCalls = false

  constructor(program: PreparedProgram) {
    this.#program = program
    this.#insns = program.insns
    this.#ranges = subprogramsOf(program)
    this.#rows = new Array(program.insns.length).fill(undefined)
  }

  plan(): ProgramPlan {
    this.#add(0)
    // Functions are found while those before them are looked through.
    for (let at = 0; at < this.#functions.length; at++) this.#scan(this.#functions[at] as OpenPlan)
    return {
      insns: this.#insns,
      weightAt: (pc) => this.#program.weights?.[pc] ?? 1,
      rows: this.#rows,
      functions: this.#functions,
      functionAt: this.#functionAt,
      helpers: [...this.#helpers].sort((a, b) => a - b),
      callsByRegister: this.#callsByRegister,
      makesTailCalls: this.#makesTailCalls,
    }
  }

  /** The function that starts there; a new one is to be looked through, too. */
  #add(start: number): FunctionPlan {
    const known = this.#functionAt.get(start)
    if (known !== undefined) return known
    const range = this.#ranges.find((candidate) => candidate.start === start) as CodeRange
    const cfg = controlFlowGraph(this.#insns, range)
    const index = this.#functions.length
    const parameters = index === 0 ? [] : this.#parametersOf(cfg)
    const plan = { index, cfg, hidden: range.hidden ?? false, parameters, callsHelpers: false }
    this.#functions.push(plan)
    this.#functionAt.set(start, plan)
    return plan
  }

  /** Arguments that a function may read before it writes them. */
  #parametersOf(cfg: ControlFlowGraph): number[] {
    const live = liveRegisters(this.#insns, cfg)[0] as number
    return ARGUMENTS.filter((register) => (live & (1 << register)) !== 0)
  }

  #scan(plan: OpenPlan): void {
    for (const block of plan.cfg.reversePostorder) {
      const { start, end } = plan.cfg.blocks[block]!
      for (let pc = start; pc < end; ) {
        const row = this.#rowOf(pc)
        this.#rows[pc] = row
        if (row.kind === 'call') this.#call(plan, row, pc)
        pc += row.slots
      }
    }
  }

  #rowOf(pc: number): InstructionRow {
    const insn = this.#insns[pc] as Insn
    const row = lookupInsn(insn)
    const register = row === undefined ? undefined : missingRegister(row, insn)
    if (row !== undefined && register === undefined && !this.#program.isOutside(pc)) {
      const refusal = refusalOf(row)
      if (refusal === undefined) return row
      throw this.#error('JIT_WASM_UNRESOLVED', refusal.message, pc, refusal.hint)
    }
    if (this.#program.isOutside(pc)) throw this.#error('JIT_WASM_FALLS_OFF', 'flow leaves the program', pc)
    throw this.#error(
      'JIT_WASM_OPCODE',
      register === undefined ? 'no such instruction' : `no register r${register}`,
      pc,
    )
  }

  #error(code: JitWasmErrorCode, message: string, pc: number, hint?: string): JitWasmError {
    const got = textOf(this.#insns[pc] as Insn)
    const where = { pc: this.#program.pcBefore(pc) }
    return new JitWasmError({ code, message, where, got, ...(hint === undefined ? {} : { hint }) })
  }

  #call(plan: OpenPlan, row: InstructionRow, pc: number): void {
    const insn = this.#insns[pc] as Insn
    if (row.operation === 'tail_call') this.#makesTailCalls = true
    else if (row.operation === 'subprog') {
      const callee = this.#add(subprogTarget(insn, pc) as number)
      if (callee.hidden) plan.callsHelpers = true
    } else {
      plan.callsHelpers = true
      if (row.operation === 'helper') this.#helpers.add(insn.imm)
      else this.#callsByRegister = true
    }
  }
}

function missingRegister(row: InstructionRow, { dst, src }: Insn): number | undefined {
  if (typeof row.dst === 'string' && dst >= CPU_REGISTERS) return dst
  return typeof row.src === 'string' && src >= CPU_REGISTERS ? src : undefined
}

function textOf({ opcode, dst, src, off, imm }: Insn): string {
  return `opcode 0x${opcode.toString(16)}, dst ${dst}, src ${src}, off ${off}, imm ${imm}`
}
