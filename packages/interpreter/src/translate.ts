import { ExecutionFault, type FaultCode, type ProgramImage } from '@bpfoundry/engine'
import { type Insn, type InstructionRow, jumpTarget, lookupInsn, subprogTarget } from '@bpfoundry/isa'
import { HANDLERS } from './handlers.ts'
import type { Machine } from './machine.ts'
import type { Operation } from './operation.ts'
import { highOf, type Slot, slotOf } from './registers.ts'

/**
 * Operations for every slot of an image, in order, then traps for the places outside the program that its flow leads to.
 * Nothing of the image is taken on trust: what can't be run becomes an operation that faults when it is reached.
 */
export function translate(image: ProgramImage, machine: Machine): readonly Operation[] {
  const traps: Operation[] = []
  const { insns } = image
  const trap = (code: FaultCode, message: string, got: string | number, pc?: number): number => {
    traps.push(() => {
      throw new ExecutionFault({ code, message, got, ...(pc === undefined ? {} : { where: { pc } }) })
    })
    return insns.length + traps.length - 1
  }
  /** Slot `to`, or a trap that tells of the instruction at `pc` that led there. */
  const place = (to: number, pc: number): number =>
    to >= 0 && to < insns.length ? to : trap('FAULT_BAD_PC', 'flow leaves the program', `slot ${to}`, pc)

  const translateAt = (insn: Insn, pc: number): Operation => {
    const row = lookupInsn(insn)
    const faulty = row === undefined ? 'no such instruction' : problemOf(insn, row, insns[pc + 1])
    if (row === undefined || faulty !== undefined) {
      return () => {
        const got = `opcode 0x${insn.opcode.toString(16)}, dst ${insn.dst}, src ${insn.src}, off ${insn.off}, imm ${insn.imm}`
        throw new ExecutionFault({ code: 'FAULT_BAD_OPCODE', message: faulty ?? 'no such instruction', got })
      }
    }
    const to = jumpTarget(insn, pc) ?? subprogTarget(insn, pc)
    // Exit and goto never fall through, so that their next slot may lie outside.
    const next = row.kind === 'exit' || row.kind === 'goto' ? pc : place(pc + row.slots, pc)
    const d = slotOf(insn.dst) ?? (0 as Slot)
    const s = slotOf(insn.src) ?? (0 as Slot)
    const kh = row.slots === 2 ? (insns[pc + 1] as Insn).imm : insn.imm >> 31
    const target = to === undefined ? next : place(to, pc)
    const words = { d, dh: highOf(d), s, sh: highOf(s), off: insn.off, k: insn.imm, kh }
    return HANDLERS[row.name]({ m: machine, insn, row, pc, next, target, ...words })
  }

  const operations = insns.map(translateAt)
  if (operations.length === 0) place(0, 0)
  return [...operations, ...traps]
}

/** Why an instruction that has a row can't run; undefined when it can. */
function problemOf(insn: Insn, row: InstructionRow, following: Insn | undefined): string | undefined {
  if (typeof row.dst === 'string' && slotOf(insn.dst) === undefined) return `no register r${insn.dst}`
  if (typeof row.src === 'string' && slotOf(insn.src) === undefined) return `no register r${insn.src}`
  if (row.slots === 2 && following?.opcode !== 0) return '64-bit immediate without its second slot'
  return undefined
}
