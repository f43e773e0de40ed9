import type { CodeRange } from '@bpfoundry/codegen'
import { type Insn, type InstructionRow, insnSlots, jumpTarget, lookupInsn } from '@bpfoundry/isa'
import { Arm64Error } from './arm64-error.ts'
import type { Callee, ProgramFacts } from './emission.ts'
import { readsOf, writesOf } from './register-effects.ts'
import { BPF_REGISTER_COUNT, R10 } from './register-map.ts'

/** r6..r9. */
const KEPT = 0x3c0

/**
 * Looks at a program once: everything about it that does not depend on where its code lies.
 *
 * @throws Arm64Error ARM64_OPCODE, ARM64_REGISTER, ARM64_LD_IMM64, ARM64_JUMP
 */
export function decodeProgram(insns: readonly Insn[], ranges: readonly CodeRange[]): ProgramFacts {
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
      if (row.slots === 2) requireSecondSlot(insns, pc, end)
      const target = jumpTarget(insn, pc)
      if (target !== undefined) markTarget(isTarget, pc, target)
      usesTurns ||= row.name === 'MAY_GOTO'
      addEffects(effects, row, insn)
    }
    reads |= effects.reads
    callees.set(start, { ...effects, hidden })
  }
  requireWholeInsns(insns, rows, isTarget)
  return { insns, callees, reads, usesTurns, rows, isTarget }
}

function requireSecondSlot(insns: readonly Insn[], pc: number, end: number): void {
  if (pc + 1 < end && insns[pc + 1]?.opcode === 0) return
  const message = '64-bit immediate without its second slot'
  throw new Arm64Error({ code: 'ARM64_LD_IMM64', message, where: { pc }, expected: 'a slot of opcode 0 behind it' })
}

function markTarget(isTarget: Uint8Array, pc: number, target: number): void {
  if (target < 0 || target >= isTarget.length) badJump(pc, target)
  isTarget[target] = 1
}

/** A jump into the middle of an instruction is known only once all instructions are. */
function requireWholeInsns(insns: readonly Insn[], rows: ProgramFacts['rows'], isTarget: Uint8Array): void {
  for (let slot = 0; slot < rows.length; slot++) {
    if (isTarget[slot] === 1 && rows[slot] === undefined) {
      badJump(
        insns.findIndex((insn, pc) => jumpTarget(insn, pc) === slot),
        slot,
      )
    }
  }
}

function badJump(pc: number, target: number): never {
  const message = 'jump to no instruction of the program'
  throw new Arm64Error({ code: 'ARM64_JUMP', message, where: { pc }, got: `slot ${target}` })
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
  const reads = readsOf(row, insn)
  const writes = writesOf(row, insn)
  effects.reads |= reads & KEPT
  effects.clobbers |= writes & KEPT
  effects.usesFrame ||= row.name === 'CALL_SUBPROG' || ((reads | writes) & (1 << R10)) !== 0
  effects.usesTurns ||= row.name === 'MAY_GOTO'
}
