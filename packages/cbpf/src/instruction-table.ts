import { INSTRUCTION_DATA } from './instruction-data.ts'

type Data = (typeof INSTRUCTION_DATA)[number]

/** The unique name of a row: `LD_H_ABS`, `JEQ_K`. */
export type ClassicInstructionName = Data[0]
/** What sort of instruction, one for each shape of handler. */
export type ClassicInstructionKind = Data[2]
/** What `k` is, or that it is unused. */
export type ClassicOperand = Data[6]
/** What the checker wants of `k`, or of the jumps. */
export type ClassicRule = Data[7]
export type ClassicMnemonic = Data[3]

/** One opcode of classic BPF. */
export interface ClassicInstructionRow {
  readonly name: ClassicInstructionName
  readonly code: number
  readonly kind: ClassicInstructionKind
  /** As tcpdump writes it. */
  readonly mnemonic: ClassicMnemonic
  /** Loaded, stored, computed or returned; the empty one where neither is. */
  readonly register: 'a' | 'x' | ''
  /** Read from the packet. */
  readonly bytes: 0 | 1 | 2 | 4
  readonly operand: ClassicOperand
  readonly rule: ClassicRule
}

function toRow([name, code, kind, mnemonic, register, bytes, operand, rule]: Data): ClassicInstructionRow {
  return Object.freeze({ name, code, kind, mnemonic, register, bytes, operand, rule })
}

/** Every opcode that the kernel's checker lets pass. */
export const CLASSIC_INSTRUCTIONS: readonly ClassicInstructionRow[] = Object.freeze(INSTRUCTION_DATA.map(toRow))

const byCode: readonly (ClassicInstructionRow | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  CLASSIC_INSTRUCTIONS.find((row) => row.code === code),
)

/** The row of a 16-bit code; undefined where no instruction has it. */
export function lookupClassic(code: number): ClassicInstructionRow | undefined {
  return byCode[code]
}
