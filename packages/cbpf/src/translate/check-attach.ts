import { CbpfError } from '../cbpf-error.ts'
import { type ClassicProblem, checkClassic } from '../checker.ts'
import type { ClassicInsn } from '../classic-insn.ts'
import { GUEST_CONTEXT } from './guest-socket-buffer.ts'
import { toEbpf } from './to-ebpf.ts'

/**
 * Whether the kernel lets a program be attached: the checker accepts it, and the kernel's own translation, which takes
 * as many instructions as the one for `GUEST_CONTEXT`, has no jump that is too far.
 *
 * @returns undefined where it does
 */
export function checkAttach(insns: readonly ClassicInsn[]): ClassicProblem | undefined {
  const problem = checkClassic(insns)
  if (problem !== undefined) return problem
  try {
    toEbpf(insns, GUEST_CONTEXT)
    return undefined
  } catch (error) {
    if (!(error instanceof CbpfError && error.code === 'CBPF_JUMP')) throw error
    return { errno: 'EINVAL', reason: 'translated-jump', pc: error.where?.pc ?? 0, message: error.message }
  }
}
