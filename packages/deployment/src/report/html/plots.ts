import { DEPLOYMENT_FATES } from '../../measure/deployment-fates.ts'
import type { DeploymentReport, InterfaceReport } from '../deployment-report.ts'
import { durationText, numberText, rateText, shareText } from '../figures.ts'
import { xmlText } from '../xml-text.ts'
import { latencyPlot } from './latency-plot.ts'
import { curveStyle, fateStyle } from './page-style.ts'
import type { PlotMark } from './plot-frame.ts'
import { rateUnit } from './plot-units.ts'
import { linePlot, type PlotSeries, type PlotTime, stackPlot } from './time-plots.ts'

/** Queues that are drawn at most: the fullest. */
const MOST_QUEUES = 10

/** Faults on the time axis, numbered as in the list of events. */
export function marksOf({ log }: DeploymentReport): PlotMark[] {
  return log
    .filter(({ source }) => source === 'fault')
    .map(({ atNs, text }, index) => ({ at: atNs, label: String(index + 1), text: `${durationText(atNs)}: ${text}` }))
}

/** Packets that were sent, and those that arrived somewhere; these once more alone where they are few. */
export function throughputPlots(report: DeploymentReport): string[] {
  const { packets, modelled } = report
  const sent = {
    name: 'sent by all sources',
    style: SENT_STYLE,
    values: packets.sentOverTime,
    value: rateText(packets.sent / Math.max(modelled.seconds, 1e-9)),
  }
  const arrived = receiversOf(report).map(({ name, style, receiver }): PlotSeries => {
    return { name, style, values: receiver.packetsOverTime, value: rateText(receiver.packetsPerSecond) }
  })
  const highest = Math.max(0, ...arrived.map(({ values }) => Math.max(...values)))
  const few = highest > 0 && highest < FEW * Math.max(...packets.sentOverTime)
  return [
    ratePlot(report, 'Sent and arrived', [sent, ...arrived]),
    ...(few ? [ratePlot(report, 'Arrived', arrived)] : []),
  ]
}

/** Below this part of the axis a curve says nothing. */
const FEW = 0.25
const SENT_STYLE: string = curveStyle(8)

function ratePlot(report: DeploymentReport, label: string, series: readonly PlotSeries[]): string {
  const most = Math.max(0, ...series.map(({ values }) => Math.max(...values)))
  const unit = rateUnit((most * 1e9) / report.modelled.slotNs)
  const plot = linePlot(series, timeOf(report), {
    label,
    yTitle: `packets a second (${unit.name})`,
    merge: 'rate',
    factor: unit.factor,
  })
  return `<figcaption>${xmlText(label)}</figcaption>${plot}`
}

interface PlottedReceiver {
  readonly name: string
  readonly style: string
  readonly receiver: DeploymentReport['receivers'][number]
}

/** Who got packets, in the same colours on every plot. */
function receiversOf({ receivers }: DeploymentReport): PlottedReceiver[] {
  return receivers
    .filter(({ packets }) => packets > 0)
    .map((receiver, index) => ({
      name: receiver.kind === 'host' ? `${receiver.name}, to its stack` : `${receiver.name}, station`,
      style: curveStyle(index < 8 ? index : index + 1),
      receiver,
    }))
}

/** What became of the packets at each interface. */
export function fatePlots(report: DeploymentReport): string {
  return report.interfaces
    .filter(({ in: packets }) => packets > 0)
    .map(
      (there) =>
        `<h3>${xmlText(there.path)} <small>${xmlText(programsText(there))}</small></h3>\n<figure>${fatePlot(report, there)}</figure>`,
    )
    .join('\n')
}

function programsText({ profile, programs }: InterfaceReport): string {
  const attached = Object.entries(programs).map(([mode, program]) => `${program} (${mode})`)
  return `${profile}, ${attached.length === 0 ? 'no program at the end' : attached.join(', ')}`
}

function fatePlot(report: DeploymentReport, { path, fates, fatesOverTime }: InterfaceReport): string {
  const series = DEPLOYMENT_FATES.filter((fate) => fatesOverTime[fate] !== undefined).map((fate): PlotSeries => {
    return {
      name: fate.replaceAll('_', ' '),
      style: fateStyle(fate),
      values: fatesOverTime[fate] ?? [],
      value: numberText(fates[fate] ?? 0),
    }
  })
  const highest = Math.max(0, ...series.map(({ values }) => Math.max(...values)))
  const unit = rateUnit((highest * 1e9) / report.modelled.slotNs)
  return stackPlot(series, timeOf(report), {
    label: `Fates at ${path}`,
    yTitle: `packets a second (${unit.name})`,
    merge: 'rate',
    factor: unit.factor,
  })
}

/** Latency at every receiver that got packets. */
export function latencyPlots(report: DeploymentReport): string {
  const series = receiversOf(report).flatMap(({ name, style, receiver: { latency } }) =>
    latency === undefined ? [] : [{ name, style, latency }],
  )
  return series.length === 0 ? '' : latencyPlot(series)
}

/** How busy CPUs and cards are. */
export function loadPlot(report: DeploymentReport): string {
  const series = report.processors.map(({ name, processors, load, loadOverTime }, index): PlotSeries => {
    return {
      name: processors === 1 ? name : `${name} (${processors})`,
      style: curveStyle(index),
      values: loadOverTime,
      value: shareText(load),
    }
  })
  return linePlot(series, timeOf(report), {
    label: 'Load over time',
    yTitle: 'load (%)',
    merge: 'mean',
    factor: 0.01,
    most: 100,
  })
}

/** How full receive rings are. */
export function queuePlot(report: DeploymentReport): string {
  const all = report.interfaces.flatMap(({ path, queues }) =>
    queues.flatMap(({ queue, capacity, occupancy, hostOccupancy }) => [
      { name: `${path} queue ${queue}`, capacity, occupancy, most: Math.max(0, ...occupancy) },
      { name: `${path} queue ${queue}, host`, capacity, occupancy: hostOccupancy, most: Math.max(0, ...hostOccupancy) },
    ]),
  )
  const fullest = [...all]
    .sort((one, other) => other.most / other.capacity - one.most / one.capacity)
    .slice(0, MOST_QUEUES)
  const series = all
    .filter((row) => fullest.includes(row) && row.most > 0)
    .map(({ name, capacity, occupancy, most }, index): PlotSeries => {
      return {
        name,
        style: curveStyle(index),
        values: occupancy.map((packets) => packets / capacity),
        value: `most ${numberText(most)} of ${numberText(capacity)}`,
      }
    })
  if (series.length === 0) return ''
  return linePlot(series, timeOf(report), {
    label: 'Receive rings over time',
    yTitle: 'descriptors in use (%)',
    merge: 'most',
    factor: 0.01,
    most: 100,
  })
}

function timeOf(report: DeploymentReport): PlotTime {
  return { slotNs: report.modelled.slotNs, slots: report.modelled.slots, marks: marksOf(report) }
}
