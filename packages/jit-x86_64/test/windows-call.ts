import { type MachineCode, NATIVE_CONTEXT } from '@bpfoundry/codegen'
import { Assembler } from '../src/asm/assembler.ts'
import { Branches, JCC, JMP } from '../src/asm/branches.ts'
import { form } from '../src/asm/form.ts'
import { NONE, R12, R13, R14, R15, RBP, RBX, RCX, RDI, RDX, RSI, RSP } from '../src/asm/register.ts'

const MOV64 = form('MOV r/m64, r64')
const MOV32 = form('MOV r/m32, r32')
const MOV_IMM = form('MOV r32, imm32')
const LOAD64 = form('MOV r64, r/m64')
const ADD_TO = form('ADD r/m64, imm32')
const ADD = form('ADD r/m64, imm8')
const SUB = form('SUB r/m64, imm8')
const CMP = form('CMP r/m64, imm32')
const PUSH = form('PUSH r64')
const POP = form('POP r64')
const CALL = form('CALL rel32')
const RET = form('RET')

const SYSTEM_V_SAVED = [RBX, RBP, R12, R13, R14, R15] as const
const WINDOWS_SAVED = [...SYSTEM_V_SAVED, RDI, RSI] as const
/** Home of the four register arguments, and alignment. */
const SHADOW_BYTES = 40
const CALL_BYTES = 5
/** What stands in a register that the callee has to give back. */
const token = (register: number): number => 0x5a5a00 | register

/** Where the stub keeps the context: above the callee's home. */
const CONTEXT_AT = 32
/** Executed instructions that the stub adds when a register was not given back. */
const CLOBBERED = 1_000_000

/**
 * Code for Windows behind a stub that a System V process calls and that calls it as Windows does, with something in every
 * register that Windows code must give back.
 */
export function calledAsOnWindows(code: MachineCode): MachineCode {
  const stub = windowsCall(0)
  const bytes = windowsCall(stub.length + code.runOffsetBytes)
  const whole = new Uint8Array(bytes.length + code.bytes.length)
  whole.set(bytes)
  whole.set(code.bytes, bytes.length)
  const insnOffsetsBytes = code.insnOffsetsBytes.map((offset) => offset + bytes.length)
  return { bytes: whole, runOffsetBytes: 0, tailOffsetBytes: code.tailOffsetBytes + bytes.length, insnOffsetsBytes }
}

function windowsCall(run: number): Uint8Array {
  const asm = new Assembler()
  const branches = new Branches(asm)
  const clobbered = branches.newLabels(2)
  const done = clobbered + 1
  for (const register of SYSTEM_V_SAVED) asm.r(PUSH, register)
  asm.ri(SUB, RSP, SHADOW_BYTES)
  asm.rm(MOV64, RDI, RSP, NONE, CONTEXT_AT)
  asm.rr(MOV64, RCX, RDI)
  asm.rr(MOV32, RDX, RSI)
  for (const register of WINDOWS_SAVED) asm.ri(MOV_IMM, register, token(register))
  // Nothing before the call changes its length.
  asm.rel(CALL, run - (asm.offset + CALL_BYTES))
  for (const register of WINDOWS_SAVED) {
    asm.ri(CMP, register, token(register))
    branches.jump(JCC.NE, clobbered)
  }
  branches.jump(JMP, done)
  branches.bind(clobbered)
  asm.rm(LOAD64, RCX, RSP, NONE, CONTEXT_AT)
  asm.mi(ADD_TO, RCX, NONE, NATIVE_CONTEXT.executedInsns, CLOBBERED)
  branches.bind(done)
  asm.ri(ADD, RSP, SHADOW_BYTES)
  for (const register of SYSTEM_V_SAVED.toReversed()) asm.r(POP, register)
  asm.none(RET)
  return branches.finish().bytes
}
