import {
  BPF_ALU64_IMM,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP32_IMM,
  BPF_MOV64_IMM,
  BPF_REG_0,
  BPF_REG_9,
  BPF_RSH,
  type Insn,
} from '@bpfoundry/isa'
import { highWord, lowWord } from './operations.ts'

/** r0 .. r9: every register that a program may write. */
export const OPERAND_REGISTERS: readonly number[] = Array.from({ length: BPF_REG_9 + 1 }, (_, register) => register)

/** Sets r0 to say which check failed, and ends. The kernel has the line of its source file here. */
export type Failure = (check: number) => readonly Insn[]

export const failure64: Failure = (check) => [BPF_MOV64_IMM(BPF_REG_0, check), BPF_EXIT_INSN()]

/**
 * Compares all 64 bits of a register with a value, a word at a time and with no other register, and leaves only the high
 * word in it. A low word that differs ends the program as `check`, a high word as the one after it.
 */
export function expectValue(register: number, value: bigint, check: number, failure: Failure): readonly Insn[] {
  return [
    BPF_JMP32_IMM(BPF_JEQ, register, lowWord(value), 2),
    ...failure(check),
    BPF_ALU64_IMM(BPF_RSH, register, 32),
    BPF_JMP32_IMM(BPF_JEQ, register, highWord(value), 2),
    ...failure(check + 1),
  ]
}
