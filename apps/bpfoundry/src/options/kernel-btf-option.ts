import { Option } from 'commander'
import { NO_KERNEL_TYPES, RUNNING_KERNEL_TYPES } from './choices.ts'

/** `--kernel-btf FILE`; `kernelTypesNamed` of kernel-types.ts reads it. */
export function kernelBtfOption(): Option {
  const about = `a kernel's types, for CO-RE, kfuncs and what programs are bound to; ${NO_KERNEL_TYPES}: no kernel's`
  return new Option('--kernel-btf <file>', `${about} (default: ${RUNNING_KERNEL_TYPES}, where that is there)`)
}
