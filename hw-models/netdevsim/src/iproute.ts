import {
  type TcFilterRequest,
  type TcFilterRow,
  type TcProgram,
  XDP_FLAGS,
  XDP_MODE_FLAG,
  type XdpMode,
} from '@bpfoundry/device'
import type { Kernel, KernelProgram } from '@bpfoundry/kernel'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { CollectionSpec } from '@bpfoundry/loader'
import { attachProgram } from './attach-program.ts'
import { loadForDevice } from './device-objects.ts'
import { NetdevsimError } from './netdevsim-error.ts'
import type { NetdevsimPort } from './netdevsim-port.ts'

/** Words of `ip link set dev X ...`. */
export type XdpWord = 'xdp' | 'xdpgeneric' | 'xdpdrv' | 'xdpoffload'

/** An object file, its name as it stands in the command. */
export interface ObjectSource {
  readonly object: CollectionSpec
  readonly file: string
  /** The only one when absent. */
  readonly program?: string
}

/** `object FILE section SECTION`, or `pinned FILE`. */
export type ProgramSource = ObjectSource | { readonly pinned: KernelProgram; readonly file: string }

/** Options of {@link Iproute.setXdp}. */
export interface SetXdpOptions {
  readonly word?: XdpWord
  /** `ip -force`: also where there is a program. */
  readonly force?: boolean
}

/** What `tc filter` is told, but for the program. */
export type FilterOptions = Partial<Omit<TcFilterRequest, 'program' | 'label'>>

const MODE: Readonly<Record<XdpWord, XdpMode | undefined>> = {
  xdp: undefined,
  xdpgeneric: 'generic',
  xdpdrv: 'native',
  xdpoffload: 'offload',
}

/**
 * `ip` and `tc` with programs from object files: loaded for the device where the mode asks for it, attached, and left to
 * what they are attached to.
 */
export class Iproute {
  readonly #kernel: Kernel

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /**
   * `ip link set dev X xdpoffload object FILE`.
   *
   * @throws AttachError, KernelError, ProgramRejected
   */
  setXdp(port: NetdevsimPort, source: ProgramSource, { word = 'xdp', force = false }: SetXdpOptions = {}): XdpMode {
    const flags = modeFlag(word) | (force ? 0 : XDP_FLAGS.UPDATE_IF_NOEXIST)
    const place = { type: PROG_TYPE.XDP, ...(word === 'xdpoffload' ? { ifindex: port.ifindex } : {}) }
    return this.#with(source, place, (program) => port.xdp.attach(attachProgram(this.#kernel, program), { flags }))
  }

  /** `ip link set dev X xdpoffload off`. @throws AttachError */
  unsetXdp(port: NetdevsimPort, { word = 'xdp', force = false }: SetXdpOptions = {}): void {
    port.xdp.detach({ flags: modeFlag(word) | (force ? 0 : XDP_FLAGS.UPDATE_IF_NOEXIST) })
  }

  /**
   * `tc filter add dev X ingress bpf object FILE`; with skip_sw the program is loaded for the device.
   *
   * @throws AttachError, KernelError, ProgramRejected
   */
  addFilter(port: NetdevsimPort, source: ProgramSource | TcProgram, options: FilterOptions = {}): TcFilterRow {
    return this.#filter(port, source, options, (request) => port.tc.addFilter(request))
  }

  /** `tc filter replace ...`. */
  replaceFilter(port: NetdevsimPort, source: ProgramSource | TcProgram, options: FilterOptions = {}): TcFilterRow {
    return this.#filter(port, source, options, (request) => port.tc.replaceFilter(request))
  }

  #filter(
    port: NetdevsimPort,
    source: ProgramSource | TcProgram,
    options: FilterOptions,
    set: (request: TcFilterRequest) => TcFilterRow,
  ): TcFilterRow {
    const request = { direction: 'ingress', ...options } as const
    if ('tag' in source) return set({ ...request, program: source })
    const place = { type: PROG_TYPE.SCHED_CLS, ...(options.skipSw ? { ifindex: port.ifindex } : {}) }
    const label = `${source.file}:[${'pinned' in source ? '*fsobj' : sectionOf(source)}]`
    return this.#with(source, place, (program) =>
      set({ ...request, label, program: attachProgram(this.#kernel, program) }),
    )
  }

  #with<T>(
    source: ProgramSource,
    place: { readonly type: number; readonly ifindex?: number },
    attach: (program: KernelProgram) => T,
  ): T {
    if ('pinned' in source) return attach(source.pinned)
    const name = programName(source)
    const objects = loadForDevice(this.#kernel, source.object, { ...place, program: name })
    try {
      return attach(objects.programs.get(name) as KernelProgram)
    } finally {
      objects.close()
    }
  }
}

function modeFlag(word: XdpWord): number {
  const mode = MODE[word]
  return mode === undefined ? 0 : XDP_MODE_FLAG[mode]
}

function programName({ object, file, program }: ObjectSource): string {
  const names = [...object.programs.keys()]
  const name = program ?? (names.length === 1 ? names[0] : undefined)
  if (name !== undefined && object.programs.has(name)) return name
  throw new NetdevsimError({
    code: 'NETDEVSIM_OBJECT',
    message: program === undefined ? `${file} does not hold one program: name one` : `no such program: ${program}`,
    where: { input: file },
    expected: names.join(', '),
  })
}

function sectionOf(source: ObjectSource): string {
  return source.object.programs.get(programName(source))?.section ?? ''
}
