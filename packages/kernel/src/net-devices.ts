import type { KernelMap } from './kernel-map.ts'
import type { KernelProgram } from './kernel-program.ts'
import { INITIAL_NAMESPACE, type NetNamespace } from './offload/net-namespace.ts'
import { deviceInfo, type InfoDevice, type MapInfo, ON_HOST, type ProgramInfo } from './offload/object-info.ts'
import { linuxXlatedBytes } from './xlated-size.ts'

const PAGE_BYTES = 4096
/** sizeof(struct bpf_prog) in front of the instructions. */
const PROGRAM_HEADER_BYTES = 72

const pagesOf = (insnBytes: number): number => Math.ceil((PROGRAM_HEADER_BYTES + insnBytes) / PAGE_BYTES) * PAGE_BYTES

/** A device as far as bpf(2) needs it: devmap entries, test runs and programs for devices name devices by ifindex. */
export interface KernelNetDevice {
  readonly ifindex: number
  readonly name: string
  /** Receive queues, 1 when absent. */
  readonly rxQueues?: number
  /** The initial namespace when absent. */
  readonly namespace?: NetNamespace
  /** Whether its driver has native XDP or offload (ndo_bpf): programs can be bound to it. */
  readonly takesPrograms?: boolean
}

/** The devices of a kernel. Indexes are unique over all namespaces here. */
export class NetDevices {
  readonly #devices = new Map<number, KernelNetDevice>()

  add(device: KernelNetDevice): void {
    this.#devices.set(device.ifindex, device)
  }

  remove(ifindex: number): void {
    this.#devices.delete(ifindex)
  }

  get(ifindex: number): KernelNetDevice | undefined {
    return this.#devices.get(ifindex)
  }

  has(ifindex: number): boolean {
    return this.#devices.has(ifindex)
  }

  /** `ip link set dev X netns N`. */
  move(ifindex: number, namespace: NetNamespace): void {
    const device = this.#devices.get(ifindex)
    if (device !== undefined) this.#devices.set(ifindex, { ...device, namespace })
  }

  /** 0 for an ifindex that names no device. */
  rxQueues(ifindex: number): number {
    const found = this.#devices.get(ifindex)
    return found === undefined ? 0 : (found.rxQueues ?? 1)
  }

  /** Devices of one namespace. */
  of(namespace: NetNamespace): readonly KernelNetDevice[] {
    return [...this.#devices.values()].filter((device) => (device.namespace ?? INITIAL_NAMESPACE) === namespace)
  }

  /** BPF_OBJ_GET_INFO_BY_FD. @throws KernelError ENODEV for a program whose device is gone */
  programInfo(program: KernelProgram, release?: string): ProgramInfo {
    const { id, image, maps, verified, bound, boundDevice } = program
    const ifindex = bound?.netdev?.ifindex ?? boundDevice?.ifindex
    const place = program.offloaded ? deviceInfo('program', program.name, this.#place(ifindex)) : ON_HOST
    const { type, name, tag, gplCompatible } = image
    const xlatedBytes = program.offloaded ? 8 * image.insns.length : linuxXlatedBytes(program, release)
    // What is removed from a program gives no memory back.
    const memlockBytes = pagesOf(Math.max(xlatedBytes, 8 * verified.program.insns.length))
    const sizes = { xlatedBytes, jitedBytes: bound?.translatedBytes ?? 0, memlockBytes }
    return { id, type, name, tag, gplCompatible, ...sizes, mapIds: maps.map((map) => map.id), ...place }
  }

  /** BPF_OBJ_GET_INFO_BY_FD. @throws KernelError ENODEV for a map whose device is gone */
  mapInfo({ id, name, attributes, offloaded, frozen }: KernelMap): MapInfo {
    const place = offloaded === undefined ? ON_HOST : deviceInfo('map', name, this.#place(offloaded.netdev?.ifindex))
    return { id, ...attributes, frozen, ...place }
  }

  #place(ifindex: number | undefined): InfoDevice | undefined {
    if (ifindex === undefined) return undefined
    return { ifindex, namespace: this.#devices.get(ifindex)?.namespace ?? INITIAL_NAMESPACE }
  }
}
