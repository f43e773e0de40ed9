import { HELPERS, type Helper, type KernelOption, type SysctlName } from '@bpfoundry/kernel-abi'

/** Something that a kernel has or lacks. */
export interface Availability {
  readonly name: string
  readonly available: boolean
}

/** What programs of a type may call. */
export interface TypeHelpers {
  readonly programType: string
  readonly available: boolean
  /** All that were asked about, by number. */
  readonly helpers: readonly Availability[]
}

/** What a kernel offers, in the order that bpftool tells it. */
export interface FeatureReport {
  readonly release: string
  /** Empty where a device was asked. -1 where it is not there, or may not be read. */
  readonly sysctls: ReadonlyMap<SysctlName, number>
  /** Empty where a device was asked. */
  readonly options: readonly KernelOption[]
  readonly programTypes: readonly Availability[]
  readonly mapTypes: readonly Availability[]
  readonly helpers: readonly TypeHelpers[]
  readonly misc: readonly (Availability & { readonly text: string })[]
}

/** A try of one writes to the kernel's log. */
const LOGGING: ReadonlySet<string> = new Set(['bpf_trace_printk', 'bpf_trace_vprintk', 'bpf_probe_write_user'])

/** The helpers that a probe asks about, by number. @param full also of those that write to the kernel's log when they are tried */
export function probedHelpers(full: boolean): readonly Helper[] {
  return HELPERS.filter((helper) => helper !== undefined).filter(({ name }) => full || !LOGGING.has(name))
}
