import { ERRNO, MAP_TYPE, type MapAttributes, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { ProgramRequest } from '../program-load.ts'
import { BoundProgram } from './bound-program.ts'
import { INITIAL_NAMESPACE, type NetNamespace } from './net-namespace.ts'
import { isOffloadRefusal, type OffloadDriver } from './offload-driver.ts'
import { refusedMap, refusedProgram } from './offload-errors.ts'
import type { OffloadAsic, OffloadNetdev } from './offload-netdev.ts'
import { OffloadedMap } from './offloaded-map.ts'

/** What the core asks of an interface. */
export interface BindableDevice {
  readonly ifindex: number
  readonly namespace?: NetNamespace
  /** Whether its driver knows programs at all (ndo_bpf). */
  readonly takesPrograms?: boolean
}

/** Who creates a map for a device. */
export interface MapCreator {
  readonly namespace?: NetNamespace
  /** True by default. */
  readonly isAdministrator?: boolean
}

const BOUND_FLAGS: number = PROG_FLAG.XDP_DEV_BOUND_ONLY | PROG_FLAG.XDP_HAS_FRAGS

/** The rules for a program with prog_ifindex, before the interface is looked at; each is EINVAL. */
// biome-ignore format: table
const PROGRAM_RULES: readonly { readonly refuses: (program: ProgramRequest) => boolean; readonly text: string }[] = [
  { refuses: ({ type }) => type !== PROG_TYPE.SCHED_CLS && type !== PROG_TYPE.XDP,              text: 'only XDP and classifier programs can be bound to a device' },
  { refuses: ({ flags }) => (flags & ~BOUND_FLAGS) !== 0,                                        text: 'a program for a device takes no flags but XDP_DEV_BOUND_ONLY and XDP_HAS_FRAGS' },
  { refuses: ({ flags }) => (flags & BOUND_FLAGS) === PROG_FLAG.XDP_HAS_FRAGS,                   text: 'a program that takes fragments is not offloaded' },
  { refuses: ({ type, flags }) => type === PROG_TYPE.SCHED_CLS && (flags & PROG_FLAG.XDP_DEV_BOUND_ONLY) !== 0, text: 'XDP_DEV_BOUND_ONLY is for XDP programs' },
]

/**
 * Which programs and maps are bound to which interface, and what becomes of them when it goes.
 *
 * @see kernel/bpf/offload.c (6.12)
 */
export class OffloadCore {
  readonly #device: (ifindex: number) => BindableDevice | undefined
  readonly #netdevs = new Map<number, OffloadNetdev>()
  #asics = 0
  #readers = 0
  readonly #waiting: (() => void)[] = []

  /** @param device an interface by its index */
  constructor(device: (ifindex: number) => BindableDevice | undefined) {
    this.#device = device
  }

  /** bpf_offload_dev_create: a card without ports yet. */
  createAsic(driver: OffloadDriver, model = 'asic'): OffloadAsic {
    return { name: `${model}.${this.#asics++}`, driver, netdevs: [] }
  }

  /** bpf_offload_dev_netdev_register: the interface is a port of the card. */
  register(asic: OffloadAsic, ifindex: number): void {
    const netdev = this.#known(ifindex, asic)
    asic.netdevs.unshift(netdev)
  }

  /** bpf_offload_dev_netdev_unregister: what is bound to the port moves to another one of the card, or is orphaned. */
  unregister(ifindex: number): void {
    const netdev = this.#netdevs.get(ifindex)
    if (netdev === undefined) return
    this.#netdevs.delete(ifindex)
    const ports = netdev.asic?.netdevs
    ports?.splice(ports.indexOf(netdev), 1)
    const heir = ports?.[0]
    for (const object of [...netdev.programs, ...netdev.maps]) {
      if (heir === undefined) object.destroy()
      else object.move(heir)
    }
  }

  /** bpf_dev_bound_netdev_unregister: the interface is unregistered; a card's port ends by {@link unregister} instead. */
  deviceGone(ifindex: number): void {
    if (this.#netdevs.get(ifindex)?.asic === undefined) this.unregister(ifindex)
  }

  /** The card behind an interface. */
  asicOf(ifindex: number): OffloadAsic | undefined {
    return this.#netdevs.get(ifindex)?.asic
  }

  /**
   * prog_ifindex of BPF_PROG_LOAD: binds a program that is about to be verified.
   *
   * @throws KernelError EINVAL, EOPNOTSUPP
   */
  bind(program: ProgramRequest, ifindex: number): BoundProgram {
    const rule = PROGRAM_RULES.find(({ refuses }) => refuses(program))
    if (rule !== undefined) throw refusedProgram(program, ERRNO.EINVAL, rule.text)
    const wrong = this.#unusable(ifindex, program.namespace)
    if (wrong !== undefined) throw refusedProgram(program, wrong.errno, wrong.text)
    const boundOnly = (program.flags & PROG_FLAG.XDP_DEV_BOUND_ONLY) !== 0
    const asic = this.asicOf(ifindex)
    if (boundOnly) return new BoundProgram(this.#netdevs.get(ifindex) ?? this.#known(ifindex, undefined), undefined)
    if (asic === undefined) throw refusedProgram(program, ERRNO.EINVAL, 'the device runs no programs itself')
    return new BoundProgram(this.#netdevs.get(ifindex) as OffloadNetdev, asic.driver.load(program, ifindex))
  }

  /** The program is freed. An interface that was known for its sake only is forgotten with it. */
  free(program: BoundProgram): void {
    const { netdev } = program
    program.destroy()
    if (netdev !== undefined && netdev.asic === undefined && netdev.programs.size === 0) this.unregister(netdev.ifindex)
  }

  /**
   * map_ifindex of BPF_MAP_CREATE.
   *
   * @throws KernelError EPERM, EINVAL, EOPNOTSUPP, ENOMEM
   */
  createMap(attributes: MapAttributes, ifindex: number, creator: MapCreator = {}): OffloadedMap {
    const { type } = attributes
    if (creator.isAdministrator === false) throw refusedMap(attributes, ERRNO.EPERM, 'it needs CAP_SYS_ADMIN')
    if (type !== MAP_TYPE.ARRAY && type !== MAP_TYPE.HASH) {
      throw refusedMap(attributes, ERRNO.EINVAL, 'only arrays and hashes live on devices')
    }
    const wrong = this.#unusable(ifindex, creator.namespace)
    if (wrong !== undefined) throw refusedMap(attributes, wrong.errno, wrong.text)
    const netdev = this.#netdevs.get(ifindex)
    if (netdev?.asic === undefined) throw refusedMap(attributes, ERRNO.EINVAL, 'the device holds no maps')
    const answer = netdev.asic.driver.allocateMap(attributes, ifindex)
    if (isOffloadRefusal(answer)) {
      throw refusedMap(attributes, answer.errno, answer.kernelLog ?? 'the device does not take it')
    }
    return new OffloadedMap(netdev, answer)
  }

  /** bpf_offload_dev_match: whether a bound program may be attached to an interface. */
  matches(program: BoundProgram, ifindex: number): boolean {
    const { netdev, offloaded } = program
    if (netdev === undefined) return false
    if (netdev.ifindex === ifindex) return true
    const asic = this.asicOf(ifindex)
    return offloaded && asic !== undefined && asic === netdev.asic
  }

  /**
   * Whether a map is where the program can't reach it. Perf event arrays serve programs everywhere.
   *
   * @see bpf_offload_prog_map_match
   */
  isElsewhere(program: BoundProgram | undefined, map: OffloadedMap | undefined, mapType: number): boolean {
    const offloaded = program?.offloaded === true
    if (map === undefined) return offloaded && mapType !== MAP_TYPE.PERF_EVENT_ARRAY
    const ifindex = map.netdev?.ifindex
    return program === undefined || ifindex === undefined || !this.matches(program, ifindex)
  }

  /** Runs a hook of a device: until it returns, none goes away (bpf_devs_lock, read). */
  during<T>(hook: () => T): T {
    this.#readers++
    try {
      return hook()
    } finally {
      this.#readers--
      if (this.#readers === 0) for (const change of this.#waiting.splice(0)) change()
    }
  }

  /** Runs a change of the devices, now or, while hooks run, once they have returned (bpf_devs_lock, write). */
  whenUnused(change: () => void): void {
    if (this.#readers === 0) change()
    else this.#waiting.push(change)
  }

  #known(ifindex: number, asic: OffloadAsic | undefined): OffloadNetdev {
    const netdev: OffloadNetdev = { ifindex, asic, programs: new Set(), maps: new Set() }
    this.#netdevs.set(ifindex, netdev)
    return netdev
  }

  /** bpf_dev_offload_check. */
  #unusable(
    ifindex: number,
    namespace = INITIAL_NAMESPACE,
  ): { readonly errno: number; readonly text: string } | undefined {
    const device = this.#device(ifindex)
    if (device === undefined || (device.namespace ?? INITIAL_NAMESPACE) !== namespace) {
      return { errno: ERRNO.EINVAL, text: `no device has index ${ifindex} in this network namespace` }
    }
    return device.takesPrograms === true
      ? undefined
      : { errno: ERRNO.EOPNOTSUPP, text: "the device's driver takes no programs" }
  }
}
