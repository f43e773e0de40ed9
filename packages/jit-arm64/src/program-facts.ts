import { ALL_REGISTERS, type CodeRange } from '@bpfoundry/codegen'
import { type Insn, type InstructionRow, insnSlots, jumpTarget, lookupInsn } from '@bpfoundry/isa'
import { Arm64Error } from './arm64-error.ts'
import type { Callee, ProgramFacts } from './emission.ts'
import { CALL_SUBPROG, largestRegister, leaves, MAY_GOTO, readsOf, TAIL_CALL, writesOf } from './register-effects.ts'
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
  const whole: Effects = { reads: 0, clobbers: 0, usesFrame: false, usesTurns: false }
  let hasTailCall = false
  for (const { start, end, hidden = false } of ranges) {
    const effects: Effects = { reads: 0, clobbers: 0, usesFrame: false, usesTurns: false }
    isTarget[start] = 1
    for (let pc = start; pc < end; pc += insnSlots(insns[pc] as Insn)) {
      const insn = insns[pc] as Insn
      const row = rowOf(insn, pc)
      rows[pc] = row
      if (row.slots === 2) requireSecondSlot(insns, pc, end)
      const target = jumpTarget(insn, pc)
      if (target !== undefined) markTarget(isTarget, pc, target)
      whole.usesTurns ||= row.id === MAY_GOTO
      hasTailCall ||= row.id === TAIL_CALL
      addEffects(effects, row, insn)
    }
    whole.reads |= effects.reads
    whole.clobbers |= effects.clobbers
    whole.usesFrame ||= effects.usesFrame
    callees.set(start, { ...effects, hidden })
  }
  requireWholeInsns(insns, rows, isTarget)
  const unset = unsetAtEntry(insns, rows, isTarget, whole.reads)
  return { insns, rows, isTarget, callees, ...whole, hasTailCall, unset }
}

/**
 * Registers that something may read before the program sets them: of those that are read anywhere the ones that the
 * straight code at slot 0 does not write first.
 */
function unsetAtEntry(insns: readonly Insn[], rows: ProgramFacts['rows'], isTarget: Uint8Array, reads: number): number {
  let [unset, set] = [0, 0]
  for (let pc = 0; pc < insns.length && (pc === 0 || isTarget[pc] === 0); pc += insnSlots(insns[pc] as Insn)) {
    const [row, insn] = [rows[pc] as InstructionRow, insns[pc] as Insn]
    unset |= readsOf(row, insn) & ~set
    if (leaves(row)) break
    set |= writesOf(row, insn)
  }
  return unset | (reads & ~set)
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
  const register = largestRegister(row, insn)
  if (register < BPF_REGISTER_COUNT) return row
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
  if (row.id === TAIL_CALL) {
    effects.reads = ALL_REGISTERS
    effects.clobbers = KEPT
    effects.usesFrame = true
    effects.usesTurns = true
    return
  }
  const reads = readsOf(row, insn)
  const writes = writesOf(row, insn)
  effects.reads |= reads
  effects.clobbers |= writes & KEPT
  effects.usesFrame ||= row.id === CALL_SUBPROG || ((reads | writes) & (1 << R10)) !== 0
  effects.usesTurns ||= row.id === MAY_GOTO
}
