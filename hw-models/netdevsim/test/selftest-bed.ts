import { AttachError, type IpLinkXdpJson, ipLinkObject, iprouteErrorLines } from '@bpfoundry/device'
import {
  INITIAL_NAMESPACE,
  Kernel,
  KernelError,
  type KernelMap,
  type KernelProgram,
  type MapJson,
  mapJson,
  type NetNamespace,
  type ProgramJson,
  ProgramRejected,
  programJson,
  type Viewer,
} from '@bpfoundry/kernel'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { expect } from 'vitest'
import {
  Debugfs,
  Iproute,
  NetdevsimBus,
  type NetdevsimDevice,
  type NetdevsimPort,
  type ProgramSource,
} from '../src/index.ts'

/** What a command that must fail says: errno, the lines on stderr, and the verifier's log if it got so far. */
export interface Failure {
  readonly errno: number
  /** As `ip` prints it: `Error: XDP program already attached.` */
  readonly said: string
  readonly log: string
}

/** Runs a command that must be refused by the kernel. */
export function failure(command: () => unknown): Failure {
  try {
    command()
  } catch (error) {
    if (error instanceof AttachError) {
      return { errno: error.errno, said: iprouteErrorLines(error)[0] as string, log: '' }
    }
    if (error instanceof ProgramRejected) return { errno: error.errno, said: '', log: error.log }
    if (error instanceof KernelError) return { errno: error.errno, said: '', log: '' }
    throw error
  }
  throw new Error('the command did not fail')
}

/** A machine with simulated devices, and the tools that the kernel's own test uses. */
export class SelftestBed {
  readonly kernel = Kernel.create()
  readonly bus = new NetdevsimBus(this.kernel)
  readonly ip = new Iproute(this.kernel)

  /** A device with one port, its hw-tc-offload switched as asked. */
  device(hwTcOffload = false): { simdev: NetdevsimDevice; sim: NetdevsimPort; dfs: Debugfs } {
    const simdev = this.bus.addDevice()
    const sim = simdev.port(0)
    sim.tc.setHwTcOffload(hwTcOffload)
    return { simdev, sim, dfs: new Debugfs(simdev) }
  }

  /** A device with an ingress qdisc. */
  tcDevice(hwTcOffload = true): { simdev: NetdevsimDevice; sim: NetdevsimPort; dfs: Debugfs } {
    const made = this.device(hwTcOffload)
    made.sim.tc.addQdisc('ingress')
    return made
  }

  /** `bpftool -j prog show`. */
  programs(namespace: NetNamespace = INITIAL_NAMESPACE): ProgramJson[] {
    return this.kernel.programs.map((program) => this.program(program, namespace))
  }

  /** `bpftool -j prog show pinned ...`. */
  program(program: KernelProgram, namespace: NetNamespace = INITIAL_NAMESPACE): ProgramJson {
    try {
      return programJson(this.kernel.programInfo(program), this.viewer(namespace))
    } catch (error) {
      if (error instanceof KernelError && error.errno === ERRNO.ENODEV)
        return programJson('orphaned', this.viewer(namespace))
      throw error
    }
  }

  /** `bpftool -j map show`. */
  maps(namespace: NetNamespace = INITIAL_NAMESPACE): MapJson[] {
    return this.kernel.maps.map((map) => mapJson(this.kernel.mapInfo(map), this.viewer(namespace)))
  }

  viewer(namespace: NetNamespace): Viewer {
    const devices = this.kernel.netDevices(namespace)
    return { namespace, deviceName: (ifindex) => devices.find((device) => device.ifindex === ifindex)?.name }
  }

  /** Programs that are loaded, and not orphaned. */
  loaded(): number {
    return this.kernel.programs.filter(({ orphaned }) => !orphaned).length
  }

  /** `bpftool prog pin id ... FILE` of the program at a place of the list. */
  pinProgram(index = 0): { pinned: KernelProgram; file: string } {
    const pinned = this.kernel.programs[index] as KernelProgram
    pinned.hold()
    return { pinned, file: 'tmp' }
  }

  /** `bpftool map pin id ... FILE`. */
  pinMap(index = 0): KernelMap {
    const map = this.kernel.maps[index] as KernelMap
    map.hold()
    return map
  }

  /** `ip link set dev X xdpoffload ...`, and what `ip -j link` then says of it. */
  offload(sim: NetdevsimPort, source: ProgramSource, force = false): IpLinkXdpJson {
    this.ip.setXdp(sim, source, { word: 'xdpoffload', force })
    return xdpOf(sim) as IpLinkXdpJson
  }

  /** Programs that are bound to the device, and loaded at all. */
  counts(simdev: NetdevsimDevice): { bound: number; total: number } {
    return { bound: simdev.boundPrograms.length, total: this.loaded() }
  }
}

/** The `xdp` object of `ip -j link show dev X`. */
export function xdpOf(sim: NetdevsimPort): IpLinkXdpJson | undefined {
  return ipLinkObject(sim.ipLink()).xdp
}

/** The body of a test with a title of the kernel's; the kernel must have nothing to warn of at its end. */
export function selftest(body: (bed: SelftestBed) => void): () => void {
  return () => {
    const bed = new SelftestBed()
    body(bed)
    expect(bed.bus.warnings).toEqual([])
  }
}
