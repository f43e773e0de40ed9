import type { AttachProgram } from '@bpfoundry/device'
import type {
  DeviceLoad,
  DeviceMap,
  Kernel,
  NetNamespace,
  OffloadAsic,
  OffloadDriver,
  OffloadRefusal,
  ProgramRequest,
} from '@bpfoundry/kernel'
import { ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { DeviceHooks, DeviceRefusal } from '@bpfoundry/verifier'
import type { BoundProgramState } from './bound-program-state.ts'
import { type DeviceKnobs, newDeviceKnobs } from './knobs.ts'
import type { ModelledClock } from './modelled-clock.ts'
import { NetdevsimError } from './netdevsim-error.ts'
import { mapRefusal, NetdevsimMap } from './netdevsim-map.ts'
import { NetdevsimPort } from './netdevsim-port.ts'

/** What a device needs of the machine it is put into. */
export interface NetdevsimHost {
  readonly kernel: Kernel
  readonly clock: ModelledClock
  /** Index and name for a new interface. */
  nextInterface(device: number, port: number): { readonly ifindex: number; readonly name: string }
  warn(text: string): void
}

/** Options of a new device. */
export interface NetdevsimOptions {
  /** Ports, each an interface; 1 by default. */
  readonly ports?: number
  /** Where its interfaces are; the initial namespace by default. */
  readonly namespace?: NetNamespace
}

/** Text of the hook of the last instruction. */
const GREETING = 'Hello from netdevsim!'

/**
 * A device of netdevsim: an ASIC with one or more ports that binds programs and maps, and executes nothing.
 *
 * @see drivers/net/netdevsim/{dev,bpf}.c (6.12)
 */
export class NetdevsimDevice implements OffloadDriver {
  /** Number on the bus: `netdevsim10`. */
  readonly number: number
  readonly asic: OffloadAsic
  readonly knobs: DeviceKnobs = newDeviceKnobs()
  readonly #host: NetdevsimHost
  readonly #ports: NetdevsimPort[] = []
  readonly #states = new Set<BoundProgramState>()
  #maps = 0
  #nextProgram = 0

  /** @throws NetdevsimError NETDEVSIM_PORTS */
  constructor(host: NetdevsimHost, number: number, { ports = 1, namespace }: NetdevsimOptions = {}) {
    if (!Number.isInteger(ports) || ports < 0 || ports > 128) {
      throw new NetdevsimError({
        code: 'NETDEVSIM_PORTS',
        message: 'number of ports out of range',
        got: ports,
        expected: '0 to 128',
      })
    }
    this.#host = host
    this.number = number
    this.asic = host.kernel.offload.createAsic(this, 'netdevsim')
    for (let index = 0; index < ports; index++) this.#addPort(index, namespace)
  }

  /** Ports that are there, by index. */
  get ports(): readonly NetdevsimPort[] {
    return this.#ports.filter((port) => !port.removed)
  }

  /** The port with this index. @throws NetdevsimError NETDEVSIM_PORTS */
  port(index: number): NetdevsimPort {
    const port = this.ports.find((one) => one.index === index)
    if (port !== undefined) return port
    throw new NetdevsimError({
      code: 'NETDEVSIM_PORTS',
      message: `netdevsim${this.number} has no such port`,
      got: index,
      expected: this.ports.map((one) => one.index).join(', '),
    })
  }

  /** Programs that are bound to the device, as `bpf_bound_progs` lists them. */
  get boundPrograms(): readonly BoundProgramState[] {
    return [...this.#states]
  }

  /** Maps that live on the device. */
  get boundMaps(): number {
    return this.#maps
  }

  /** `echo N > /sys/bus/netdevsim/del_device`: all ports go, the last one first. */
  remove(): void {
    for (const port of [...this.ports].reverse()) port.remove()
  }

  /** What the device keeps of a program that is attached, if it is bound to it. */
  stateOf({ id }: AttachProgram): BoundProgramState | undefined {
    return this.boundPrograms.find((state) => state.id === id)
  }

  load(program: ProgramRequest): DeviceLoad {
    const state: BoundProgramState = { number: this.#nextProgram, id: 0, state: 'verify', loaded: false }
    return {
      hooks: this.#hooks(program, state),
      accepted: (id) => {
        state.state = 'xlated'
        state.id = id
      },
      destroyed: () => {
        if (state.loaded) this.#host.warn('offload state destroyed while program still bound')
        this.#states.delete(state)
      },
    }
  }

  allocateMap(attributes: MapAttributes, ifindex: number): DeviceMap | OffloadRefusal {
    const accepts = this.#ports.find((port) => port.ifindex === ifindex)?.knobs.bpf_map_accept === true
    const refusal = mapRefusal(attributes, accepts)
    if (refusal !== undefined) return refusal
    this.#maps++
    return new NetdevsimMap(attributes, () => void this.#maps--)
  }

  #hooks({ insns }: ProgramRequest, state: BoundProgramState): DeviceHooks {
    const silent: DeviceRefusal = { errno: ERRNO.EOPNOTSUPP, message: '' }
    return {
      prefix: '[netdevsim] ',
      prepare: () => {
        if (!this.knobs.bpf_bind_accept) return silent
        this.#states.add(Object.assign(state, { number: this.#nextProgram++ }))
        return undefined
      },
      insn: (pc, _insn, _registers, _stackIsZero, print) => {
        if (pc === 0) this.#host.clock.sleep(this.knobs.bpf_bind_verifier_delay)
        if (pc !== insns.length - 1) return undefined
        print?.(GREETING)
        return this.knobs.bpf_bind_verifier_accept ? undefined : silent
      },
      finalize: () => undefined,
    }
  }

  #addPort(index: number, namespace: NetNamespace | undefined): void {
    const place = this.#host.nextInterface(this.number, index)
    const port = new NetdevsimPort(this.#host, this, { ...place, index })
    this.#ports.push(port)
    if (namespace !== undefined) port.setNamespace(namespace)
  }
}
