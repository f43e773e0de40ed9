import type { Fate } from './fates.ts'
import type { Nic } from './nic.ts'
import type { EthtoolRow } from './nic-profile.ts'
import type { XdpMode } from './xdp-mode.ts'

/** One line of `ethtool -S`. */
export interface EthtoolStat {
  readonly name: string
  readonly value: number
}

type Scope = { readonly queue?: number; readonly cpu?: number }

/** Where a counter of a row comes from: all of the card, or one queue or CPU. */
const SOURCES: Readonly<Record<string, (nic: Nic, counter: string, scope: Scope) => number | undefined>> = {
  fate: (nic, counter, { queue }) => (queue === undefined ? nic.fates() : nic.queueFates(queue))[counter as Fate],
  mac: (nic, counter) => pick(nic.macCounters(), counter),
  queue: (nic, counter, { queue }) => overQueues(nic, queue, (index) => pick(nic.queueCounters(index), counter)),
  wire: (nic, counter, { queue }) => overQueues(nic, queue, (index) => pick(nic.wireCounters(index), counter)),
  port: (nic, counter, { cpu }) => pick(nic.portCounters(cpu), counter),
  generic: stage('generic'),
  native: stage('native'),
  offload: stage('offload'),
}

/** What `ethtool -S` shows of a card, in the driver's words and order. */
export function ethtoolStats(nic: Nic): EthtoolStat[] {
  return nic.handle.profile.ethtool.flatMap((row) => {
    if (row.name.includes('%q')) return nic.handle.queues.map(({ index }) => shown(nic, row, { queue: index }))
    if (row.name.includes('%c')) return nic.handle.cpus.map(({ cpu }) => shown(nic, row, { cpu }))
    return [shown(nic, row, {})]
  })
}

function shown(nic: Nic, row: EthtoolRow, scope: Scope): EthtoolStat {
  const name = row.name.replace('%q', String(scope.queue)).replace('%c', String(scope.cpu))
  return { name, value: row.sum.reduce((sum, term) => sum + termValue(nic, term, scope), 0) }
}

function termValue(nic: Nic, term: string, scope: Scope): number {
  const negative = term.startsWith('-')
  const [source = '', counter = ''] = term.slice(negative ? 1 : 0).split('.')
  const value = SOURCES[source]?.(nic, counter, scope)
  if (value === undefined) throw new Error(`ethtool row names an unknown counter: ${term}`)
  return negative ? -value : value
}

function stage(mode: XdpMode): (nic: Nic, counter: string, scope: Scope) => number | undefined {
  return (nic, counter, { queue }) => pick(nic.stageCounters(mode, queue), counter)
}

function overQueues(
  nic: Nic,
  queue: number | undefined,
  of: (index: number) => number | undefined,
): number | undefined {
  if (queue !== undefined) return of(queue)
  let sum = 0
  for (const { index } of nic.handle.queues) {
    const value = of(index)
    if (value === undefined) return undefined
    sum += value
  }
  return sum
}

function pick(record: Readonly<Record<string, number>>, counter: string): number | undefined {
  return record[counter]
}
