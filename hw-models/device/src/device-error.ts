import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/** Codes of {@link DeviceError}. */
export type DeviceErrorCode =
  | 'DEVICE_QUEUES'
  | 'DEVICE_RING_SIZE'
  | 'DEVICE_FRAME_SIZE'
  | 'DEVICE_MTU'
  | 'DEVICE_CPUS'
  | 'DEVICE_PROFILE_UNKNOWN'
  | 'DEVICE_QUEUE_UNKNOWN'
  | 'DEVICE_PROGRAM_MISSING'
  | 'DEVICE_UNACCOUNTED'
  | 'DEVICE_XSK'
  | 'XDP_ATTACH'
  | 'XDP_MAP_OFFLOAD'
  | 'TC_REFUSED'

/** Errors of the network card models. */
export class DeviceError extends Diagnostic {
  declare readonly code: DeviceErrorCode

  constructor(fields: DiagnosticFields & { readonly code: DeviceErrorCode }) {
    super(fields)
  }
}

/** Fields of an {@link AttachError}. */
export interface AttachErrorFields {
  /** Positive errno, one of `ERRNO` of kernel-abi. */
  readonly errno: number
  /** What netlink's extended acknowledgement carries, with the driver's name in front where the driver speaks; undefined where the kernel says nothing. */
  readonly extack?: string
  /** What the kernel log says where there is no extack. */
  readonly kernelLog?: string
  /** Name of the interface. */
  readonly device: string
  readonly program?: string
  readonly map?: string
  readonly hint?: string
  /** `XDP_ATTACH` when absent. */
  readonly code?: 'XDP_ATTACH' | 'XDP_MAP_OFFLOAD' | 'TC_REFUSED'
}

/**
 * The kernel would refuse this attach, detach, replacement, MTU or offloaded map: `errno` and `extack` are what the
 * system call and netlink give.
 */
export class AttachError extends DeviceError {
  readonly errno: number
  readonly extack?: string
  readonly kernelLog?: string

  constructor(fields: AttachErrorFields) {
    super({
      code: fields.code ?? 'XDP_ATTACH',
      message: fields.extack ?? fields.kernelLog ?? 'the kernel refuses this without a message',
      where: {
        input: fields.device,
        ...(fields.program === undefined ? {} : { program: fields.program }),
        ...(fields.map === undefined ? {} : { map: fields.map }),
      },
      got: `errno ${fields.errno}`,
      ...(fields.hint === undefined ? {} : { hint: fields.hint }),
    })
    this.errno = fields.errno
    if (fields.extack !== undefined) this.extack = fields.extack
    if (fields.kernelLog !== undefined) this.kernelLog = fields.kernelLog
  }
}
