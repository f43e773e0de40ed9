/** What leaves the program: helper calls to the host, tail calls to other programs. */
import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import { CPU_BLOCK, MAX_TAIL_CALLS } from '@bpfoundry/engine'
import type { InstructionName } from '@bpfoundry/isa'
import { JCC } from '../asm/branches.ts'
import { form } from '../asm/form.ts'
import { NONE, RAX, RCX, RDI, type Register, RSP } from '../asm/register.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import type { Abi } from '../options.ts'
import { CONTEXT, COUNTER, MEMORY_BASE, SCRATCH } from '../register-map.ts'
import { moveConstant } from './constant.ts'
import { dropFrame } from './control-flow.ts'
import { ADD, SUB, withImmediate } from './immediate-arithmetic.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

const MOV32 = form('MOV r/m32, r32')
const LOAD32 = form('MOV r32, r/m32')
const LOAD64 = form('MOV r64, r/m64')
const STORE64 = form('MOV r/m64, r64')
const XOR = form('XOR r/m32, r32')
const LEA = form('LEA r64, m')
const SHL = form('SHL r/m64, imm8')
const ADD_FROM = form('ADD r64, r/m64')
const CMP_INDEX = form('CMP r/m32, r32')
const CMP_IMM8 = form('CMP r/m64, imm8')
const CMP_FROM = form('CMP r64, r/m64')
const TEST = form('TEST r/m64, r64')
const PUSH = form('PUSH r64')
const POP = form('POP r64')
const CALL = form('CALL r/m64')
const JMP_TO = form('JMP r/m64')

/** What C code is handed and needs. */
interface Convention {
  readonly firstArgument: Register
  /** Bytes below its frame that a caller leaves to the callee. */
  readonly homeBytes: number
}

const CONVENTIONS: Readonly<Record<Abi, Convention>> = {
  'system-v': { firstArgument: RDI, homeBytes: 0 },
  windows: { firstArgument: RCX, homeBytes: 32 },
}

const ARGUMENTS = [1, 2, 3, 4, 5] as const
const REGS = CPU_BLOCK.fields.regs.offsetBytes
const REGISTER_BYTES = 8

/**
 * `call 5`: the arguments go to the CPU block, the result comes from there. C code may change r9 and the registers of R1
 * to R5 and AX; of those, R1 to R5 come back from the block where they are still read, which no verified program does.
 */
function callOut(e: Emitter, pc: number, loadNumber: (first: Register) => void): void {
  const { asm, job } = e
  const { firstArgument, homeBytes } = CONVENTIONS[job.abi]
  const words = (e.frameWords + 2) % 2 === 0 ? 1 : 2
  asm.rm(LOAD64, SCRATCH, CONTEXT, NONE, NATIVE_CONTEXT.cpuBlock)
  for (const n of ARGUMENTS) blockRegister(e, STORE64, n)
  e.flushCount()
  for (let n = 0; n < words; n++) asm.r(PUSH, CONTEXT)
  loadNumber(firstArgument)
  if (homeBytes > 0) withImmediate(asm, SUB, 64, RSP, homeBytes)
  asm.m(CALL, CONTEXT, NONE, NATIVE_CONTEXT.callHelper)
  if (homeBytes > 0) withImmediate(asm, ADD, 64, RSP, homeBytes)
  for (let n = 0; n < words; n++) asm.r(POP, CONTEXT)
  asm.rm(LOAD64, SCRATCH, CONTEXT, NONE, NATIVE_CONTEXT.cpuBlock)
  blockRegister(e, LOAD64, 0)
  for (const n of ARGUMENTS) if (e.isLiveBehind(pc, n)) blockRegister(e, LOAD64, n)
  if (job.counting === 'register') asm.rr(XOR, COUNTER, COUNTER)
  if (job.counting !== 'none' && !e.fn.hidden) e.addToContext(NATIVE_CONTEXT.helperCalls, 1)
}

/** Moves Rn to or from the CPU block, whose guest address is in r11. */
function blockRegister({ asm }: Emitter, mov: typeof LOAD64, n: number): void {
  asm.rm(mov, n === 0 ? RAX : registerOf(n), MEMORY_BASE, SCRATCH, REGS + REGISTER_BYTES * n)
}

const helper: Lowering = (e, { imm }, pc) => callOut(e, pc, (first) => moveConstant(e.asm, first, imm, 0))

/** What the register holds is a helper's number, as in bpf_conformance. */
const helperByRegister: Lowering = (e, { dst }, pc) =>
  callOut(e, pc, (first) => e.asm.rr(MOV32, first, registerOf(dst)))

const MAP = registerOf(2)
const INDEX = registerOf(3)
const WORD_SCALE = 2
const POINTER_SHIFT = 3

/**
 * `bpf_tail_call(r1 = ctx, r2 = map, r3 = index)`: goes on behind the instruction when the index is out of range, all
 * tail calls of the run are used up, or the slot names no program here. Otherwise the target's code goes on in this
 * frame; nothing but the budget of may_goto lies on the stack that is ours.
 */
const tailCall: Lowering = (e) => {
  const { asm, branches } = e
  const { maxEntriesOffsetBytes, slotsOffsetBytes } = e.job.progArray
  const out = e.newLabel()
  asm.rm(CMP_INDEX, INDEX, MEMORY_BASE, MAP, maxEntriesOffsetBytes)
  branches.jump(JCC.BE, out)
  asm.mi(CMP_IMM8, CONTEXT, NONE, NATIVE_CONTEXT.tailCalls, MAX_TAIL_CALLS)
  branches.jump(JCC.AE, out)
  asm.rr(MOV32, SCRATCH, INDEX)
  asm.rm(LEA, SCRATCH, MAP, SCRATCH, 0, WORD_SCALE)
  asm.rm(LOAD32, SCRATCH, MEMORY_BASE, SCRATCH, slotsOffsetBytes)
  asm.rm(CMP_FROM, SCRATCH, CONTEXT, NONE, NATIVE_CONTEXT.programCount)
  branches.jump(JCC.AE, out)
  asm.ri(SHL, SCRATCH, POINTER_SHIFT)
  asm.rm(ADD_FROM, SCRATCH, CONTEXT, NONE, NATIVE_CONTEXT.programTable)
  asm.rm(LOAD64, SCRATCH, SCRATCH, NONE, 0)
  asm.rr(TEST, SCRATCH, SCRATCH)
  branches.jump(JCC.E, out)
  e.addToContext(NATIVE_CONTEXT.tailCalls, 1)
  e.flushCount()
  dropFrame(e)
  asm.r(JMP_TO, SCRATCH)
  branches.bind(out)
}

// biome-ignore format: table
export const CALL_OUT: LoweringsOf<Extract<InstructionName, 'CALL_HELPER' | 'CALLX' | 'TAIL_CALL'>> = {
  CALL_HELPER: helper,
  CALLX:       helperByRegister,
  TAIL_CALL:   tailCall,
}
