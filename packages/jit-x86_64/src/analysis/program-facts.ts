/** What must be known of a whole program before its first instruction is written. */
import { type CodeProgram, type ControlFlowGraph, controlFlowGraphs, liveRegisters } from '@bpfoundry/codegen'
import {
  BPF_REG_AX,
  BPF_REG_FP,
  INSTRUCTIONS,
  type Insn,
  type InstructionRow,
  insnSlots,
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
  /** First slots of the functions it calls. */
  readonly callees: readonly number[]
  /** Registers that its own instructions name, by mask. */
  readonly registers: number
  /** What of {@link INSN} its own instructions are. */
  readonly properties: number
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
  /** Whether guest memory is reached: by an access, a helper's arguments, or a tail call's map. */
  readonly memory: boolean
  /** Whether a may_goto is there, for whose budget every function keeps a word on the stack. */
  readonly budgeted: boolean
}

/** What an instruction is, as far as functions differ by it. */
const INSN = { memory: 1, callsOut: 2, tailCall: 4, mayGoto: 8, calls: 16 } as const

function propertiesOf({ kind, operation }: InstructionRow): number {
  if (kind === 'may_goto') return INSN.mayGoto
  if (kind !== 'call') return ['load', 'store', 'atomic', 'load_acq', 'store_rel'].includes(kind) ? INSN.memory : 0
  if (operation === 'subprog') return INSN.calls
  return INSN.memory | INSN.callsOut | (operation === 'tail_call' ? INSN.tailCall : 0)
}

/** Bits that stand for whatever dst and src are, in masks of rows. */
const [DST, SRC] = [13, 14]
const ANY: Insn = { opcode: 0, dst: DST, src: SRC, off: 0, imm: 0 }

/** By the row's id: properties, and masks of the registers read and written. */
const PROPERTIES = Uint8Array.from(INSTRUCTIONS, propertiesOf)
const READS = Uint16Array.from(INSTRUCTIONS, (row) => registersRead(row, ANY))
const WRITES = Uint16Array.from(INSTRUCTIONS, (row) => registersWritten(row, ANY))

/** A row's mask with the instruction's registers in it. */
function maskOf(mask: number, { dst, src }: Insn): number {
  return (mask & 0xfff) | (((mask >> DST) & 1) << dst) | (((mask >> SRC) & 1) << src)
}

/** @throws JitX86Error JIT_X86_OPCODE; CodegenError for a flow that leaves the program */
export function programFacts(program: CodeProgram): ProgramFacts {
  const rows = rowsOf(program.insns)
  const functions = controlFlowGraphs(program).map((cfg) => functionFacts(program.insns, rows, cfg))
  const functionAt = new Map(functions.map((facts) => [facts.cfg.range.start, facts]))
  spreadToCallers(functions, functionAt)
  let [registers, properties] = [0, 0]
  for (const fn of functions) {
    registers |= fn.registers
    properties |= fn.properties
  }
  const has = (property: number): boolean => (properties & property) !== 0
  const found = { tailCalls: has(INSN.tailCall), memory: has(INSN.memory), budgeted: has(INSN.mayGoto) }
  return { rows, functions, functionAt, registers, ...found }
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
  const callees: number[] = []
  let [writes, reads, properties] = [0, 0, 0]
  for (let pc = start; pc < end; pc++) {
    const row = rows[pc]
    if (row === undefined) continue
    const insn = insns[pc]!
    const property = PROPERTIES[row.id]!
    properties |= property
    reads |= maskOf(READS[row.id]!, insn)
    writes |= maskOf(WRITES[row.id]!, insn)
    if ((property & INSN.calls) !== 0) callees.push(subprogTarget(insn, pc)!)
  }
  const registers = reads | writes
  // What a tail call leads to may write all, and use the frame.
  if ((properties & INSN.tailCall) !== 0) [reads, writes] = [reads | FRAME_POINTER, writes | CALLEE_SAVED]
  const own = { writes: writes & (CALLEE_SAVED | FRAME_POINTER), needsFrame: (reads & FRAME_POINTER) !== 0 }
  const calls = { callees, callsOut: (properties & INSN.callsOut) !== 0, called: false }
  return { cfg, live: liveRegisters(insns, cfg), hidden: hidden === true, registers, properties, ...own, ...calls }
}

/** What a callee does its callers do. Sets only grow, so this ends, also when functions call each other. */
function spreadToCallers(functions: readonly FunctionFacts[], functionAt: ReadonlyMap<number, FunctionFacts>): void {
  for (let changed = functions.length > 1 || functions[0]!.callees.length > 0; changed; ) {
    changed = false
    for (const caller of functions) {
      for (const start of caller.callees) changed = takeOver(caller, functionAt.get(start)!) || changed
    }
  }
}

/** R10 aside, for a caller gets its own back. @returns whether something was learnt */
function takeOver(caller: FunctionFacts, callee: FunctionFacts): boolean {
  const writes = caller.writes | (callee.writes & CALLEE_SAVED)
  const needsFrame = caller.needsFrame || callee.needsFrame
  const callsOut = caller.callsOut || callee.callsOut
  const changed = writes !== caller.writes || needsFrame !== caller.needsFrame || callsOut !== caller.callsOut
  callee.called = true
  Object.assign(caller, { writes, needsFrame, callsOut })
  return changed
}
