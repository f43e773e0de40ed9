import type { MachineCode } from '@bpfoundry/codegen'
import { Assembler } from '../src/asm/assembler.ts'
import { form } from '../src/asm/form.ts'
import { writeNops } from '../src/asm/nops.ts'
import { R14, RBP, RBX, RDI, RSI } from '../src/asm/register.ts'

const MOV64 = form('MOV r/m64, r64')
const MOV32 = form('MOV r/m32, r32')
const MOV_IMM = form('MOV r32, imm32')
const SUB = form('SUB r/m32, imm8')
const PUSH = form('PUSH r64')
const POP = form('POP r64')
const CALL = form('CALL rel32')
const JNE = form('JNE rel8')
const RET = form('RET')

const SAVED = [RBX, RBP, R14] as const
const LINE_BYTES = 64
const CALL_BYTES = 5
const JUMP_BYTES = 2

/** The same code behind a loop that runs it `times` times: what a poll loop in machine code sees. System V only. */
export function looped(code: MachineCode, times: number): MachineCode {
  const stub = loopStub(times, 0)
  const bytes = loopStub(times, stub.length + code.runOffsetBytes)
  const whole = new Uint8Array(bytes.length + code.bytes.length)
  whole.set(bytes)
  whole.set(code.bytes, bytes.length)
  const insnOffsetsBytes = code.insnOffsetsBytes.map((offset) => offset + bytes.length)
  return { bytes: whole, runOffsetBytes: 0, tailOffsetBytes: code.tailOffsetBytes + bytes.length, insnOffsetsBytes }
}

function loopStub(times: number, run: number): Uint8Array {
  const asm = new Assembler()
  for (const register of SAVED) asm.r(PUSH, register)
  asm.rr(MOV64, RBX, RDI)
  asm.rr(MOV32, RBP, RSI)
  asm.ri(MOV_IMM, R14, times)
  const again = asm.offset
  asm.rr(MOV64, RDI, RBX)
  asm.rr(MOV32, RSI, RBP)
  asm.rel(CALL, run - (asm.offset + CALL_BYTES))
  asm.ri(SUB, R14, 1)
  asm.rel(JNE, again - (asm.offset + JUMP_BYTES))
  for (const register of SAVED.toReversed()) asm.r(POP, register)
  asm.none(RET)
  // The code behind it keeps its place in lines of 64 bytes.
  writeNops(asm, -asm.offset & (LINE_BYTES - 1))
  return asm.buffer.finish()
}
