/**
 * `bpf_throw`, in instructions: a function that throws leaves the number with the CPU and ends, each function that called it
 * ends when it comes back, and the main one answers what the exception callback makes of the number, or the number itself.
 * Linux goes over the frames instead; engines here have frames of their own.
 *
 * @see bpf_throw in kernel/bpf/helpers.c (6.12)
 */
import {
  BPF_CALL_REL,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP_IMM,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_PERCPU_REG,
  BPF_MOV64_REG,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { isSubprogramCall } from '../program/control-flow.ts'
import { THROW } from '../program/exceptions.ts'
import type { ExceptionPlacement, Verified } from '../verifier-api.ts'
import { among, type Part } from './relayout.ts'

/** How the exceptions of one program are thrown and caught. */
export interface Exceptions {
  /** What stands for a call of bpf_throw in this function. */
  throwIn(subprogram: number): readonly Part[]
  /** What stands behind a call of a function that may throw, and `returns` otherwise; nothing behind others. */
  catchBehind(subprogram: number, callee: number, returns: boolean): readonly Part[]
}

const MAIN = 0

/** Undefined where no path throws. */
export function exceptionsOf(verified: Verified, at: ExceptionPlacement | undefined): Exceptions | undefined {
  const throwing = throwingFunctions(verified)
  if (throwing.size === 0 || at === undefined) return undefined
  const answer = answerOf(verified)
  return {
    throwIn: (subprogram) => (subprogram === MAIN ? answer : leave(at)),
    catchBehind: (subprogram, callee, returns) => {
      if (!throwing.has(callee)) return []
      const ending = subprogram === MAIN ? [...taken(at), ...answer] : [{ insn: BPF_EXIT_INSN() }]
      return returns ? [...unlessThrown(at, ending.length), ...ending] : ending
    },
  }
}

/** Functions that throw, or call one that does. */
function throwingFunctions({ program, subprograms, notes }: Verified): ReadonlySet<number> {
  const functionAt = (pc: number): number => subprograms.findIndex(({ start, end }) => pc >= start && pc < end)
  const throwing = new Set(
    notes.kernelCalls.flatMap((call, pc) => (call?.name === THROW && notes.seen[pc] !== 0 ? [functionAt(pc)] : [])),
  )
  if (throwing.size === 0) return throwing
  const calls = program.insns.flatMap((insn, pc) =>
    isSubprogramCall(insn) && notes.seen[pc] !== 0 ? [[functionAt(pc), functionAt(pc + insn.imm + 1)] as const] : [],
  )
  for (let before = -1; before !== throwing.size; ) {
    before = throwing.size
    for (const [caller, callee] of calls) if (throwing.has(callee)) throwing.add(caller)
  }
  return throwing
}

/** The main function ends: r1 is what was thrown. */
function answerOf({ notes, subprograms }: Verified): readonly Part[] {
  const callback = subprograms[notes.functions.findIndex(({ isExceptionCallback }) => isExceptionCallback)]
  const answered: Part =
    callback === undefined
      ? { insn: BPF_MOV64_REG(BPF_REG_0, BPF_REG_1) }
      : { insn: BPF_CALL_REL(0), to: callback.start }
  return [answered, { insn: BPF_EXIT_INSN() }]
}

/** `register` = address of the CPU's block. */
const blockIn = (register: number): readonly Insn[] => [
  BPF_MOV64_IMM(register, 0),
  BPF_MOV64_PERCPU_REG(register, register),
]

/** Another function ends: r1 is what is thrown. */
function leave({ thrownAt, valueAt }: ExceptionPlacement): readonly Part[] {
  return among([
    ...blockIn(BPF_REG_2),
    BPF_STX_MEM(BPF_DW, BPF_REG_2, BPF_REG_1, valueAt),
    BPF_ST_MEM(BPF_W, BPF_REG_2, thrownAt, 1),
    BPF_MOV64_IMM(BPF_REG_0, 0),
    BPF_EXIT_INSN(),
  ])
}

/** Over the next `length` instructions where nothing was thrown. */
function unlessThrown({ thrownAt }: ExceptionPlacement, length: number): readonly Part[] {
  return among([
    ...blockIn(BPF_REG_1),
    BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_1, thrownAt),
    BPF_JMP_IMM(BPF_JEQ, BPF_REG_2, 0, length),
  ])
}

/** r1 = what was thrown, which is on its way no longer. */
function taken({ thrownAt, valueAt }: ExceptionPlacement): readonly Part[] {
  return among([
    ...blockIn(BPF_REG_1),
    BPF_ST_MEM(BPF_W, BPF_REG_1, thrownAt, 0),
    BPF_LDX_MEM(BPF_DW, BPF_REG_1, BPF_REG_1, valueAt),
  ])
}
