import { CbpfError } from './cbpf-error.ts'
import { checkClassic } from './checker.ts'
import type { ClassicInsn } from './classic-insn.ts'

/** @throws CbpfError CBPF_REFUSED with the checker's reason */
export function requireAccepted(insns: readonly ClassicInsn[]): void {
  const problem = checkClassic(insns)
  if (problem === undefined) return
  throw new CbpfError({
    code: 'CBPF_REFUSED',
    message: problem.message,
    where: { pc: problem.pc },
    expected: 'a program that the checker accepts',
  })
}
