import {
  bitRateText,
  DEPLOYMENT_FATES,
  type DeploymentReport,
  durationText,
  type FateCounts,
  rateText,
  shareText,
} from '@bpfoundry/deployment'
import { type Cell, formatCount, formatTable } from '../output.ts'

/** Log lines that are shown; the rest is in the JSON and the page. */
const MOST_LOG_LINES = 30

/** What became of a deployment, as tables. */
export function deploymentText(report: DeploymentReport): string {
  const parts = [
    title(report),
    account(report),
    ...TABLES.map((table) => table(report)),
    log(report),
    expectations(report),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function title({ name, description, modelled, wall, engine, seed, interrupted }: DeploymentReport): string {
  const time = `${durationText(modelled.seconds * 1e9)} of modelled time, ${wall.seconds.toFixed(2)} s of wall time, ${engine}, seed ${seed}`
  return [
    name,
    ...(description === undefined ? [] : [description]),
    `${interrupted ? 'stopped after ' : ''}${time}`,
  ].join('\n')
}

function account({ packets }: DeploymentReport): string {
  const copies = packets.copies === 0 ? '' : ` and ${formatCount(packets.copies)} copies`
  return `${formatCount(packets.sent)} packets sent${copies}, each with one end: ${fatesText(packets.fates)}`
}

function fatesText(fates: FateCounts): string {
  return DEPLOYMENT_FATES.filter((fate) => (fates[fate] ?? 0) !== 0)
    .map((fate) => `${words(fate)} ${formatCount(fates[fate] ?? 0)}`)
    .join(', ')
}

type Table = (report: DeploymentReport) => string

const TABLES: readonly Table[] = [
  ({ interfaces }) => {
    const seen = DEPLOYMENT_FATES.filter((fate) => interfaces.some(({ fates }) => (fates[fate] ?? 0) > 0))
    const rows = interfaces.map(({ path, profile, programs, in: packets, fates, sent }): Cell[] => {
      const attached = Object.entries(programs).map(([mode, program]) => `${program} (${mode})`)
      return [path, profile, attached.join(', ') || '-', packets, ...seen.map((fate) => fates[fate] ?? 0), sent]
    })
    return formatTable(['interface', 'card', 'program', 'in', ...seen.map(words), 'sent'], rows)
  },
  ({ traffic, receivers }) => {
    const got = receivers.filter(({ packets }) => packets > 0)
    const rows = traffic.map(({ name, sent, received, notDelivered }): Cell[] => [
      name,
      sent,
      ...got.map((receiver) => received[receiver.name] ?? 0),
      notDelivered,
    ])
    return formatTable(
      [
        'traffic',
        'sent',
        ...got.map(({ name, kind }) => (kind === 'host' ? `${name} (stack)` : name)),
        'not delivered',
      ],
      rows,
    )
  },
  ({ receivers }) => {
    const rows = receivers.flatMap(({ name, kind, packets, packetsPerSecond, latency }): Cell[][] => {
      if (latency === undefined) return []
      const times = [latency.p50Ns, latency.p99Ns, latency.mostNs].map(durationText)
      return [[kind === 'host' ? `${name} (stack)` : name, packets, rateText(packetsPerSecond), ...times]]
    })
    return rows.length === 0
      ? ''
      : formatTable(['receiver', 'packets', 'mean rate', 'latency p50', 'p99', 'most'], rows)
  },
  ({ processors }) =>
    formatTable(
      ['processor', 'packets', 'load', 'highest'],
      processors.map(({ name, packets, load, loadOverTime }): Cell[] => [
        name,
        packets,
        shareText(load),
        shareText(Math.max(0, ...loadOverTime)),
      ]),
    ),
  ({ links }) => {
    const rows = links.flatMap(({ name, between, bitsPerSecond, directions }) =>
      directions.map(({ sent, delivered, lost, overflow }, side): Cell[] => {
        const way = side === 0 ? between : [...between].reverse()
        return [name, way.join(' to '), bitRateText(bitsPerSecond), sent, delivered, lost, overflow]
      }),
    )
    return formatTable(['link', 'direction', 'rate', 'sent', 'delivered', 'lost', 'overflow'], rows)
  },
]

function log({ log: lines, logOmitted }: DeploymentReport): string {
  if (lines.length === 0) return ''
  const shown = lines.slice(0, MOST_LOG_LINES).map(({ atNs, source, host, text }) => {
    return `  ${durationText(atNs).padStart(8)}  ${source}${host === undefined ? '' : ` ${host}`}: ${text}`
  })
  const left = lines.length + logOmitted - shown.length
  return ['log', ...shown, ...(left > 0 ? [`  ... and ${formatCount(left)} lines more`] : [])].join('\n')
}

function expectations({ expectations: list, modelled }: DeploymentReport): string {
  const lines = list.map(
    ({ name, passed, expected, got }) =>
      `  ${passed ? 'ok  ' : 'FAIL'}  ${name}: ${got}${passed ? '' : `, expected ${expected}`}`,
  )
  const failed = list.filter(({ passed }) => !passed).length
  const summary = list.length === 0 ? [] : [`expectations: ${list.length - failed} of ${list.length} came true`]
  const notes = ['modelled time is by published measurements:', ...modelled.notes.map((note) => `  ${note}`)]
  return [...summary, ...lines, '', ...notes].join('\n')
}

function words(fate: string): string {
  return fate.replaceAll('_', ' ')
}
