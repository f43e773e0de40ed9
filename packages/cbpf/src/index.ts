export type { ClassicInsn } from './classic-insn.ts'
