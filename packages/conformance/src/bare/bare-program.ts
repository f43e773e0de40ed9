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

/** Slots that begin an instruction, in order. */
function* instructionStarts(insns: readonly Insn[]): Generator<number> {
  for (let pc = 0; pc < insns.length; pc += insnSlots(insns[pc] as Insn)) yield pc
}

/** Where functions start: slot 0, and what is called or has its address taken. */
function functionStarts(insns: readonly Insn[]): number[] {
  const targets = [...instructionStarts(insns)].map((pc) => subprogTarget(insns[pc] as Insn, pc))
  return [...new Set([0, ...targets.filter((target) => target !== undefined)])].sort((a, b) => a - b)
}

/** @param mayEndDead whether code that nothing reaches may run off the end: where a verifier would have removed it */
function checkControlFlow(insns: readonly Insn[], functions: readonly number[], mayEndDead: boolean): void {
  const begins = new Set(instructionStarts(insns))
  const functionOf = (pc: number): number => functions.findLastIndex((start) => start <= pc)
  for (const pc of begins) {
    const insn = insns[pc] as Insn
    const called = subprogTarget(insn, pc)
    if (called !== undefined && !begins.has(called)) throw leaves(pc, `a call of slot ${called}`)
    const target = targetOf(insn, pc)
    if (target !== undefined && (!begins.has(target) || functionOf(target) !== functionOf(pc))) {
      throw leaves(pc, `a jump to slot ${target}`)
    }
    const next = pc + insnSlots(insn)
    const ends = next >= insns.length || functionOf(next) !== functionOf(pc)
    if (ends && fallsThrough(insn) && !(mayEndDead && isDead(insns, functions, pc))) {
      throw leaves(pc, 'the end of a function without exit or jump')
    }
  }
}

const targetOf = (insn: Insn, pc: number): number | undefined => (isCall(insn) ? undefined : jumpTarget(insn, pc))

function isDead(insns: readonly Insn[], functions: readonly number[], pc: number): boolean {
  const reached = new Set(functions)
  for (const at of reached) {
    const insn = insns[at]
    if (insn === undefined) continue
    const target = targetOf(insn, at)
    if (target !== undefined) reached.add(target)
    if (fallsThrough(insn)) reached.add(at + insnSlots(insn))
  }
  return !reached.has(pc)
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
