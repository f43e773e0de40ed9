import { Diagnostic } from '@bpfoundry/diagnostics'

/**
 * Every error this package throws at bad input.
 *
 * | code | meaning |
 * |---|---|
 * | `ISA_LENGTH` | the bytes are no whole number of 8-byte slots |
 * | `ISA_FIELD_RANGE` | a field of an instruction does not fit its bits |
 * | `ISA_OPCODE` | no instruction has this opcode, or this value of the field that selects among its forms |
 * | `ISA_RESERVED` | a field that the instruction does not use, or may only have one value, has another |
 * | `ISA_REGISTER` | a register that programs can't name |
 * | `ISA_LD_IMM64` | the second slot of a 64-bit immediate is missing or not zero where it must be |
 * | `ISA_INTERNAL` | an instruction that only the kernel's fix-ups may make |
 * | `ISA_SYNTAX` | a line of assembly that is no instruction of the syntax |
 * | `ISA_NO_SUCH_INSN` | the line is well-formed, but no encoding has these operands |
 * | `ISA_IMMEDIATE` | a number in assembly does not fit its field |
 * | `ISA_LABEL` | a label or symbol is unknown, defined twice, or too far away |
 */
export class IsaError extends Diagnostic {}
