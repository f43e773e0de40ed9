import { type KernelTypesFile, RUNNING_KERNEL_TYPES, readKernelTypes, runningKernelTypes } from '@bpfoundry/testbench'
import { Option } from 'commander'
import type { CommandIo } from './command-io.ts'

/** Instead of a file: no kernel's types. */
const NONE = 'none'

/** `--kernel-btf FILE` */
export function kernelBtfOption(): Option {
  const about = `a kernel's types, for CO-RE, kfuncs and what programs are bound to; ${NONE}: no kernel's`
  return new Option('--kernel-btf <file>', `${about} (default: ${RUNNING_KERNEL_TYPES}, where that is there)`)
}

/** The types that the option names. @throws what readKernelTypes throws */
export function kernelTypesNamed(path: string | undefined): KernelTypesFile | undefined {
  if (path === NONE) return undefined
  return path === undefined ? runningKernelTypes() : readKernelTypes(path)
}

/** Tells where types came from that an outcome depends on, and that nobody has named. */
export function sayKernelTypes(types: KernelTypesFile | undefined, named: string | undefined, io: CommandIo): void {
  if (types?.isUsed === true && named === undefined) io.err(`kernel types: the running kernel's, ${types.path}\n`)
}
