/**
 * Calls and exit.
 *
 * @see RFC 9669, section 4.3
 */
import { CPU_BLOCK, CPU_STACK_BYTES, FRAME_BYTES, MAX_RUN_FRAMES, MAX_TAIL_CALLS } from '@bpfoundry/engine'
import { BPF_REG_0, type InstructionRow, type Operation, subprogTarget } from '@bpfoundry/isa'
import { OP } from '../binary/opcode.ts'
import type { FunctionWriter, Lower } from '../function-writer.ts'
import { CPU_LOCAL, FRAME_LOCAL } from '../module-layout.ts'
import type { FunctionPlan } from '../program-plan.ts'

const FIELD = CPU_BLOCK.fields
const ARGUMENT_FIELDS = [FIELD.r1, FIELD.r2, FIELD.r3, FIELD.r4, FIELD.r5]
const PROGRAM_ID_BYTES_LOG2 = 2

/** Kind `call`. */
export function lowerCall(row: InstructionRow): Lower {
  return CALL[row.operation] as Lower
}

const CALL: Partial<Record<Operation, Lower>> = {
  helper: (f, { imm }) => {
    storeArguments(f)
    f.code.call(f.layout.helper(imm))
    loadResult(f)
  },
  callx: (f, { dst }) => {
    storeArguments(f)
    f.get(32, dst)
    f.code.call(f.layout.callByRegister)
    loadResult(f)
  },
  subprog: (f, insn, pc) => callSubprogram(f, f.program.functionAt.get(subprogTarget(insn, pc)!) as FunctionPlan),
  tail_call: (f) => tailCall(f),
}

/** r1..r5 to the CPU block, where helpers read them. */
function storeArguments(f: FunctionWriter): void {
  for (const [at, { offsetBytes }] of ARGUMENT_FIELDS.entries()) {
    f.code.localGet(CPU_LOCAL)
    f.get(64, at + 1)
    f.code.memory(OP['i64.store'], 3, offsetBytes)
  }
}

function loadResult(f: FunctionWriter): void {
  f.counter.helperCall()
  pushResult(f)
  f.set(64, BPF_REG_0)
}

/** Pushes r0 of the CPU block. */
function pushResult({ code }: FunctionWriter): void {
  code.localGet(CPU_LOCAL)
  code.memory(OP['i64.load'], 3, FIELD.regs.offsetBytes)
}

/**
 * The callee gets the CPU block, the frame below, and those of r1..r5 that it reads; r6 to r10 are locals of each
 * function, and so kept. What it leaves in r1..r5 is not given back: no verified program reads them then.
 */
function callSubprogram(f: FunctionWriter, callee: FunctionPlan): void {
  const { code } = f
  const begins = f.plan.hidden && !callee.hidden
  if (begins) beginRun(f)
  else requireFrame(f, callee.hidden ? CPU_STACK_BYTES : MAX_RUN_FRAMES * FRAME_BYTES)
  code.localGet(CPU_LOCAL)
  if (begins) code.localGet(FRAME_LOCAL)
  else pushFrameBelow(f)
  for (const register of callee.parameters) f.get(64, register)
  code.call(f.layout.numberOf(callee))
  f.set(64, BPF_REG_0)
  if (callee.hidden) f.counter.helperCall()
}

/** A hidden loop calls the program in it: a run of its own, with the loop's frame as its first and no tail calls made. */
function beginRun({ code }: FunctionWriter): void {
  code.localGet(CPU_LOCAL)
  code.i32Const(0)
  code.memory(OP['i32.store'], 2, FIELD.tailCalls.offsetBytes)
}

function pushFrameBelow({ code }: FunctionWriter): void {
  code.localGet(FRAME_LOCAL)
  code.i32Const(FRAME_BYTES)
  code.op(OP['i32.sub'])
}

/** Faults when the callee's frame is not within the first `stackBytes` of this CPU's stack. */
function requireFrame(f: FunctionWriter, stackBytes: number): void {
  const { code } = f
  code.localGet(FRAME_LOCAL)
  code.i32Const(stackBytes - FRAME_BYTES)
  code.op(OP['i32.add'])
  code.localGet(CPU_LOCAL)
  code.memory(OP['i32.load'], 2, FIELD.stackTop.offsetBytes)
  code.op(OP['i32.lt_u'])
  code.open(OP.if)
  code.call(f.layout.callDepth)
  code.op(OP.unreachable)
  code.op(OP.end)
}

/**
 * Goes on behind it when the array has no such slot, 33 tail calls were made, or no program of that id is installed in
 * this thread. Out of the entry the target takes the function's place; out of a subprogram it is called and its result
 * returned, for an entry leaves r0 in the CPU block and a subprogram answers it. The BPF frame is the same either way.
 */
function tailCall(f: FunctionWriter): void {
  const { code } = f
  code.open(OP.block)
  findProgram(f)
  f.counter.book()
  code.localGet(CPU_LOCAL)
  code.localGet(FRAME_LOCAL)
  f.get(32, 1)
  code.localGet(f.scratch('count'))
  code.i32Const(1)
  code.op(OP['i32.add'])
  code.localGet(f.scratch('program'))
  code.callIndirect(f.isEntry ? OP.return_call_indirect : OP.call_indirect, f.layout.entryType)
  if (!f.isEntry) {
    code.op(OP.drop)
    pushResult(f)
    code.op(OP.return)
  }
  code.op(OP.end)
}

/** Leaves the scope when there is nothing to call; else locals hold the program's id and the tail calls made so far. */
function findProgram(f: FunctionWriter): void {
  const { code } = f
  const { maxEntriesOffsetBytes, slotsOffsetBytes } = f.options.progArray
  const [index, count, program] = [f.scratch('index'), f.scratch('count'), f.scratch('program')]
  const leaveWhen = (opcode: number): void => {
    code.op(opcode)
    code.branch(OP.br_if, 0)
  }
  code.localGet(CPU_LOCAL)
  code.memory(OP['i32.load'], 2, FIELD.tailCalls.offsetBytes)
  code.localTee(count)
  code.i32Const(MAX_TAIL_CALLS)
  leaveWhen(OP['i32.ge_u'])
  f.get(32, 3)
  code.localTee(index)
  f.get(32, 2)
  code.memory(OP['i32.load'], 2, maxEntriesOffsetBytes)
  leaveWhen(OP['i32.ge_u'])
  f.get(32, 2)
  code.localGet(index)
  code.i32Const(PROGRAM_ID_BYTES_LOG2)
  code.op(OP['i32.shl'])
  code.op(OP['i32.add'])
  code.memory(OP['i32.load'], 2, slotsOffsetBytes)
  code.localTee(program)
  leaveWhen(OP['i32.eqz'])
  code.localGet(program)
  code.table(OP['table.size'])
  leaveWhen(OP['i32.ge_u'])
  code.localGet(program)
  code.table(OP['table.get'])
  leaveWhen(OP['ref.is_null'])
}

/** Kind `exit`: books the counts; an entry stores r0 and answers its lower half, a subprogram answers it. */
export const lowerExit: Lower = (f) => {
  const { code } = f
  f.counter.book()
  f.counter.drop()
  if (f.isEntry) {
    code.localGet(CPU_LOCAL)
    f.get(64, BPF_REG_0)
    code.memory(OP['i64.store'], 3, FIELD.regs.offsetBytes)
  }
  f.get(f.isEntry ? 32 : 64, BPF_REG_0)
  code.op(OP.return)
}
