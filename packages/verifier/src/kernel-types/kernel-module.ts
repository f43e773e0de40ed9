/** The module whose function a call names. @see __find_kfunc_desc_btf in kernel/bpf/verifier.c */
import type { Insn } from '@bpfoundry/isa'
import type { ErrnoName } from '@bpfoundry/kernel-abi'
import { Refusal } from '../report/refusal.ts'
import type { KernelBtf, KernelModule, VerifierProgram } from '../verifier-api.ts'

function refuse(message: string, errno: ErrnoName): never {
  const words = `${message === '' ? '' : `${message}\n`}failed to find BTF for kernel function`
  throw new Refusal({ code: 'VERIFIER_KERNEL_MODULE', errno, message: words })
}

/**
 * The call's `off` is a place in the program's fd array, where the descriptor of a module's types is; undefined where it is
 * 0, for the kernel itself.
 *
 * @throws {Refusal} in the kernel's words
 */
export function calledModule({ fdArray, maps, modules }: VerifierProgram, { off }: Insn): KernelModule | undefined {
  if (off === 0) return undefined
  if (off < 0) refuse('negative offset disallowed for kernel module function call', 'EINVAL')
  if (fdArray === undefined) refuse('kfunc offset > 0 without fd_array is invalid', 'EPROTO')
  const fd = fdArray[off]
  if (fd === undefined) refuse('', 'EFAULT')
  return modules?.get(fd) ?? refuse('invalid module BTF fd specified', maps.has(fd) ? 'EINVAL' : 'EBADF')
}

/** The module that has the type; undefined for the kernel itself. */
export function moduleWith(
  { modules }: VerifierProgram,
  btf: KernelBtf | undefined,
  typeId: number,
): KernelModule | undefined {
  const index = btf?.moduleOf?.(typeId)
  return index === undefined ? undefined : [...(modules?.values() ?? [])].find((module) => module.index === index)
}
