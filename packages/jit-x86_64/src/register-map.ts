import type { Register } from './asm/register.ts'
import * as x86 from './asm/register.ts'

/**
 * Where BPF's registers live. All of them always do, so there are no spills; the map is the same on every platform, so
 * that a tail call is a jump.
 *
 * | BPF | x86-64 | why |
 * |---|---|---|
 * | R0 | rax | the C result; `cmpxchg` compares with it, as BPF's does |
 * | R1 R2 R3 R4 R5 | rdi rsi rdx rcx r8 | the C arguments of System V: scratch in BPF and in C |
 * | R6 R7 R8 R9 | rbx r13 r14 r15 | callee-saved in C, so helpers keep them |
 * | R10 | rbp | the frame's guest address (not a host address: programs compute with it), callee-saved in C |
 * | AX | r10 | only what fix-ups and blinding make names it; otherwise it counts instructions |
 * | - | r11 | scratch within one instruction |
 * | - | r12 | host address of guest address 0: `[r12 + register + offset]` is any memory operand |
 * | - | r9 | the NativeContext; C may clobber it, so that it is kept on the stack around calls of helpers |
 * | - | rsp | the machine's stack: return addresses, saved registers |
 */
export const REGISTER_MAP: readonly Register[] = [
  x86.RAX,
  x86.RDI,
  x86.RSI,
  x86.RDX,
  x86.RCX,
  x86.R8,
  x86.RBX,
  x86.R13,
  x86.R14,
  x86.R15,
  x86.RBP,
  x86.R10,
]

export const SCRATCH: Register = x86.R11
export const MEMORY_BASE: Register = x86.R12
export const CONTEXT: Register = x86.R9
/** Instructions counted and not yet written to the context: where no instruction names AX. */
export const COUNTER: Register = x86.R10
export const FRAME: Register = x86.RBP
