import { ExecutionFault, type FaultCode, type ProgramImage } from '@bpfoundry/engine'
import { type Insn, type InstructionRow, jumpTarget, lookupInsn, subprogTarget } from '@bpfoundry/isa'
import { HANDLERS } from './handlers.ts'
import type { Machine } from './machine.ts'
import { type Handler, Operation } from './operation.ts'
import { highOf, type Slot, slotOf } from './registers.ts'

/**
 * Decodes and links the instructions of an image. Nothing of it is taken on trust: what can't be run, and every place
 * outside the program that its flow leads to, becomes an operation that faults when it is reached.
 *
 * @returns the operation at slot 0
 */
export function translate(image: ProgramImage, machine: Machine): Operation {
  const { insns } = image
  const operations = insns.map((insn, pc) => {
    const row = lookupInsn(insn)
    const problem = row === undefined ? 'no such instruction' : problemOf(insn, row, insns[pc + 1])
    const handler = row === undefined || problem !== undefined ? badOpcode(problem) : HANDLERS[row.name]
    const high = row?.slots === 2 ? insns[pc + 1]?.imm : undefined
    return decode(image, machine, pc, insn, handler, high)
  })
  /** The operation at slot `to`, or a trap that tells of the instruction at `from`. */
  const at = (to: number, from: number): Operation =>
    operations[to] ?? decode(image, machine, to, NO_INSN, leavesProgram(from, to), undefined)

  for (const operation of operations) {
    const { insn, pc } = operation
    const row = lookupInsn(insn)
    if (row === undefined) continue
    const to = jumpTarget(insn, pc) ?? subprogTarget(insn, pc)
    // Exit and goto never fall through, so that their next slot may lie outside.
    if (row.kind !== 'exit' && row.kind !== 'goto') operation.next = at(pc + row.slots, pc)
    operation.target = to === undefined ? operation.next : at(to, pc)
  }
  return at(0, 0)
}

const NO_INSN: Insn = { opcode: 0, dst: 0, src: 0, off: 0, imm: 0 }

function decode(
  image: ProgramImage,
  m: Machine,
  pc: number,
  insn: Insn,
  run: Handler,
  high: number | undefined,
): Operation {
  const d = slotOf(insn.dst) ?? (0 as Slot)
  const s = slotOf(insn.src) ?? (0 as Slot)
  const words = { d, dh: highOf(d), s, sh: highOf(s), off: insn.off, k: insn.imm, kh: high ?? insn.imm >> 31 }
  return new Operation({ run, m, ...words, pc, insn, image })
}

/** Why an instruction that has a row can't run; undefined when it can. */
function problemOf(insn: Insn, row: InstructionRow, following: Insn | undefined): string | undefined {
  if (typeof row.dst === 'string' && slotOf(insn.dst) === undefined) return `no register r${insn.dst}`
  if (typeof row.src === 'string' && slotOf(insn.src) === undefined) return `no register r${insn.src}`
  if (row.slots === 2 && following?.opcode !== 0) return '64-bit immediate without its second slot'
  return undefined
}

const badOpcode =
  (message = 'no such instruction'): Handler =>
  (_, { insn }) => {
    const { opcode, dst, src, off, imm } = insn
    const got = `opcode 0x${opcode.toString(16)}, dst ${dst}, src ${src}, off ${off}, imm ${imm}`
    throw fault('FAULT_BAD_OPCODE', message, got)
  }

const leavesProgram =
  (from: number, to: number): Handler =>
  () => {
    throw fault('FAULT_BAD_PC', 'flow leaves the program', `slot ${to}`).at({ pc: from })
  }

function fault(code: FaultCode, message: string, got: string): ExecutionFault {
  return new ExecutionFault({ code, message, got })
}
