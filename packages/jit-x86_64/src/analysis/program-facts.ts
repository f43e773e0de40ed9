/** What must be known of a whole program before its first instruction is written. */
import {
  type CodeProgram,
  type ControlFlowGraph,
  controlFlowGraphs,
  isTailCall,
  liveRegisters,
} from '@bpfoundry/codegen'
import {
  BPF_REG_AX,
  BPF_REG_FP,
  type Insn,
  type InstructionRow,
  insnSlots,
  isCall,
  lookupInsn,
  registersRead,
  registersWritten,
  subprogTarget,
} from '@bpfoundry/isa'
import { JitX86Error } from '../jit-x86-error.ts'

/** R6 to R9, which a caller keeps over a call. */
export const CALLEE_SAVED = 0x3c0
const FRAME_POINTER = 1 << BPF_REG_FP
const AX = 1 << BPF_REG_AX

/** One function, whole: its own instructions and all it calls. */
export interface FunctionFacts {
  readonly cfg: ControlFlowGraph
  /** Registers live before each slot, counted from the function's first. */
  readonly live: Uint16Array
  /** Made by a fix-up: not counted. */
  readonly hidden: boolean
  /** R6 to R9, and R10, that it or what it calls may write. */
  writes: number
  /** Whether it, or what it calls, reads R10. */
  needsFrame: boolean
  /** Whether it, or what it calls, calls C code, which wants an aligned stack, or jumps to a program that may. */
  callsOut: boolean
  /** Whether any function calls it. */
  called: boolean
}

export interface ProgramFacts {
  /** Row of each slot, undefined for second slots. */
  readonly rows: readonly (InstructionRow | undefined)[]
  /** In order of their slots; the first is the entry. */
  readonly functions: readonly FunctionFacts[]
  /** Function by its first slot. */
  readonly functionAt: ReadonlyMap<number, FunctionFacts>
  /** Registers that any instruction names, by mask. */
  readonly registers: number
  readonly tailCalls: boolean
  readonly memory: boolean
  /** Whether a may_goto is there, for whose budget every function keeps a word on the stack. */
  readonly budgeted: boolean
}

/** Kinds that reach guest memory by r12; a helper's arguments and a tail call's map lie there, too. */
const MEMORY_KINDS: ReadonlySet<string> = new Set(['load', 'store', 'atomic', 'load_acq', 'store_rel', 'call'])

/** @throws JitX86Error JIT_X86_OPCODE; CodegenError for a flow that leaves the program */
export function programFacts(program: CodeProgram): ProgramFacts {
  const { insns } = program
  const rows = rowsOf(insns)
  const functions = controlFlowGraphs(program).map((cfg) => functionFacts(insns, rows, cfg))
  const functionAt = new Map(functions.map((facts) => [facts.cfg.range.start, facts]))
  spreadToCallers(insns, functions, functionAt)
  let [registers, memory, budgeted] = [0, false, false]
  for (let pc = 0; pc < insns.length; pc++) {
    const row = rows[pc]
    if (row === undefined) continue
    registers |= registersRead(row, insns[pc]!) | registersWritten(row, insns[pc]!)
    memory ||= MEMORY_KINDS.has(row.kind) && row.operation !== 'subprog'
    budgeted ||= row.kind === 'may_goto'
  }
  return { rows, functions, functionAt, registers, tailCalls: insns.some(isTailCall), memory, budgeted }
}

/** True when blinding or a fix-up uses AX, whose register can't count then. */
export function usesAx({ registers }: ProgramFacts): boolean {
  return (registers & AX) !== 0
}

function rowsOf(insns: readonly Insn[]): (InstructionRow | undefined)[] {
  const rows: (InstructionRow | undefined)[] = new Array(insns.length).fill(undefined)
  for (let pc = 0; pc < insns.length; pc += insnSlots(insns[pc]!)) {
    const insn = insns[pc]!
    const row = lookupInsn(insn)
    if (row === undefined) throw noSuchInsn(pc, insn, 'no such instruction')
    if (typeof row.dst === 'string' && insn.dst > BPF_REG_AX) throw noSuchInsn(pc, insn, `no register r${insn.dst}`)
    if (typeof row.src === 'string' && insn.src > BPF_REG_AX) throw noSuchInsn(pc, insn, `no register r${insn.src}`)
    rows[pc] = row
  }
  return rows
}

function noSuchInsn(pc: number, { opcode, dst, src, off, imm }: Insn, message: string): JitX86Error {
  const got = `opcode 0x${opcode.toString(16)}, dst ${dst}, src ${src}, off ${off}, imm ${imm}`
  return new JitX86Error({ code: 'JIT_X86_OPCODE', message, where: { pc }, got })
}

function functionFacts(
  insns: readonly Insn[],
  rows: readonly (InstructionRow | undefined)[],
  cfg: ControlFlowGraph,
): FunctionFacts {
  const { start, end, hidden } = cfg.range
  let [writes, reads, callsOut] = [0, 0, false]
  for (let pc = start; pc < end; pc++) {
    const row = rows[pc]
    if (row === undefined) continue
    reads |= registersRead(row, insns[pc]!)
    writes |= registersWritten(row, insns[pc]!)
    if (isTailCall(insns[pc]!)) [reads, writes] = [reads | FRAME_POINTER, writes | CALLEE_SAVED]
    callsOut ||= row.kind === 'call' && row.operation !== 'subprog'
  }
  const own = { writes: writes & (CALLEE_SAVED | FRAME_POINTER), needsFrame: (reads & FRAME_POINTER) !== 0, callsOut }
  return { cfg, live: liveRegisters(insns, cfg), hidden: hidden === true, called: false, ...own }
}

/** What a callee does its callers do. Sets only grow, so this ends, also when functions call each other. */
function spreadToCallers(
  insns: readonly Insn[],
  functions: readonly FunctionFacts[],
  functionAt: ReadonlyMap<number, FunctionFacts>,
): void {
  const calls = functions.flatMap((caller) =>
    calleesOf(insns, caller.cfg.range).map((start) => ({ caller, callee: functionAt.get(start) as FunctionFacts })),
  )
  for (const { callee } of calls) callee.called = true
  for (let changed = true; changed; ) {
    changed = false
    for (const { caller, callee } of calls) changed = takeOver(caller, callee) || changed
  }
}

function calleesOf(insns: readonly Insn[], { start, end }: { readonly start: number; readonly end: number }): number[] {
  const starts: number[] = []
  for (let pc = start; pc < end; pc++) {
    const target = isCall(insns[pc]!) ? subprogTarget(insns[pc]!, pc) : undefined
    if (target !== undefined) starts.push(target)
  }
  return starts
}

/** R10 aside, for a caller gets its own back. @returns whether the caller learnt something */
function takeOver(caller: FunctionFacts, callee: FunctionFacts): boolean {
  const writes = caller.writes | (callee.writes & CALLEE_SAVED)
  const needsFrame = caller.needsFrame || callee.needsFrame
  const callsOut = caller.callsOut || callee.callsOut
  const changed = writes !== caller.writes || needsFrame !== caller.needsFrame || callsOut !== caller.callsOut
  Object.assign(caller, { writes, needsFrame, callsOut })
  return changed
}
