import type { ProgramImage, Subprogram } from '@bpfoundry/engine'
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

/** Slots put before the program: r2 = length of the memory. */
const PROLOGUE_SLOTS = 1

/**
 * The image of a program that no verifier saw, with the calling convention of bpf_conformance in front: r1 the memory,
 * r2 its length. What every runtime has to refuse is refused here: encodings with bits in unused fields, and control
 * flow that leaves the program or its function.
 *
 * @throws IsaError with the slot of a wrong encoding; ConformanceError CONFORMANCE_PROGRAM
 */
export function bareImage(name: string, insns: readonly Insn[], memoryBytes: number): ProgramImage {
  requireInsns(insns)
  if (insns.length === 0) throw leaves(0, 'no instructions')
  const starts = functionStarts(insns)
  checkControlFlow(insns, starts)
  return {
    id: 1,
    name,
    tag: '0000000000000000',
    type: PROG_TYPE.SOCKET_FILTER,
    expectedAttachType: 0,
    insns: [BPF_MOV64_IMM(2, memoryBytes), ...insns],
    subprograms: starts.map((start, index) => subprogram(index, start, starts[index + 1] ?? insns.length)),
    mapReferences: [],
    lines: [],
    gplCompatible: true,
  }
}

function subprogram(index: number, start: number, end: number): Subprogram {
  const name = index === 0 ? 'main' : `function${index}`
  return { name, start: index === 0 ? 0 : start + PROLOGUE_SLOTS, end: end + PROLOGUE_SLOTS, stackDepthBytes: 512 }
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

function checkControlFlow(insns: readonly Insn[], functions: readonly number[]): void {
  const begins = new Set(instructionStarts(insns))
  const functionOf = (pc: number): number => functions.findLastIndex((start) => start <= pc)
  for (const pc of begins) {
    const insn = insns[pc] as Insn
    const called = subprogTarget(insn, pc)
    if (called !== undefined && !begins.has(called)) throw leaves(pc, `a call of slot ${called}`)
    const target = isCall(insn) ? undefined : jumpTarget(insn, pc)
    if (target !== undefined && (!begins.has(target) || functionOf(target) !== functionOf(pc))) {
      throw leaves(pc, `a jump to slot ${target}`)
    }
    const next = pc + insnSlots(insn)
    if (fallsThrough(insn) && (next >= insns.length || functionOf(next) !== functionOf(pc))) {
      throw leaves(pc, 'the end of a function without exit or jump')
    }
  }
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
