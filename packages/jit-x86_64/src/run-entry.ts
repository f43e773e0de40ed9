/**
 * The function that the host calls: `u32 run(NativeContext *context, u32 r1)`.
 *
 * ```
 *   push of what C keeps and the program changes
 *   r9 = context, r12 = host address of guest memory, edi = r1, ebp = top of the stack, registers that are read = 0
 *   straight on into the entry function, whose exit stores rax into the CPU block, pops, ret
 * ```
 * Everything is left out that the program has no use for. In a program that makes tail calls, the entry function is
 * called instead, for what goes on in its place must find no saved registers on the stack.
 */
import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import { CPU_BLOCK } from '@bpfoundry/engine'
import { BPF_REG_AX, BPF_REG_FP } from '@bpfoundry/isa'
import { type ProgramFacts, usesAx } from './analysis/program-facts.ts'
import type { Assembler } from './asm/assembler.ts'
import { JMP } from './asm/branches.ts'
import { form } from './asm/form.ts'
import { NONE, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, type Register, RSI, RSP } from './asm/register.ts'
import { type Emitter, registerOf } from './emitter.ts'
import { ADD, SUB, withImmediate } from './lower/immediate-arithmetic.ts'
import type { Abi } from './options.ts'
import { CONTEXT, FRAME, MEMORY_BASE, SCRATCH } from './register-map.ts'

const MOV32 = form('MOV r/m32, r32')
const MOV64 = form('MOV r/m64, r64')
const LOAD32 = form('MOV r32, r/m32')
const LOAD64 = form('MOV r64, r/m64')
const STORE64 = form('MOV r/m64, r64')
const ADD_FROM = form('ADD r64, r/m64')
const XOR = form('XOR r/m32, r32')
const PUSH = form('PUSH r64')
const POP = form('POP r64')
const RET = form('RET')

const WORD_BYTES = 8

interface EntryConvention {
  readonly context: Register
  readonly r1: Register
  /** Registers that the caller expects back. */
  readonly calleeSaved: readonly Register[]
}

/** @see System V ABI for AMD64, section 3.2.1; Microsoft: x64 calling convention */
const ENTRY_CONVENTIONS: Readonly<Record<Abi, EntryConvention>> = {
  'system-v': { context: RDI, r1: RSI, calleeSaved: [RBX, RBP, R12, R13, R14, R15] },
  windows: { context: RCX, r1: RDX, calleeSaved: [RBX, RBP, RDI, RSI, R12, R13, R14, R15] },
}

/** Whether the program reaches guest memory through r12; its frame's address is read from there, too. */
function needsMemoryBase({ memory, functions }: ProgramFacts): boolean {
  return memory || functions[0]!.needsFrame
}

/** What of the caller's registers the program changes: all, where it may go on in another program. */
export function savedRegisters(facts: ProgramFacts, abi: Abi): readonly Register[] {
  const { calleeSaved } = ENTRY_CONVENTIONS[abi]
  const mask = changedRegisters(facts)
  return facts.tailCalls ? calleeSaved : calleeSaved.filter((register) => (mask & (1 << register)) !== 0)
}

/** x86 registers that the program's code writes, by mask. */
function changedRegisters(facts: ProgramFacts): number {
  let mask = 0
  for (let n = 0; n <= BPF_REG_FP; n++) mask |= ((facts.registers >> n) & 1) << registerOf(n)
  if (needsMemoryBase(facts)) mask |= 1 << MEMORY_BASE
  return facts.functions[0]!.needsFrame ? mask | (1 << FRAME) : mask
}

/** Writes the function, before the entry function when that is gone straight on into. */
export function writeRunEntry(e: Emitter): void {
  const { asm, job } = e
  saveRegisters(e)
  setRegisters(e)
  if (job.direct) return
  e.branches.call(e.entry(job.facts.functions[0]!))
  storeResult(asm)
  restoreRegisters(e)
  asm.none(RET)
}

/**
 * Where a tail call from another program enters. An entry function that ends the run itself takes from the stack what
 * the function above has put there, so that something must lie there: the caller, who called what made the tail call,
 * has kept what it needs, and `exit` leads back to it.
 */
export function writeTailEntry(e: Emitter): void {
  const main = e.entry(e.job.facts.functions[0]!)
  saveRegisters(e)
  e.branches.jump(JMP, main)
}

/** Ends the run. */
export function writeRunEnd(e: Emitter): void {
  storeResult(e.asm)
  restoreRegisters(e)
  e.asm.none(RET)
}

function saveRegisters(e: Emitter): void {
  for (const register of e.job.saved) e.asm.r(PUSH, register)
  if (isPadded(e)) withImmediate(e.asm, SUB, 64, RSP, WORD_BYTES)
}

function restoreRegisters(e: Emitter): void {
  if (isPadded(e)) withImmediate(e.asm, ADD, 64, RSP, WORD_BYTES)
  for (const register of e.job.saved.toReversed()) e.asm.r(POP, register)
}

/** Functions begin 8 bytes off alignment: by the return address of their call, or of the run's. */
function isPadded({ job }: Emitter): boolean {
  return job.facts.functions[0]!.callsOut && job.saved.length % 2 === (job.direct ? 1 : 0)
}

/** Registers as at a program's entry. What no instruction reads before it is written is left as it is. */
function setRegisters({ asm, job }: Emitter): void {
  const { context, r1 } = ENTRY_CONVENTIONS[job.abi]
  const main = job.facts.functions[0]!
  const live = main.live[0]! & (usesAx(job.facts) ? ~0 : ~(1 << BPF_REG_AX))
  asm.rr(MOV64, CONTEXT, context)
  if ((live & 2) !== 0) asm.rr(MOV32, registerOf(1), r1)
  if (needsMemoryBase(job.facts)) asm.rm(LOAD64, MEMORY_BASE, CONTEXT, NONE, NATIVE_CONTEXT.memoryBase)
  if (main.needsFrame) {
    asm.rm(LOAD64, SCRATCH, CONTEXT, NONE, NATIVE_CONTEXT.cpuBlock)
    asm.rm(LOAD32, FRAME, MEMORY_BASE, SCRATCH, CPU_BLOCK.fields.stackTop.offsetBytes)
  }
  for (const n of [0, 2, 3, 4, 5, 6, 7, 8, 9, BPF_REG_AX]) {
    if ((live & (1 << n)) !== 0) asm.rr(XOR, registerOf(n), registerOf(n))
  }
}

/** *(cpu block).r0 = rax */
function storeResult(asm: Assembler): void {
  asm.rm(LOAD64, SCRATCH, CONTEXT, NONE, NATIVE_CONTEXT.cpuBlock)
  asm.rm(ADD_FROM, SCRATCH, CONTEXT, NONE, NATIVE_CONTEXT.memoryBase)
  asm.rm(STORE64, RAX, SCRATCH, NONE, CPU_BLOCK.fields.regs.offsetBytes)
}
