import { type KernelTypesFile, readKernelTypes, runningKernelTypes } from '@bpfoundry/testbench'
import type { CommandIo } from './command-io.ts'
import { NO_KERNEL_TYPES } from './options/choices.ts'

/** The types that `--kernel-btf` names. @throws what readKernelTypes throws */
export function kernelTypesNamed(path: string | undefined): KernelTypesFile | undefined {
  if (path === NO_KERNEL_TYPES) return undefined
  return path === undefined ? runningKernelTypes() : readKernelTypes(path)
}

/** Tells where types came from that an outcome depends on, and that nobody has named. */
export function sayKernelTypes(types: KernelTypesFile | undefined, named: string | undefined, io: CommandIo): void {
  if (types?.isUsed === true && named === undefined) io.err(`kernel types: the running kernel's, ${types.path}\n`)
}
