import type { Kernel } from '@bpfoundry/kernel'
import { ModelledClock } from './modelled-clock.ts'
import { NetdevsimDevice, type NetdevsimHost, type NetdevsimOptions } from './netdevsim-device.ts'

/** Options of a bus. */
export interface NetdevsimBusOptions {
  /** The machine's clock, for `bpf_bind_verifier_delay`; one of its own by default. */
  readonly clock?: ModelledClock
  /** Index of the first interface; 2 by default, 1 is lo. */
  readonly firstIfindex?: number
}

/** Where simulated devices are made: `/sys/bus/netdevsim`. */
export class NetdevsimBus {
  readonly kernel: Kernel
  readonly clock: ModelledClock
  /** What the kernel log says: WARN_ON and the like, which must not happen. */
  readonly warnings: string[] = []
  readonly #devices: NetdevsimDevice[] = []
  #nextIfindex: number

  constructor(kernel: Kernel, { clock, firstIfindex = 2 }: NetdevsimBusOptions = {}) {
    this.kernel = kernel
    this.clock = clock ?? new ModelledClock()
    this.#nextIfindex = firstIfindex
  }

  /** Devices that have ports. */
  get devices(): readonly NetdevsimDevice[] {
    return this.#devices.filter(({ ports }) => ports.length > 0)
  }

  /** `echo "ID PORTS" > /sys/bus/netdevsim/new_device`. @throws NetdevsimError NETDEVSIM_PORTS */
  addDevice(options: NetdevsimOptions = {}): NetdevsimDevice {
    const host: NetdevsimHost = {
      kernel: this.kernel,
      clock: this.clock,
      nextInterface: (device, port) => ({ ifindex: this.#nextIfindex++, name: `eni${device}np${port + 1}` }),
      warn: (text) => void this.warnings.push(text),
    }
    const device = new NetdevsimDevice(host, this.#devices.length, options)
    this.#devices.push(device)
    return device
  }
}
