import {
  AttachError,
  type AttachProgram,
  type BpftoolNetDevice,
  type IpLink,
  type ProgramBinding,
  TrafficControl,
  XdpAttachments,
} from '@bpfoundry/device'
import { INITIAL_NAMESPACE, type Kernel, type NetNamespace } from '@bpfoundry/kernel'
import { ERRNO } from '@bpfoundry/kernel-abi'
import type { BoundProgramState } from './bound-program-state.ts'
import { newPortKnobs, type PortKnobs } from './knobs.ts'
import { PortDriver } from './port-driver.ts'

/** What a port needs of its device. */
export interface PortDevice {
  readonly asic: Parameters<Kernel['offload']['register']>[0]
  stateOf(program: AttachProgram): BoundProgramState | undefined
}

/** What a port needs of the machine. */
export interface PortHost {
  readonly kernel: Kernel
  warn(text: string): void
}

/** Where a port is. */
export interface PortPlace {
  readonly index: number
  readonly ifindex: number
  readonly name: string
}

const MIN_MTU = 68
const MAX_MTU = 65_535

/** A port of a device: an interface with its hooks, its filters and its knobs. */
export class NetdevsimPort {
  readonly index: number
  readonly ifindex: number
  readonly name: string
  readonly knobs: PortKnobs = newPortKnobs()
  readonly xdp: XdpAttachments
  readonly tc: TrafficControl
  readonly #host: PortHost
  readonly #driver: PortDriver
  #namespace = INITIAL_NAMESPACE
  #removed = false

  constructor(host: PortHost, device: PortDevice, { index, ifindex, name }: PortPlace) {
    this.#host = host
    this.index = index
    this.ifindex = ifindex
    this.name = name
    const { kernel } = host
    const accepts = (bound: ProgramBinding | undefined): boolean => isBoundTo(bound, ifindex, device.asic.name)
    this.#driver = new PortDriver({
      knobs: this.knobs,
      hwTcOffload: () => this.tc.hwTcOffload,
      accepts: ({ bound }) => accepts(bound),
      stateOf: (program) => device.stateOf(program),
      warn: (text) => host.warn(text),
    })
    const driver = this.#driver
    this.xdp = new XdpAttachments({
      ...{ name, ifindex, card: device.asic.name, mtu: 1500, setProgram: () => {} },
      driver: { install: (request) => driver.install(request), changeMtu: (mtu) => driver.changeMtu(mtu) },
    })
    this.tc = new TrafficControl({
      ...{ name, ifindex, accepts },
      driver: {
        setupFilter: (request) => driver.setupFilter(request),
        setHwTcOffload: (on) => driver.setHwTcOffload(on),
      },
    })
    kernel.offload.register(device.asic, ifindex)
    kernel.addNetDevice({ ifindex, name, takesPrograms: true })
  }

  /** `bpf_offloaded_id` of debugfs. */
  get offloadedId(): number {
    return this.#driver.offloadedId
  }

  get mtu(): number {
    return this.xdp.device.mtu
  }

  get namespace(): NetNamespace {
    return this.#namespace
  }

  get removed(): boolean {
    return this.#removed
  }

  /** `ip link set dev X mtu N`. @throws AttachError EINVAL, EBUSY */
  setMtu(mtu: number): void {
    const range = mtuRefusal(mtu)
    if (range !== undefined) throw new AttachError({ errno: ERRNO.EINVAL, extack: range, device: this.name })
    this.xdp.changeMtu(mtu)
  }

  /** `ip link set dev X netns N`: programs stay attached, qdiscs go. */
  setNamespace(namespace: NetNamespace): void {
    this.tc.uninstall()
    this.#namespace = namespace
    this.#host.kernel.moveNetDevice(this.ifindex, namespace)
  }

  /**
   * `del_port`: filters and programs are taken away first; what was bound to the port goes over to another one of its
   * device, or is orphaned. While the verifier runs a hook of a device, this last step waits.
   *
   * @param done told when that is done too
   */
  remove(done: () => void = () => {}): void {
    if (this.#removed) return
    this.#removed = true
    const { kernel } = this.#host
    this.tc.uninstall()
    for (const warning of this.xdp.uninstall()) this.#host.warn(warning.message)
    kernel.removeNetDevice(this.ifindex)
    kernel.offload.whenUnused(() => {
      if (this.#driver.leftovers) this.#host.warn(`${this.name} goes with a program still in hardware`)
      kernel.offload.unregister(this.ifindex)
      done()
    })
  }

  /** For `ipLinkLines` and `ipLinkObject`. Simulated interfaces come down, and stay so here. */
  ipLink(): IpLink {
    return {
      ifindex: this.ifindex,
      name: this.name,
      flags: ['BROADCAST', 'NOARP'],
      mtu: this.mtu,
      attached: this.xdp.attached(),
      qdisc: 'noop',
      state: 'DOWN',
      address: macAddress(this.ifindex),
      transmitQueueLength: 0,
    }
  }

  /** For `bpftoolNetLines` and `bpftoolNetJson`. */
  bpftoolNet(): BpftoolNetDevice {
    return { name: this.name, ifindex: this.ifindex, xdp: this.xdp, tc: this.tc }
  }
}

/** dev_validate_mtu. */
function mtuRefusal(mtu: number): string | undefined {
  if (mtu < MIN_MTU) return 'mtu less than device minimum'
  return mtu > MAX_MTU ? 'mtu greater than device maximum' : undefined
}

/** @see bpf_offload_dev_match in kernel/bpf/offload.c */
function isBoundTo(bound: ProgramBinding | undefined, ifindex: number, card: string): boolean {
  if (bound === undefined) return false
  return bound.ifindex === ifindex || (bound.offloaded && bound.card === card)
}

/** eth_hw_addr_random, but the same every time: a local address that tells the interface. */
function macAddress(ifindex: number): string {
  const bytes = [0x02, 0x6e, 0x73, 0x69, (ifindex >> 8) & 0xff, ifindex & 0xff]
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}
