import { ERRNO } from '@bpfoundry/kernel-abi'
import { type InterfaceFacts, nativeMaxMtu, nativeRefusal } from './native-rules.ts'
import type { NicProfile } from './nic-profile.ts'
import type { XdpMode } from './xdp-mode.ts'

/** The device that a program was loaded for (prog_ifindex). */
export interface ProgramBinding {
  readonly ifindex: number
  /** Translated for the card; false for BPF_F_XDP_DEV_BOUND_ONLY, which runs on the host. */
  readonly offloaded: boolean
  /** The card behind the interface: the ports of one card may share its offloaded programs. */
  readonly card?: string
}

/** A loaded program, as far as attaching it matters. */
export interface AttachProgram {
  readonly id: number
  readonly name: string
  /** 16 hex digits. */
  readonly tag: string
  /** BPF_PROG_TYPE_* */
  readonly type: number
  readonly expectedAttachType: number
  /** BPF_F_XDP_HAS_FRAGS. */
  readonly hasFrags?: boolean
  readonly bound?: ProgramBinding | undefined
  readonly jited?: boolean
  /** When it was loaded, in ns since boot, who loaded it, and its BTF: what `ip -d link` shows more. */
  readonly loadTimeNs?: number
  readonly userId?: number
  readonly btfId?: number
  /** Told when a hook or filter takes the program and when it lets go of it, so that it lives as long. */
  readonly hold?: () => void
  readonly drop?: () => void
}

/** A refusal by driver or kernel. */
export interface AttachRefusal {
  readonly errno: number
  readonly extack?: string
  readonly kernelLog?: string
}

/** What a driver is asked to install, or with `program` undefined to remove. */
export interface InstallRequest {
  readonly mode: 'native' | 'offload'
  readonly program: AttachProgram | undefined
  readonly previous: AttachProgram | undefined
  readonly mtu: number
}

/** A driver's say in attaching: ndo_bpf and ndo_change_mtu. */
export interface AttachDriver {
  /** Undefined for a driver without ndo_bpf. */
  readonly install?: (request: InstallRequest) => AttachRefusal | undefined
  readonly changeMtu?: (mtu: number, active: (mode: XdpMode) => AttachProgram | undefined) => AttachRefusal | undefined
}

/**
 * The driver of a profile, as its data say: native mode with its MTU limit. Offload is refused with EINVAL as most
 * drivers refuse the command, or, where the driver knows it but the firmware doesn't, with EOPNOTSUPP; a model of an
 * offload card brings a driver of its own.
 *
 * @param facts what else the driver looks at; when absent, one queue and CPU and nothing in the way
 */
export function profileDriver(profile: NicProfile, facts?: InterfaceFacts): AttachDriver {
  const { native } = profile
  if (native === undefined) return {}
  return {
    install: ({ mode, program, mtu }) => {
      if (mode === 'offload') return { errno: profile.driver === 'nfp' ? ERRNO.EOPNOTSUPP : ERRNO.EINVAL }
      return program === undefined ? undefined : nativeRefusal(profile, program, mtu, facts)
    },
    changeMtu: (mtu, active) => {
      const program = active('native')
      if (program === undefined || mtu <= nativeMaxMtu(profile, program)) return undefined
      return native.mtu.change ?? { errno: ERRNO.EINVAL }
    },
  }
}
