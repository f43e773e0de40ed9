import { ethtoolStats, XDP_MODES, type XdpMode } from '@bpfoundry/device'
import {
  addFate,
  cardFates,
  type DeploymentFate,
  type FateCounts,
  FINAL_FATES,
  finalPackets,
} from '../measure/deployment-fates.ts'
import type { LatencyHistogram } from '../measure/latency-histogram.ts'
import type { ReceiverMeter } from '../measure/measurements.ts'
import type { TimeSeries } from '../measure/time-axis.ts'
import type { DeploymentFile } from '../read-deployment.ts'
import type { Cable, CableDirection } from '../simulation/cable.ts'
import type { Network } from '../simulation/network.ts'
import type { Port } from '../simulation/port.ts'
import type { World } from '../simulation/world.ts'
import type { EventLog } from '../stage/event-log.ts'
import type {
  DeploymentReport,
  DirectionReport,
  ExpectationReport,
  InterfaceReport,
  LatencyReport,
  LinkReport,
  ProcessorReport,
  ReceiverReport,
  TrafficReport,
} from './deployment-report.ts'

/** What a finished run leaves behind. */
export interface RunOutcome {
  readonly file: DeploymentFile
  readonly world: World
  readonly network: Network
  readonly log: EventLog
  readonly engine: string
  readonly seed: number
  readonly interrupted: boolean
  readonly wallSeconds: number
}

/** Everything but the expectations, which are judged by it. */
export type ReportDraft = Omit<DeploymentReport, 'expectations' | 'passed'>

/** Puts together what became of a deployment. @throws Error when a packet has no fate or two: a defect, never hidden */
export function draftReport(outcome: RunOutcome): ReportDraft {
  const { file, world, network, log, wallSeconds } = outcome
  const { deployment } = file
  const { measure } = world
  const interfaces = [...network.ports.values()].map((port) => interfaceReport(port, outcome))
  const packets = packetsReport(interfaces, outcome)
  const seconds = measure.axis.endNs / 1e9
  return {
    $schema: 'bpfoundry.deployment/1',
    name: deployment.name,
    description: deployment.description,
    file: file.document.file,
    engine: outcome.engine,
    seed: outcome.seed,
    interrupted: outcome.interrupted,
    modelled: {
      seconds,
      slotNs: measure.axis.widthNs,
      slots: measure.axis.slots,
      costModel: world.costs.name,
      notes: world.costs.notes(),
    },
    packets,
    interfaces,
    processors: processorReports(network, world),
    links: [...network.cables.values()].map((cable) => linkReport(cable, deployment.links)),
    traffic: trafficReports(world),
    receivers: [...measure.receivers].map(([name, meter]) => receiverReport(name, meter, file, seconds)),
    log: log.lines,
    logOmitted: log.omitted,
    wall: { seconds: wallSeconds, packetsPerSecond: wallSeconds > 0 ? packets.sent / wallSeconds : 0 },
  }
}

/** The whole report. */
export function finishReport(draft: ReportDraft, expectations: readonly ExpectationReport[]): DeploymentReport {
  return { ...draft, expectations, passed: !draft.interrupted && expectations.every(({ passed }) => passed) }
}

function interfaceReport(port: Port, { network, world }: RunOutcome): InterfaceReport {
  const { nic } = port.staged
  const counted = nic.fates
  const fates = cardFates(counted)
  const lost = network.cores.get(port.staged.card)?.lost.get(port) ?? 0
  addFate(fates, 'pass', -lost)
  addFate(fates, 'host_ring_full', lost)
  const waiting = port.queues.reduce((sum, queue) => sum + port.waiting(queue), 0)
  addFate(fates, port.removed ? 'card_removed' : 'in_flight', waiting)
  const sum = Object.values(fates).reduce((total, packets) => total + packets, 0)
  if (sum !== counted.in) throw new Error(`${port.path}: ${counted.in} packets came in, ${sum} have a fate`)
  const programs = XDP_MODES.flatMap((mode): [XdpMode, string][] => {
    const program = nic.attached(mode)
    return program === undefined ? [] : [[mode, program.name]]
  })
  return {
    path: port.path,
    host: port.staged.host,
    profile: nic.handle.profile.name,
    programs: Object.fromEntries(programs),
    in: counted.in,
    fates,
    sent: port.egress,
    queues: port.queues.map(({ index, cpu, capacity, delivered, occupancy, hostOccupancy }) => ({
      queue: index,
      cpu,
      capacity,
      packets: delivered,
      occupancy: occupancy.values,
      hostOccupancy: hostOccupancy.values,
    })),
    fatesOverTime: timelines(world.measure.fates.get(port.path)),
    counters: Object.fromEntries(ethtoolStats(nic.nic).map(({ name, value }) => [name, value])),
  }
}

/** Fates that an interface's account and that of the whole both know. */
const COUNTED_TWICE: ReadonlySet<DeploymentFate> = new Set(['host_ring_full', 'card_removed'])

function packetsReport(interfaces: readonly InterfaceReport[], { world }: RunOutcome): DeploymentReport['packets'] {
  const { measure, outputs, underWay } = world
  const fates: FateCounts = {}
  let forwarded = 0
  for (const { fates: own } of interfaces) {
    forwarded += (own.tx ?? 0) + (own.redirect ?? 0)
    for (const fate of FINAL_FATES) if (!COUNTED_TWICE.has(fate)) addFate(fates, fate, own[fate])
  }
  for (const fate of FINAL_FATES) addFate(fates, fate, measure.way[fate])
  addFate(fates, 'in_flight', underWay)
  const sent = measure.tallies.reduce((sum, tally) => sum + tally.sent, 0)
  const copies = outputs - forwarded
  if (finalPackets(fates) !== sent + copies) {
    throw new Error(
      `${sent} packets sent and ${copies} copies made, but ${finalPackets(fates)} have a fate: ${JSON.stringify(fates)}`,
    )
  }
  return { sent, copies, fates, sentOverTime: measure.sent.values }
}

function processorReports({ cpus, cores }: Network, { measure }: World): ProcessorReport[] {
  const { axis } = measure
  const row = (
    name: string,
    kind: 'cpu' | 'card',
    processors: number,
    counts: { packets: number; busyNs: number; busy: TimeSeries },
  ): ProcessorReport => ({
    name,
    kind,
    processors,
    packets: counts.packets,
    busyNs: counts.busyNs,
    load: counts.busyNs / Math.max(1, axis.endNs * processors),
    loadOverTime: counts.busy.values.map((ns) => Math.min(1, ns / (axis.widthNs * processors))),
  })
  return [
    ...[...cpus].flatMap(([host, own]) => own.map((cpu) => row(`${host} cpu ${cpu.id}`, 'cpu', 1, cpu))),
    ...[...cores.values()]
      .filter(({ packets }) => packets > 0)
      .map((card) => row(`${card.card} cores`, 'card', card.cores, card)),
  ]
}

function linkReport({ options, directions }: Cable, links: DeploymentFile['deployment']['links']): LinkReport {
  return {
    name: options.name,
    between: links[options.name]?.between ?? ['', ''],
    bitsPerSecond: options.bitsPerSecond,
    directions: [directionReport(directions[0]), directionReport(directions[1])],
  }
}

function directionReport({ counts }: CableDirection): DirectionReport {
  return { ...counts, underWay: counts.sent - counts.delivered - counts.lost - counts.overflow }
}

function trafficReports({ measure }: World): TrafficReport[] {
  return measure.tallies.map(({ sent, bytes, received }, index) => {
    const arrived = [...received.values()].reduce((sum, packets) => sum + packets, 0)
    return {
      name: measure.traffic[index] ?? '',
      sent,
      bytes,
      received: Object.fromEntries(received),
      notDelivered: Math.max(0, sent - arrived),
    }
  })
}

function receiverReport(
  name: string,
  meter: ReceiverMeter,
  { names }: DeploymentFile,
  seconds: number,
): ReceiverReport {
  return {
    name,
    kind: names.stations.has(name) ? 'station' : 'host',
    packets: meter.count,
    packetsPerSecond: seconds > 0 ? meter.count / seconds : 0,
    packetsOverTime: meter.packets.values,
    bitsOverTime: meter.bits.values,
    latency: meter.count === 0 ? undefined : latencyReport(meter.latency),
  }
}

function latencyReport(histogram: LatencyHistogram): LatencyReport {
  const at = (percentile: number): number => histogram.percentileNs(percentile)
  const { leastNs, meanNs, mostNs, slots } = histogram
  return { leastNs, meanNs, p50Ns: at(50), p90Ns: at(90), p99Ns: at(99), p999Ns: at(99.9), mostNs, slots }
}

function timelines(
  series: ReadonlyMap<DeploymentFate, TimeSeries> | undefined,
): Partial<Record<DeploymentFate, readonly number[]>> {
  return Object.fromEntries([...(series ?? [])].map(([fate, one]) => [fate, one.values]))
}
