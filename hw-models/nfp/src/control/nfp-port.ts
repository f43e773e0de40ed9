import {
  type AttachDriver,
  type AttachProgram,
  type AttachRefusal,
  type ClsBpfOffload,
  type InstallRequest,
  isSameProgram,
  type NicProfile,
  refusesOffload,
  type TcDriver,
} from '@bpfoundry/device'
import { ERRNO } from '@bpfoundry/kernel-abi'
import type { NfpDevice } from '../nfp-device.ts'

/** What the driver of a port asks of its interface. */
export interface NfpPortOptions {
  readonly profile: NicProfile
  readonly mtu: () => number
  readonly hwTcOffload: () => boolean
  /** False for a card whose firmware has no BPF, or another ABI. */
  readonly ebpfCapable?: boolean
}

/**
 * The driver of one port of a card: native XDP as its profile says, one program in the card's path, be it XDP or a
 * classifier. Several ports share a card, its maps and its programs.
 *
 * @see nfp/bpf/{main,offload}.c, nfp/nfp_port.c (6.12)
 */
export class NfpPort implements AttachDriver, TcDriver {
  readonly #options: NfpPortOptions
  readonly #card: AttachDriver
  #xdp: AttachProgram | undefined
  #filter: AttachProgram | undefined

  constructor(device: NfpDevice, options: NfpPortOptions) {
    this.#options = options
    this.#card = device.driver(options.profile)
  }

  /** The program in the card's path: NFP_NET_CFG_CTRL_BPF is set while there is one. */
  get running(): AttachProgram | undefined {
    return this.#xdp ?? this.#filter
  }

  /** ndo_bpf: nfp_net_xdp. */
  install(request: InstallRequest): AttachRefusal | undefined {
    if (request.mode === 'native') return this.#card.install?.(request)
    const refusal = this.#installHardware(request.program)
    if (refusal === undefined) this.#xdp = request.program
    return refusal
  }

  /** ndo_change_mtu: a classifier has its say as well. */
  changeMtu(mtu: number, active: Parameters<NonNullable<AttachDriver['changeMtu']>>[1]): AttachRefusal | undefined {
    return this.#card.changeMtu?.(mtu, (mode) => (mode === 'offload' ? this.running : active(mode)))
  }

  /** ndo_set_features: nfp_port_set_features. */
  setHwTcOffload(on: boolean): AttachRefusal | undefined {
    if (on || this.#filter === undefined) return undefined
    return { errno: ERRNO.EBUSY, kernelLog: 'Cannot disable HW TC offload while offloads active' }
  }

  /** nfp_bpf_setup_tc_block_cb. */
  setupFilter(request: ClsBpfOffload): AttachRefusal | undefined {
    const { program, previous } = request
    const refusal = this.#filterRefusal(request)
    if (refusal !== undefined) return refusal
    // What is not the card's program is none of its business.
    const known = isSameProgram(this.#filter, previous)
    if (!known && program === undefined) return undefined
    const said = this.#offload(program, known ? previous : undefined)
    if (said === undefined) this.#filter = program
    return said
  }

  /** nfp_bpf_xdp_offload. */
  #installHardware(program: AttachProgram | undefined): AttachRefusal | undefined {
    if (this.#options.ebpfCapable === false) return { errno: ERRNO.EINVAL }
    const xdpRunning = this.#xdp !== undefined
    if (program === undefined && !xdpRunning) return undefined
    if (program !== undefined && this.running !== undefined && !xdpRunning) return { errno: ERRNO.EBUSY }
    return this.#offload(program, this.running)
  }

  #filterRefusal({ chain, protocol, directAction, hasActions }: ClsBpfOffload): AttachRefusal | undefined {
    const general = refusesOffload(this.#options.hwTcOffload(), chain)
    if (general !== undefined) return { errno: ERRNO.EOPNOTSUPP, extack: general }
    if (this.#options.ebpfCapable === false) return unsupported('NFP firmware does not support eBPF offload')
    if (protocol !== 'all') return unsupported('only ETH_P_ALL supported as filter protocol')
    if (!directAction || hasActions) return unsupported('only direct action with no legacy actions supported')
    return undefined
  }

  /** nfp_net_bpf_offload: live reload, then the limits of nfp_net_bpf_load. */
  #offload(program: AttachProgram | undefined, previous: AttachProgram | undefined): AttachRefusal | undefined {
    if (program === undefined) return undefined
    if (previous === undefined && this.running !== undefined) return { errno: ERRNO.EBUSY }
    return this.#card.install?.({ mode: 'offload', program, previous, mtu: this.#options.mtu() })
  }
}

function unsupported(text: string): AttachRefusal {
  return { errno: ERRNO.EOPNOTSUPP, extack: `nfp: ${text}` }
}
