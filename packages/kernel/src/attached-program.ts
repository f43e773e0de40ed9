import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { Verified } from '@bpfoundry/verifier'
import { KernelError } from './kernel-error.ts'
import type { ProgramRequest } from './program-load.ts'

/** Types whose programs may be bound to other programs. */
const BOUND_TO_PROGRAMS: ReadonlySet<number> = new Set([PROG_TYPE.TRACING, PROG_TYPE.EXT])

/**
 * The loaded program that a request is bound to (attach_prog_fd); undefined for none.
 *
 * @throws KernelError EINVAL KERNEL_ATTACH_PROGRAM
 * @see bpf_prog_load_check_attach in kernel/bpf/syscall.c
 */
export function attachedProgram(
  { name, type, expectedAttachType, attachProgramFd }: ProgramRequest,
  verifiedByFd: ((fd: number) => Verified | undefined) | undefined,
): Verified | undefined {
  const refuse = (message: string, got: number): KernelError =>
    new KernelError(ERRNO.EINVAL, {
      code: 'KERNEL_ATTACH_PROGRAM',
      message: `program ${name}: ${message} (EINVAL)`,
      where: { program: name },
      got,
    })
  if (type === PROG_TYPE.EXT && expectedAttachType !== 0) {
    throw refuse('an extension has the attach type of what it extends, and none of its own', expectedAttachType)
  }
  if (attachProgramFd === undefined) return undefined
  if (!BOUND_TO_PROGRAMS.has(type)) throw refuse('programs of its type are not bound to other programs', type)
  const found = verifiedByFd?.(attachProgramFd)
  if (found === undefined) throw refuse('it is bound to a descriptor that is no program', attachProgramFd)
  return found
}
