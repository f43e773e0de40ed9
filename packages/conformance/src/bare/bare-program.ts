import { FRAME_BYTES, type ProgramImage } from '@bpfoundry/engine'
import {
  BPF_MOV64_IMM,
  fallsThrough,
  type Insn,
  insnSlots,
  isCall,
  jumpTarget,
  requireInsns,
  subprogTarget,
} from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { ConformanceError } from '../conformance-error.ts'

/** A program that no verifier saw. */
export interface UnverifiedProgram {
  /** What program arrays name it by. */
  readonly id: number
  readonly name: string
  readonly insns: readonly Insn[]
  /** Put before the first instruction; errors don't count it. */
  readonly prologue?: readonly Insn[]
  /** Whether it may hold what only fix-ups make, such as tail calls, and end in dead code. */
  readonly fixedUp?: boolean
}

/**
 * The image of a program with the calling convention of bpf_conformance in front: r1 the memory, r2 its length.
 *
 * @throws IsaError with the slot of a wrong encoding; ConformanceError CONFORMANCE_PROGRAM
 */
export function bareImage(name: string, insns: readonly Insn[], memoryBytes: number): ProgramImage {
  return unverifiedImage({ id: 1, name, insns, prologue: [BPF_MOV64_IMM(2, memoryBytes)] })
}

/**
 * The image of a program that no verifier saw. What every runtime has to refuse is refused here: encodings with bits in
 * unused fields, and control flow that leaves the program or its function.
 *
 * @throws IsaError with the slot of a wrong encoding; ConformanceError CONFORMANCE_PROGRAM
 */
export function unverifiedImage(program: UnverifiedProgram): ProgramImage {
  const { id, name, insns, prologue = [], fixedUp = false } = program
  requireInsns(insns, { internal: fixedUp })
  if (insns.length === 0) throw leaves(0, 'no instructions')
  const starts = functionStarts(insns)
  checkControlFlow(insns, starts, fixedUp)
  return {
    id,
    name,
    tag: '0000000000000000',
    type: PROG_TYPE.SOCKET_FILTER,
    expectedAttachType: 0,
    insns: prologue.length === 0 ? insns : [...prologue, ...insns],
    subprograms: starts.map((start, index) => ({
      name: index === 0 ? 'main' : `function${index}`,
      start: index === 0 ? 0 : start + prologue.length,
      end: (starts[index + 1] ?? insns.length) + prologue.length,
      stackDepthBytes: FRAME_BYTES,
    })),
    mapReferences: [],
    lines: [],
    gplCompatible: true,
  }
}

/** Where functions start: slot 0, and what is called or has its address taken. */
function functionStarts(insns: readonly Insn[]): number[] {
  const starts = new Set([0])
  for (let pc = 0; pc < insns.length; pc += insnSlots(insns[pc] as Insn)) {
    const target = subprogTarget(insns[pc] as Insn, pc)
    if (target !== undefined) starts.add(target)
  }
  return [...starts].sort((a, b) => a - b)
}

/** By slot that begins an instruction, which function it is of; -1 for second slots. */
function functionsBySlot(insns: readonly Insn[], starts: readonly number[]): Int32Array {
  const functions = new Int32Array(insns.length).fill(-1)
  let current = -1
  for (let pc = 0; pc < insns.length; pc += insnSlots(insns[pc] as Insn)) {
    while ((starts[current + 1] ?? Number.POSITIVE_INFINITY) <= pc) current++
    functions[pc] = current
  }
  return functions
}

/** @param mayEndDead whether code that nothing reaches may run off the end: where a verifier would have removed it */
function checkControlFlow(insns: readonly Insn[], starts: readonly number[], mayEndDead: boolean): void {
  const functions = functionsBySlot(insns, starts)
  const begins = (pc: number): boolean => (functions[pc] ?? -1) >= 0
  let reached: ReadonlySet<number> | undefined
  for (let pc = 0; pc < insns.length; pc += insnSlots(insns[pc] as Insn)) {
    const insn = insns[pc] as Insn
    const called = subprogTarget(insn, pc)
    if (called !== undefined && !begins(called)) throw leaves(pc, `a call of slot ${called}`)
    const target = targetOf(insn, pc)
    if (target !== undefined && !(begins(target) && functions[target] === functions[pc])) {
      throw leaves(pc, `a jump to slot ${target}`)
    }
    if (!fallsThrough(insn) || functions[pc + insnSlots(insn)] === functions[pc]) continue
    if (mayEndDead) reached ??= reachedSlots(insns, starts)
    if (reached?.has(pc) !== false) throw leaves(pc, 'the end of a function without exit or jump')
  }
}

const targetOf = (insn: Insn, pc: number): number | undefined => (isCall(insn) ? undefined : jumpTarget(insn, pc))

function reachedSlots(insns: readonly Insn[], starts: readonly number[]): ReadonlySet<number> {
  const reached = new Set(starts)
  // A set is gone through in the order of insertion, what is added meanwhile too.
  for (const pc of reached) {
    const insn = insns[pc]
    if (insn === undefined) continue
    const target = targetOf(insn, pc)
    if (target !== undefined) reached.add(target)
    if (fallsThrough(insn)) reached.add(pc + insnSlots(insn))
  }
  return reached
}

function leaves(pc: number, got: string): ConformanceError {
  return new ConformanceError({
    code: 'CONFORMANCE_PROGRAM',
    message: 'control flow leaves the function',
    where: { pc },
    got,
    expected: 'the start of an instruction of the same function',
  })
}
