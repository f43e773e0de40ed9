import type { Cpu } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { ERRNO, MAP_TYPE, XDP_ACTION } from '@bpfoundry/kernel-abi'
import type { BpfMap, CpuMap, RedirectMap } from '@bpfoundry/maps'
import { PORT } from '../counters.ts'
import type { EventWriter } from '../events/event-ring.ts'
import { NO_MAP, XDP_EVENT } from '../events/xdp-event.ts'
import type { Fate } from '../fates.ts'
import { FRAME_FLAG, FrameCursor } from '../frame-descriptor.ts'
import type { PacketSource } from '../packet-source.ts'
import type { TxPort } from '../tx-port.ts'
import { CpuBulk } from './cpu-bulk.ts'
import { countFate, DeviceBulk } from './device-bulk.ts'
import type { EntryProgram } from './entry-program.ts'
import { REDIRECT_FLAG, RedirectTarget } from './redirect-target.ts'
import { XskReceiver } from './xsk-socket.ts'

/** A transmit port of this CPU by ifindex; undefined when there is no such card. */
export type PortLookup = (ifindex: number) => TxPort | undefined

/** The map whose header lies at a guest address. */
export type MapLookup = (address: number) => BpfMap

/** What {@link Redirects} belongs to. */
export interface RedirectsOptions {
  readonly memory: GuestMemory
  readonly cpu: Cpu
  readonly ports: PortLookup
  readonly mapAt: MapLookup
  /** Runs the programs of devmap entries. */
  readonly program: EntryProgram
  readonly events: EventWriter | undefined
  /** Whether packets may go to AF_XDP sockets: only the CPU that polls their queue fills their rings. */
  readonly sockets: boolean
}

/**
 * Where packets go whose verdict was XDP_REDIRECT, on one CPU: to other cards in bulks of sixteen, to other CPUs in bulks of
 * eight, to AF_XDP sockets. What was collected leaves at the end of each poll.
 *
 * @see xdp_do_redirect, xdp_do_generic_redirect, xdp_do_flush in net/core/filter.c (6.12)
 */
export class Redirects {
  /** What a packet becomes whose last redirect failed. */
  failure: Fate = 'redirect_error'
  readonly #options: RedirectsOptions
  readonly #target = new RedirectTarget()
  readonly #devices = new Map<number, DeviceBulk>()
  readonly #cpus = new Map<number, CpuBulk>()
  readonly #sockets = new Map<number, XskReceiver>()
  /** What a flush has to see, in the order of its first packet. */
  readonly #usedDevices: DeviceBulk[] = []
  readonly #usedCpus: CpuBulk[] = []
  readonly #usedSockets = new Set<XskReceiver>()
  readonly #copy = new FrameCursor()

  constructor(options: RedirectsOptions) {
    this.#options = options
  }

  /**
   * Takes a packet whose verdict was XDP_REDIRECT. Its fate is counted when it is known.
   *
   * @param programId whose verdict it was, for events
   * @returns 0, or an errno: then it is still the caller's, to end as {@link failure}
   */
  redirect(frame: FrameCursor, source: PacketSource, programId: number): number {
    return this.#do(frame, source, programId, NATIVE)
  }

  /** As {@link redirect}, of an skb: nothing is collected. */
  redirectSkb(frame: FrameCursor, source: PacketSource, programId: number): number {
    return this.#do(frame, source, programId, GENERIC)
  }

  /** Sends everything that was collected: the last device first, as Linux's list has it. */
  flush(): void {
    while (this.#usedDevices.length > 0) {
      const bulk = this.#usedDevices.pop() as DeviceBulk
      bulk.listed = false
      bulk.send()
    }
    while (this.#usedCpus.length > 0) {
      const bulk = this.#usedCpus.pop() as CpuBulk
      bulk.listed = false
      bulk.send()
    }
    if (this.#usedSockets.size === 0) return
    for (const socket of this.#usedSockets) socket.flush()
    this.#usedSockets.clear()
  }

  #do(frame: FrameCursor, source: PacketSource, programId: number, way: Way): number {
    const { memory, cpu, mapAt, events } = this.#options
    const target = this.#target
    target.take(memory, cpu)
    this.failure = 'redirect_error'
    const map = target.map === 0 ? undefined : mapAt(target.map)
    const ingress = frame.ingressIfindex
    const error =
      map === undefined
        ? this.#toIfindex(frame, source, programId, way)
        : this.#byMap(map, frame, source, programId, way)
    events?.emit(
      error === 0 ? XDP_EVENT.redirect : XDP_EVENT.redirectError,
      programId,
      XDP_ACTION.REDIRECT,
      ingress,
      error === 0 ? 0 : -error,
      told(target, map),
      map?.id ?? NO_MAP,
      map === undefined ? 0 : target.index,
    )
    return error
  }

  #toIfindex(frame: FrameCursor, source: PacketSource, programId: number, way: Way): number {
    const { found } = this.#target
    // Where no helper was called there is no kind of target; where one was, no such device.
    if (found === 0) return ERRNO.EBADRQC
    const port = this.#options.ports(found)
    return port === undefined ? ERRNO.EINVAL : way.toDevice(this, port, 0, frame, source, programId)
  }

  #byMap(map: BpfMap, frame: FrameCursor, source: PacketSource, programId: number, way: Way): number {
    const { type } = map.attributes
    if (type === MAP_TYPE.CPUMAP) return way.toCpu(this, map as CpuMap, frame, source)
    if (type === MAP_TYPE.XSKMAP) return this.#toSocket(frame, source, way)
    const devices = map as RedirectMap
    if ((this.#target.flags & REDIRECT_FLAG.broadcast) !== 0) return this.#toAll(devices, frame, source, programId, way)
    const port = this.#options.ports(this.#target.found)
    if (port === undefined) return ERRNO.EINVAL
    return way.toDevice(this, port, devices.targetProgram(this.#target.index), frame, source, programId)
  }

  /** To all devices of the map that take it: copies to all but the last. */
  #toAll(map: RedirectMap, frame: FrameCursor, source: PacketSource, programId: number, way: Way): number {
    const excluded = (this.#target.flags & REDIRECT_FLAG.excludeIngress) === 0 ? 0 : frame.ingressIfindex
    let [last, lastProgram] = [undefined as TxPort | undefined, 0]
    for (const index of map.targetIndexes()) {
      const ifindex = map.target(index)
      const port = this.#options.ports(ifindex)
      if (port === undefined || ifindex === excluded || !way.takes(port, frame)) continue
      if (last !== undefined) {
        const error = this.#copyTo(last, lastProgram, frame, source, programId, way)
        if (error !== 0) return error
      }
      ;[last, lastProgram] = [port, map.targetProgram(index)]
    }
    if (last !== undefined) return way.toDevice(this, last, lastProgram, frame, source, programId)
    countFate(frame, source, 'no_target')
    source.release(frame)
    return 0
  }

  #copyTo(
    port: TxPort,
    entryProgram: number,
    frame: FrameCursor,
    source: PacketSource,
    programId: number,
    way: Way,
  ): number {
    // Frags can't be shared between copies.
    if ((frame.flags & FRAME_FLAG.frags) !== 0) return ERRNO.EOPNOTSUPP
    const buffer = source.takeFrame()
    if (buffer === 0) return ERRNO.ENOMEM
    const copy = this.#copy
    copy.copy(frame)
    const by = buffer - frame.frame
    copy.frame = buffer
    copy.data += by
    copy.dataEnd += by
    copy.dataMeta += by
    copy.flags |= FRAME_FLAG.copy
    this.#options.memory.u8.copyWithin(copy.dataMeta, frame.dataMeta, frame.dataEnd)
    const error = way.toDevice(this, port, entryProgram, copy, source, programId)
    if (error !== 0) {
      source.countCopy(false)
      source.release(copy)
    }
    return error
  }

  #toSocket(frame: FrameCursor, source: PacketSource, way: Way): number {
    const { memory, sockets } = this.#options
    if (!sockets) return ERRNO.EINVAL
    const address = this.#target.found
    const socket = this.#sockets.get(address) ?? new XskReceiver(memory, address)
    this.#sockets.set(address, socket)
    const error = socket.receive(frame)
    if (error === 0) {
      if (way === GENERIC) socket.flush()
      else this.#usedSockets.add(socket)
      countFate(frame, source, 'xsk')
      source.release(frame)
    } else if (error === ERRNO.ENOMEM || error === ERRNO.ENOBUFS) {
      this.failure = 'xsk_full'
    }
    return error
  }

  /** Of native XDP: into the device's bulk. */
  collect(port: TxPort, entryProgram: number, frame: FrameCursor, source: PacketSource): number {
    const error = port.xdpError(frame)
    if (error !== 0) return error
    const { ifindex } = port.handle
    const bulk = this.#devices.get(ifindex) ?? new DeviceBulk(port, this.#options.program, this.#options.events)
    this.#devices.set(ifindex, bulk)
    if (!bulk.listed) this.#usedDevices.push(bulk)
    bulk.add(frame, source, entryProgram)
    return 0
  }

  /** Of generic XDP: by the device's ordinary transmit path. */
  transmitSkb(port: TxPort, entryProgram: number, frame: FrameCursor, source: PacketSource, programId: number): number {
    const error = port.forwardError(frame.lengthBytes)
    if (error !== 0) return error
    if (entryProgram !== 0 && !this.#passesSkb(port, entryProgram, frame)) {
      countFate(frame, source, 'egress_drop')
      source.release(frame)
      return 0
    }
    if (port.send(frame, source)) {
      port.counters.add(PORT.xmit, 1)
      port.flush()
      countFate(frame, source, 'redirect')
      return 0
    }
    // The kernel has said already that the packet was redirected.
    this.#options.events?.emit(XDP_EVENT.exception, programId, XDP_ACTION.TX, port.handle.ifindex)
    port.counters.add(PORT.xmitErrors, 1)
    countFate(frame, source, 'redirect_error')
    source.release(frame)
    return 0
  }

  #passesSkb(port: TxPort, entryProgram: number, frame: FrameCursor): boolean {
    const { program, events } = this.#options
    const verdict = program.run(entryProgram, frame, port.handle)
    const told = verdict !== XDP_ACTION.PASS && verdict !== XDP_ACTION.DROP
    if (told) events?.emit(XDP_EVENT.exception, entryProgram, verdict, port.handle.ifindex)
    return verdict === XDP_ACTION.PASS
  }

  /** Of native XDP: into the bulk for the CPU. */
  collectForCpu(map: CpuMap, frame: FrameCursor, source: PacketSource): number {
    const bulk = this.#cpuBulk(map)
    if (!bulk.listed) this.#usedCpus.push(bulk)
    bulk.add(frame, source)
    return 0
  }

  /** Of generic XDP: into the CPU's queue. */
  sendSkbToCpu(map: CpuMap, frame: FrameCursor): number {
    if (this.#cpuBulk(map).sendSkb(frame)) return 0
    this.failure = 'cpumap_full'
    return ERRNO.ENOSPC
  }

  #cpuBulk(map: CpuMap): CpuBulk {
    const target = this.#target.index
    const queue = map.queue(target)
    const known = this.#cpus.get(queue)
    if (known !== undefined) return known
    const { memory, cpu, events } = this.#options
    const bulk = new CpuBulk({ memory, cpu, map, target, events })
    this.#cpus.set(queue, bulk)
    return bulk
  }
}

/** How redirects of one mode are done. */
interface Way {
  readonly toDevice: (
    redirects: Redirects,
    port: TxPort,
    entryProgram: number,
    frame: FrameCursor,
    source: PacketSource,
    programId: number,
  ) => number
  readonly toCpu: (redirects: Redirects, map: CpuMap, frame: FrameCursor, source: PacketSource) => number
  /** Whether a device of a broadcast is one that counts. */
  readonly takes: (port: TxPort, frame: FrameCursor) => boolean
}

const NATIVE: Way = {
  toDevice: (redirects, port, entryProgram, frame, source) => redirects.collect(port, entryProgram, frame, source),
  toCpu: (redirects, map, frame, source) => redirects.collectForCpu(map, frame, source),
  takes: (port, frame) => port.xdpError(frame) === 0,
}

const GENERIC: Way = {
  toDevice: (redirects, port, entryProgram, frame, source, programId) =>
    redirects.transmitSkb(port, entryProgram, frame, source, programId),
  toCpu: (redirects, map, frame) => redirects.sendSkbToCpu(map, frame),
  takes: () => true,
}

/** `to_ifindex` of the event: only devices have one, and a broadcast tells none. */
function told({ flags, found }: RedirectTarget, map: BpfMap | undefined): number {
  const type = map?.attributes.type
  const device = map === undefined || type === MAP_TYPE.DEVMAP || type === MAP_TYPE.DEVMAP_HASH
  return device && (flags & REDIRECT_FLAG.broadcast) === 0 ? found : 0
}
