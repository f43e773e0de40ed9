import { addFate, type DeploymentFate, type FateCounts } from './deployment-fates.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { TimeAxis, type TimeSeries } from './time-axis.ts'

/** Packets that arrived somewhere over time, and how long they took. */
export class ReceiverMeter {
  readonly packets: TimeSeries
  readonly bits: TimeSeries
  readonly latency: LatencyHistogram = new LatencyHistogram()
  count = 0

  constructor(axis: TimeAxis) {
    this.packets = axis.series('sum')
    this.bits = axis.series('sum')
  }
}

/** Packets of one traffic. */
export interface TrafficTally {
  sent: number
  bytes: number
  /** By receiver: stations, and hosts. */
  readonly received: Map<string, number>
}

/** Everything that is measured while a deployment runs. */
export class Measurements {
  readonly axis: TimeAxis = new TimeAxis()
  readonly sent: TimeSeries = this.axis.series('sum')
  readonly traffic: readonly string[]
  readonly tallies: readonly TrafficTally[]
  readonly receivers: Map<string, ReceiverMeter> = new Map<string, ReceiverMeter>()
  /** Fates that no card knows of. */
  readonly way: FateCounts = {}
  /** By place (an interface, a cable, a station) and fate. */
  readonly fates: Map<string, Map<DeploymentFate, TimeSeries>> = new Map<string, Map<DeploymentFate, TimeSeries>>()

  constructor(traffic: readonly string[], receivers: readonly string[]) {
    this.traffic = traffic
    this.tallies = traffic.map(() => ({ sent: 0, bytes: 0, received: new Map() }))
    for (const receiver of receivers) this.receivers.set(receiver, new ReceiverMeter(this.axis))
  }

  /** A packet leaves its source. */
  send(traffic: number, lengthBytes: number, atNs: number): void {
    const tally = this.tallies[traffic] as TrafficTally
    tally.sent++
    tally.bytes += lengthBytes
    this.sent.add(atNs, 1)
  }

  /** A packet arrives where it was to go: at a station, or in a host's stack. */
  receive(
    receiver: string,
    flight: { readonly traffic: number; readonly bornNs: number; readonly lengthBytes: number },
    atNs: number,
  ): void {
    const meter = this.receivers.get(receiver) as ReceiverMeter
    meter.count++
    meter.packets.add(atNs, 1)
    meter.bits.add(atNs, 8 * flight.lengthBytes)
    meter.latency.add(atNs - flight.bornNs)
    const { received } = this.tallies[flight.traffic] as TrafficTally
    received.set(receiver, (received.get(receiver) ?? 0) + 1)
  }

  /** Fates that a card has counted, evenly between two times. */
  fate(place: string, fate: DeploymentFate, packets: number, atNs: number, untilNs: number = atNs): void {
    if (packets === 0) return
    let byFate = this.fates.get(place)
    if (byFate === undefined) {
      byFate = new Map()
      this.fates.set(place, byFate)
    }
    let series = byFate.get(fate)
    if (series === undefined) {
      series = this.axis.series('sum')
      byFate.set(fate, series)
    }
    if (untilNs > atNs) series.addSpan(atNs, untilNs, packets / (untilNs - atNs))
    else series.add(atNs, packets)
  }

  /** A fate on the way, which no card has counted. */
  wayFate(place: string, fate: DeploymentFate, atNs: number, packets = 1): void {
    addFate(this.way, fate, packets)
    this.fate(place, fate, packets, atNs)
  }
}
