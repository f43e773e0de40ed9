import type { CodeRange } from '@bpfoundry/codegen'
import {
  type Insn,
  type InstructionRow,
  insnSlots,
  jumpTarget,
  lookupInsn,
  registersRead,
  registersWritten,
} from '@bpfoundry/isa'
import { Arm64Error } from './arm64-error.ts'
import type { Callee, ProgramFacts } from './emission.ts'
import { BPF_REGISTER_COUNT, R10 } from './register-map.ts'

/** r6..r9. */
const KEPT = 0x3c0

/** A program, looked at once: everything about it that does not depend on where its code lies. */
export interface DecodedProgram extends ProgramFacts {
  /** By slot; undefined in the second slot of an LD_IMM64. */
  readonly rows: readonly (InstructionRow | undefined)[]
  /** By slot: 1 where something jumps to. */
  readonly isTarget: Uint8Array
}

/** @throws Arm64Error ARM64_OPCODE, ARM64_REGISTER */
export function decodeProgram(insns: readonly Insn[], ranges: readonly CodeRange[]): DecodedProgram {
  const rows: (InstructionRow | undefined)[] = new Array(insns.length).fill(undefined)
  const isTarget = new Uint8Array(insns.length)
  const callees = new Map<number, Callee>()
  let [reads, usesTurns] = [0, false]
  for (const { start, end, hidden = false } of ranges) {
    const effects = { reads: 0, clobbers: 0, usesFrame: false, usesTurns: false }
    isTarget[start] = 1
    for (let pc = start; pc < end; pc += insnSlots(insns[pc] as Insn)) {
      const insn = insns[pc] as Insn
      const row = rowOf(insn, pc)
      rows[pc] = row
      const target = jumpTarget(insn, pc)
      if (target !== undefined) isTarget[target] = 1
      usesTurns ||= row.name === 'MAY_GOTO'
      addEffects(effects, row, insn)
    }
    reads |= effects.reads
    callees.set(start, { ...effects, hidden })
  }
  return { insns, callees, reads, usesTurns, rows, isTarget }
}

function rowOf(insn: Insn, pc: number): InstructionRow {
  const row = lookupInsn(insn)
  if (row === undefined) {
    const { opcode, dst, src, off, imm } = insn
    const got = `opcode 0x${opcode.toString(16)}, dst ${dst}, src ${src}, off ${off}, imm ${imm}`
    throw new Arm64Error({ code: 'ARM64_OPCODE', message: 'no such instruction', where: { pc }, got })
  }
  if (typeof row.dst === 'string') requireRegister(insn.dst, pc)
  if (typeof row.src === 'string') requireRegister(insn.src, pc)
  return row
}

function requireRegister(register: number, pc: number): void {
  if (register < BPF_REGISTER_COUNT) return
  throw new Arm64Error({
    code: 'ARM64_REGISTER',
    message: `no register r${register}`,
    where: { pc },
    got: register,
    expected: `0 to ${BPF_REGISTER_COUNT - 1}`,
  })
}

interface Effects {
  reads: number
  clobbers: number
  usesFrame: boolean
  usesTurns: boolean
}

/** Adds what an instruction means for whoever calls its subprogram. Where a tail call leads, everything may be done. */
function addEffects(effects: Effects, row: InstructionRow, insn: Insn): void {
  if (row.name === 'TAIL_CALL') {
    effects.reads = KEPT
    effects.clobbers = KEPT
    effects.usesFrame = true
    effects.usesTurns = true
    return
  }
  const reads = registersRead(row, insn)
  const writes = registersWritten(row, insn)
  effects.reads |= reads & KEPT
  effects.clobbers |= writes & KEPT
  effects.usesFrame ||= row.name === 'CALL_SUBPROG' || ((reads | writes) & (1 << R10)) !== 0
  effects.usesTurns ||= row.name === 'MAY_GOTO'
}
