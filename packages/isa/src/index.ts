export type { Insn } from './insn.ts'
export { INSN_BYTES } from './insn.ts'
export * from './opcodes.ts'
