import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/** Codes of {@link NetdevsimError}. */
export type NetdevsimErrorCode =
  | 'NETDEVSIM_DEBUGFS_PATH'
  | 'NETDEVSIM_DEBUGFS_READ_ONLY'
  | 'NETDEVSIM_DEBUGFS_VALUE'
  | 'NETDEVSIM_PORTS'
  | 'NETDEVSIM_REMOVED'
  | 'NETDEVSIM_OBJECT'

/** Errors in the use of a simulated device; what the kernel would refuse is an AttachError or a KernelError. */
export class NetdevsimError extends Diagnostic {
  declare readonly code: NetdevsimErrorCode

  constructor(fields: DiagnosticFields & { readonly code: NetdevsimErrorCode }) {
    super(fields)
  }
}
