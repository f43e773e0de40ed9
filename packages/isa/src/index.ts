export type { Insn } from './insn.ts'
export { INSN_BYTES } from './insn.ts'
export type {
  ConformanceGroup,
  CpuVersion,
  ImmRole,
  InstructionKind,
  InstructionName,
  InstructionRow,
  OffRole,
  Operation,
  RegisterRole,
} from './instruction-table.ts'
export {
  findInstructionRow,
  INSTRUCTIONS,
  instructionRow,
  lookupInsn,
  rowsOfOpcode,
  selectorOf,
} from './instruction-table.ts'
export * from './opcodes.ts'
