import { ATTACH_TYPE, ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { AttachDriver, AttachProgram, AttachRefusal } from './attach-driver.ts'
import { AttachError } from './device-error.ts'
import { XDP_MODES, type XdpMode } from './xdp-mode.ts'

/** XDP_FLAGS_*. @see include/uapi/linux/if_link.h */
export const XDP_FLAGS = {
  UPDATE_IF_NOEXIST: 1,
  SKB_MODE: 2,
  DRV_MODE: 4,
  HW_MODE: 8,
  REPLACE: 16,
} as const

const MODE_FLAGS: number = XDP_FLAGS.SKB_MODE | XDP_FLAGS.DRV_MODE | XDP_FLAGS.HW_MODE
const ALL_FLAGS: number = MODE_FLAGS | XDP_FLAGS.UPDATE_IF_NOEXIST | XDP_FLAGS.REPLACE

/** Flag of each mode. */
export const XDP_MODE_FLAG: Readonly<Record<XdpMode, number>> = {
  generic: XDP_FLAGS.SKB_MODE,
  native: XDP_FLAGS.DRV_MODE,
  offload: XDP_FLAGS.HW_MODE,
}

/** ENOLINK, which bpf(2) gives for a link whose device is gone. */
const ENOLINK = 67

/** An interface as the attach rules see it. */
export interface AttachDevice {
  readonly name: string
  readonly ifindex: number
  /** The card behind it: ports of one card share offloaded programs. */
  readonly card?: string | undefined
  readonly driver: AttachDriver
  mtu: number
  /** Puts the id into the hook, 0 to empty it. */
  setProgram(mode: XdpMode, id: number): void
  /** Interfaces stacked on this one, as a bond on its ports. */
  readonly uppers?: () => readonly XdpAttachments[]
  /** True while a receive queue uses a memory provider (device memory, io_uring). */
  readonly memoryProvider?: () => boolean
}

/** A BPF link to an XDP hook. */
export interface XdpLink {
  readonly program: AttachProgram
  readonly mode: XdpMode
  /** False once its device is gone or it was detached. */
  readonly attached: boolean
}

/** Options of {@link XdpAttachments.attach}. */
export interface AttachOptions {
  /** XDP_FLAGS_*, 0 when absent: native where the driver has it, else generic. */
  readonly flags?: number
  /** With XDP_FLAGS_REPLACE: what must be there now; undefined or absent is nothing. */
  readonly expected?: AttachProgram | undefined
}

/** What is attached in one mode. */
export interface Attached {
  readonly mode: XdpMode
  readonly program: AttachProgram
}

interface LinkState {
  program: AttachProgram
  readonly mode: XdpMode
  readonly flags: number
  attached: boolean
  closed: boolean
}

interface ModeState {
  program?: AttachProgram | undefined
  link?: LinkState | undefined
}

/**
 * Which programs are attached to an interface, and the rules by which the kernel lets one be attached, replaced or
 * removed. Every refusal is an {@link AttachError} with the kernel's errno and words.
 *
 * @see dev_xdp_attach, dev_xdp_install in net/core/dev.c
 */
export class XdpAttachments {
  readonly device: AttachDevice
  readonly #states: Readonly<Record<XdpMode, ModeState>> = { generic: {}, native: {}, offload: {} }

  constructor(device: AttachDevice) {
    this.device = device
  }

  /** The program in a mode, whether attached by itself or by a link. */
  program(mode: XdpMode): AttachProgram | undefined {
    const state = this.#states[mode]
    return state.link?.program ?? state.program
  }

  /** Everything attached, generic first. */
  attached(): Attached[] {
    return XDP_MODES.flatMap((mode) => {
      const program = this.program(mode)
      return program === undefined ? [] : [{ mode, program }]
    })
  }

  /**
   * `ip link set dev X xdp...`: attaches a program, or replaces the one in that mode.
   *
   * @throws AttachError EINVAL, EBUSY, EEXIST, EOPNOTSUPP, or what the driver says
   */
  attach(program: AttachProgram, options: AttachOptions = {}): XdpMode {
    const flags = options.flags ?? 0
    this.#checkType(program, this.#mode(flags))
    return this.#attach({ program, flags, expected: options.expected })
  }

  /** Removes the program of a mode; nothing happens where there is none. @throws AttachError */
  detach(options: AttachOptions = {}): XdpMode {
    return this.#attach({ program: undefined, flags: options.flags ?? 0, expected: options.expected })
  }

  /** BPF_LINK_CREATE: attaches by a link, which owns the hook until it is detached. @throws AttachError */
  attachLink(program: AttachProgram, flags = 0): XdpLink {
    const mode = this.#mode(flags)
    if (program.type !== PROG_TYPE.XDP) throw this.#refused({ errno: ERRNO.EINVAL }, program)
    const link: LinkState = { program, mode, flags, attached: true, closed: false }
    this.#attach({ program, flags, link, expected: undefined })
    program.hold?.()
    return link
  }

  /**
   * BPF_LINK_UPDATE: replaces a link's program.
   *
   * @param expected BPF_F_REPLACE: what must be there now
   * @throws AttachError ENOLINK, EPERM, EINVAL
   */
  updateLink(link: XdpLink, program: AttachProgram, expected?: AttachProgram): void {
    const state = link as LinkState
    if (!state.attached) throw this.#refused({ errno: ENOLINK }, program)
    if (expected !== undefined && expected.id !== state.program.id) {
      throw this.#refused({ errno: ERRNO.EPERM }, program)
    }
    const previous = state.program
    if (previous.type !== program.type || previous.expectedAttachType !== program.expectedAttachType) {
      throw this.#refused({ errno: ERRNO.EINVAL }, program)
    }
    if (previous.id === program.id) return
    this.#install(state.mode, program)
    state.program = program
    program.hold?.()
    previous.drop?.()
  }

  /** The last reference to the link is gone: it is detached, and lets go of its program. */
  closeLink(link: XdpLink): void {
    const state = link as LinkState
    if (state.closed) return
    this.detachLink(link)
    state.closed = true
    state.program.drop?.()
  }

  /** BPF_LINK_DETACH: the link stays, with its program, and without a device. */
  detachLink(link: XdpLink): void {
    const state = link as LinkState
    if (!state.attached) return
    this.#install(state.mode, undefined)
    this.#states[state.mode].link = undefined
    state.attached = false
  }

  /** `ip link set dev X mtu N`. @throws AttachError when a program is attached that can't take it */
  changeMtu(mtu: number): void {
    const refusal = this.device.driver.changeMtu?.(mtu, (mode) => this.program(mode))
    if (refusal !== undefined) throw this.#refused(refusal)
    this.device.mtu = mtu
  }

  /**
   * The interface goes away: everything is detached, links are left without a device. A driver that won't let go is not
   * listened to.
   *
   * @returns what drivers said against it; Linux warns then
   */
  uninstall(): readonly AttachError[] {
    const warnings: AttachError[] = []
    for (const mode of XDP_MODES) {
      const state = this.#states[mode]
      if (this.program(mode) === undefined) continue
      try {
        this.#install(mode, undefined)
      } catch (error) {
        if (!(error instanceof AttachError)) throw error
        warnings.push(error)
        this.device.setProgram(mode, 0)
      }
      if (state.link === undefined) state.program?.drop?.()
      else state.link.attached = false
      state.link = undefined
      state.program = undefined
    }
    return warnings
  }

  #attach(request: AttachRequest): XdpMode {
    const { flags, link } = request
    this.#checkFlags(request)
    const mode = this.#mode(flags)
    this.#checkReplacement(request, mode)
    const current = this.program(mode)
    if (request.program?.id !== current?.id) {
      if (mode !== 'generic' && this.device.driver.install === undefined) {
        throw this.#refused(
          { errno: ERRNO.EOPNOTSUPP, extack: 'Underlying driver does not support XDP in native mode' },
          request.program,
        )
      }
      this.#install(mode, request.program)
    }
    const state = this.#states[mode]
    state.link = link
    state.program = link === undefined ? request.program : undefined
    state.program?.hold?.()
    current?.drop?.()
    return mode
  }

  #checkFlags({ flags, link, expected, program }: AttachRequest): void {
    const invalid = (extack?: string): AttachError =>
      this.#refused({ errno: ERRNO.EINVAL, ...(extack === undefined ? {} : { extack }) }, program)
    if ((flags & ~ALL_FLAGS) !== 0 && link === undefined) throw invalid()
    if (link !== undefined && (flags & ~MODE_FLAGS) !== 0) throw invalid('Invalid XDP flags for BPF link attachment')
    const modes = XDP_MODES.filter((mode) => (flags & XDP_MODE_FLAG[mode]) !== 0).length
    if (modes > 1) throw invalid('Only one XDP mode flag can be set')
    if (modes === 0 && this.attached().length > 1) {
      throw invalid('More than one program loaded, unset mode is ambiguous')
    }
    if (expected !== undefined && (flags & XDP_FLAGS.REPLACE) === 0) throw invalid('XDP_FLAGS_REPLACE is not specified')
  }

  #checkReplacement({ flags, link, expected, program }: AttachRequest, mode: XdpMode): void {
    const refused = (errno: number, extack: string): AttachError => this.#refused({ errno, extack }, program)
    const current = this.program(mode)
    if (this.#states[mode].link !== undefined) throw refused(ERRNO.EBUSY, "Can't replace active BPF XDP link")
    if (this.device.uppers?.().some((upper) => upper.attached().length > 0)) {
      throw refused(ERRNO.EEXIST, 'Cannot attach when an upper device already has a program')
    }
    if (link !== undefined && current !== undefined) {
      throw refused(ERRNO.EBUSY, "Can't replace active XDP program with BPF link")
    }
    if ((flags & XDP_FLAGS.REPLACE) !== 0 && current?.id !== expected?.id) {
      throw refused(ERRNO.EEXIST, 'Active program does not match expected')
    }
    if (program !== undefined && (flags & XDP_FLAGS.UPDATE_IF_NOEXIST) !== 0 && current !== undefined) {
      throw refused(ERRNO.EBUSY, 'XDP program already attached')
    }
  }

  /** bpf_prog_get_ok: the fd must be of an XDP program, and an offloaded one can't be generic. */
  #checkType(program: AttachProgram, mode: XdpMode): void {
    const fits = program.type === PROG_TYPE.XDP && !(mode === 'generic' && program.bound?.offloaded === true)
    if (!fits) throw this.#refused({ errno: ERRNO.EINVAL }, program)
  }

  #install(mode: XdpMode, program: AttachProgram | undefined): void {
    const refusal = program === undefined ? undefined : this.#programRefusal(mode, program)
    if (refusal !== undefined) throw this.#refused(refusal, program)
    if (this.device.memoryProvider?.()) {
      throw this.#refused(
        { errno: ERRNO.EBUSY, extack: 'unable to install XDP to device using memory provider' },
        program,
      )
    }
    if (mode !== 'generic') {
      const previous = this.program(mode)
      const said = this.device.driver.install?.({ mode, program, previous, mtu: this.device.mtu })
      if (said !== undefined) throw this.#refused(said, program)
    }
    this.device.setProgram(mode, program?.id ?? 0)
  }

  #programRefusal(mode: XdpMode, program: AttachProgram): AttachRefusal | undefined {
    const { bound } = program
    const onHost = mode !== 'offload'
    if (onHost && this.program(mode === 'generic' ? 'native' : 'generic') !== undefined) {
      return { errno: ERRNO.EEXIST, extack: "Native and generic XDP can't be active at the same time" }
    }
    const extack = INSTALL_RULES.find((rule) => rule.refuses({ mode, program, bound, device: this.device }))?.extack
    return extack === undefined ? undefined : { errno: ERRNO.EINVAL, extack }
  }

  #mode(flags: number): XdpMode {
    if ((flags & XDP_FLAGS.HW_MODE) !== 0) return 'offload'
    if ((flags & XDP_FLAGS.DRV_MODE) !== 0) return 'native'
    if ((flags & XDP_FLAGS.SKB_MODE) !== 0) return 'generic'
    return this.device.driver.install === undefined ? 'generic' : 'native'
  }

  #refused(refusal: AttachRefusal, program?: AttachProgram): AttachError {
    return new AttachError({
      ...refusal,
      device: this.device.name,
      ...(program === undefined ? {} : { program: program.name }),
    })
  }
}

interface AttachRequest {
  readonly program: AttachProgram | undefined
  readonly flags: number
  readonly expected: AttachProgram | undefined
  readonly link?: LinkState
}

interface InstallFacts {
  readonly mode: XdpMode
  readonly program: AttachProgram
  readonly bound: AttachProgram['bound']
  readonly device: AttachDevice
}

/** The rules of dev_xdp_install for a program, in its order; each is EINVAL. */
// biome-ignore format: table
const INSTALL_RULES: readonly { readonly extack: string; readonly refuses: (facts: InstallFacts) => boolean }[] = [
  { extack: 'Using offloaded program without HW_MODE flag is not supported',      refuses: ({ mode, bound }) => mode !== 'offload' && bound?.offloaded === true },
  { extack: 'Program bound to different device',                                  refuses: ({ bound, device }) => bound !== undefined && !boundTo(bound, device) },
  { extack: "Can't attach device-bound programs in generic mode",                 refuses: ({ mode, bound }) => mode === 'generic' && bound !== undefined },
  { extack: 'BPF_XDP_DEVMAP programs can not be attached to a device',            refuses: ({ program }) => program.expectedAttachType === ATTACH_TYPE.XDP_DEVMAP },
  { extack: 'BPF_XDP_CPUMAP programs can not be attached to a device',            refuses: ({ program }) => program.expectedAttachType === ATTACH_TYPE.XDP_CPUMAP },
]

/** @see __bpf_offload_dev_match in kernel/bpf/offload.c */
function boundTo(bound: NonNullable<AttachProgram['bound']>, device: AttachDevice): boolean {
  if (bound.ifindex === device.ifindex) return true
  return bound.offloaded && bound.card !== undefined && bound.card === device.card
}
