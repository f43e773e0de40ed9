export { alu } from './builders/alu.ts'
export {
  br,
  branchTarget,
  brBit,
  brByte,
  type ContextWait,
  ctxArb,
  isBranch,
  rtn,
  setBranchTarget,
} from './builders/branches.ts'
export { cmd, type MemoryCommand } from './builders/cmd.ts'
export { type ImmedForm, immed, immedValue, loadImmediate, nop, setImmedValue } from './builders/immed.ts'
export { ldField, ldFieldClear } from './builders/ld-field.ts'
export { localCsrRead, localCsrWrite } from './builders/local-csr.ts'
export { mulStep } from './builders/mul.ts'
export { shf } from './builders/shf.ts'
export { decode } from './decoding/decode.ts'
export type {
  AluInstruction,
  BrAluInstruction,
  BrBitInstruction,
  BrByteInstruction,
  BrInstruction,
  CmdInstruction,
  CtxArbInstruction,
  DataWord,
  ImmedInstruction,
  Instruction,
  LdFieldInstruction,
  LocalCsrInstruction,
  MulInstruction,
  ShfInstruction,
} from './decoding/instruction.ts'
export { type DisassemblyOptions, disassemble, disassembleAll } from './disassembly/disassemble.ts'
export { checkEcc, eccOf, withEcc, withoutEcc } from './ecc.ts'
export { type Field, INSTRUCTION_BITS, type Word } from './field.ts'
export { loadableBytes, WORD_BYTES, wordsFromBytes, wordsToBytes } from './image.ts'
export { classOf, type Fields, LAYOUTS, type Layout, type WordClass } from './layouts.ts'
export { MicrocodeError, type MicrocodeErrorCode } from './microcode-error.ts'
export {
  absoluteA,
  absoluteB,
  gprA,
  gprB,
  gprBoth,
  imm,
  type LocalMode,
  local,
  localDecrement,
  localIncrement,
  NO_OPERAND,
  neighbour,
  type Operand,
  type OperandKind,
  sameOperand,
  xfer,
} from './operand.ts'
export {
  ALU_OPS,
  type AluOp,
  BR_CONDITIONS,
  type BrCondition,
  CMD_MODES,
  CMD_SWAPS,
  type CmdMode,
  type CmdSwap,
  CSRS,
  IMMED_WIDTHS,
  type ImmedWidth,
  MEM_COMMANDS,
  type MemCommand,
  MUL_STEPS,
  MUL_TYPES,
  type MulStep,
  type MulType,
  SHF_OPS,
  type ShfOp,
} from './operations.ts'
export { RESTRICTED_IMMEDIATE_MAX } from './restricted.ts'
export {
  doubleShiftRight,
  NO_SHIFT,
  rotateRight,
  type Shift,
  type ShiftDirection,
  shiftLeft,
  shiftRight,
} from './shift.ts'
export { UNRESTRICTED_IMMEDIATE_MAX } from './unrestricted.ts'
