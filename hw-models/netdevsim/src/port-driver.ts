import {
  type AttachDriver,
  type AttachProgram,
  type AttachRefusal,
  type ClsBpfOffload,
  type InstallRequest,
  isSameProgram,
  refusesOffload,
  type TcDriver,
} from '@bpfoundry/device'
import { ERRNO } from '@bpfoundry/kernel-abi'
import type { BoundProgramState } from './bound-program-state.ts'
import type { PortKnobs } from './knobs.ts'

/** Largest MTU with a native program. @see NSIM_XDP_MAX_MTU */
const MAX_XDP_MTU = 4000

/** What the driver of a port asks of its surroundings. */
export interface PortDriverOptions {
  readonly knobs: PortKnobs
  readonly hwTcOffload: () => boolean
  /** Whether a bound program belongs to this port's device. */
  readonly accepts: (program: AttachProgram) => boolean
  /** What the device keeps of a program that is bound to it. */
  readonly stateOf: (program: AttachProgram) => BoundProgramState | undefined
  /** Takes what the kernel would warn of. */
  readonly warn: (text: string) => void
}

/**
 * The driver's say in what is attached to a port. The "hardware" has room for one program, be it XDP or a classifier.
 *
 * @see drivers/net/netdevsim/bpf.c (6.12)
 */
export class PortDriver implements AttachDriver, TcDriver {
  readonly #options: PortDriverOptions
  #native: AttachProgram | undefined
  #hardware: AttachProgram | undefined
  #offloaded: AttachProgram | undefined

  constructor(options: PortDriverOptions) {
    this.#options = options
  }

  /** `bpf_offloaded_id` of debugfs. */
  get offloadedId(): number {
    return this.#offloaded?.id ?? 0
  }

  /** What was left behind when the port went. */
  get leftovers(): boolean {
    return (this.#native ?? this.#hardware ?? this.#offloaded) !== undefined
  }

  /** ndo_bpf: XDP_SETUP_PROG and XDP_SETUP_PROG_HW. */
  install(request: InstallRequest): AttachRefusal | undefined {
    return request.mode === 'native' ? this.#installNative(request) : this.#installHardware(request)
  }

  /** ndo_change_mtu. */
  changeMtu(mtu: number): AttachRefusal | undefined {
    return this.#native !== undefined && mtu > MAX_XDP_MTU ? { errno: ERRNO.EBUSY } : undefined
  }

  /** ndo_set_features, for hw-tc-offload. */
  setHwTcOffload(on: boolean): AttachRefusal | undefined {
    const active = this.#offloaded !== undefined && this.#hardware === undefined
    return !on && active ? { errno: ERRNO.EBUSY } : undefined
  }

  /** The block callback of cls_bpf. */
  setupFilter(request: ClsBpfOffload): AttachRefusal | undefined {
    const { program, previous } = request
    const refusal = this.#filterRefusal(request)
    if (refusal !== undefined) return refusal
    const known = isSameProgram(this.#offloaded, previous)
    if (!known && program === undefined) return undefined
    if (!known && this.#offloaded !== undefined) {
      return { errno: ERRNO.EBUSY, extack: 'netdevsim: driver and netdev offload states mismatch' }
    }
    this.#offload(program, known && previous !== undefined)
    return undefined
  }

  #installNative({ program, mtu }: InstallRequest): AttachRefusal | undefined {
    if (program?.bound !== undefined) return refused(ERRNO.EINVAL, 'attempt to load offloaded prog to drv')
    if (mtu > MAX_XDP_MTU) return refused(ERRNO.EINVAL, 'MTU too large w/ XDP enabled')
    if (!this.#options.knobs.bpf_xdpdrv_accept) return refused(ERRNO.EOPNOTSUPP, 'driver XDP disabled in DebugFS')
    this.#native = program
    return undefined
  }

  #installHardware({ program }: InstallRequest): AttachRefusal | undefined {
    if (program !== undefined && program.bound?.offloaded !== true) {
      return refused(ERRNO.EINVAL, 'xdpoffload of non-bound program')
    }
    if (program !== undefined && this.#options.stateOf(program)?.state !== 'xlated') {
      return refused(ERRNO.EINVAL, 'offloading program in bad state')
    }
    if (!this.#options.knobs.bpf_xdpoffload_accept) return refused(ERRNO.EOPNOTSUPP, 'XDP offload disabled in DebugFS')
    const active = this.#hardware !== undefined
    if (!active && program !== undefined && this.#offloaded !== undefined) {
      return refused(ERRNO.EBUSY, 'TC program is already loaded')
    }
    if (active || program !== undefined) this.#offload(program, active)
    this.#hardware = program
    return undefined
  }

  /** The checks of nsim_bpf_setup_tc_block_cb, in its order. */
  #filterRefusal({ program, chain, protocol }: ClsBpfOffload): AttachRefusal | undefined {
    const { knobs, hwTcOffload, accepts } = this.#options
    const general = refusesOffload(hwTcOffload(), chain)
    if (general !== undefined) return { errno: ERRNO.EOPNOTSUPP, extack: general }
    if (protocol !== 'all') return refused(ERRNO.EOPNOTSUPP, 'only ETH_P_ALL supported as filter protocol')
    if (!knobs.bpf_tc_accept) return refused(ERRNO.EOPNOTSUPP, 'netdevsim configured to reject BPF TC offload')
    if (program !== undefined && program.bound === undefined && !knobs.bpf_tc_non_bound_accept) {
      return refused(ERRNO.EOPNOTSUPP, 'netdevsim configured to reject unbound programs')
    }
    if (program?.bound !== undefined && !accepts(program)) {
      return refused(ERRNO.EINVAL, 'program bound to a different device')
    }
    return undefined
  }

  #offload(program: AttachProgram | undefined, expected: boolean): void {
    this.#setLoaded(this.#offloaded, false)
    if ((this.#offloaded !== undefined) !== expected) {
      this.#options.warn(`bad offload state, expected offload ${expected ? '' : 'not '}to be active`)
    }
    this.#offloaded = program
    this.#setLoaded(program, true)
  }

  #setLoaded(program: AttachProgram | undefined, loaded: boolean): void {
    const state = program === undefined ? undefined : this.#options.stateOf(program)
    if (state !== undefined) state.loaded = loaded
  }
}

function refused(errno: number, text: string): AttachRefusal {
  return { errno, extack: `netdevsim: ${text}` }
}
