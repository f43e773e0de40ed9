import type { BtfValue } from '@bpfoundry/btf'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { without } from '../fields.ts'
import type { DeploymentFate } from '../measure/deployment-fates.ts'
import type { ReportDraft } from '../report/build-report.ts'
import type { ExpectationReport } from '../report/deployment-report.ts'
import { durationText, numberText, rateText } from '../report/figures.ts'
import type { Bound, Bounds, ExpectationDescription } from '../schema/expectation.ts'
import type { World } from '../simulation/world.ts'
import type { Stage } from '../stage/host-stage.ts'
import { withIndexes } from '../stage/map-contents.ts'

/** What expectations are judged by. */
export interface Evidence {
  readonly draft: ReportDraft
  readonly stage: Stage
  readonly world: World
  /** Line of the n-th expectation in the file. */
  line(index: number): number
}

/** A figure, and what a share of it is a share of. */
interface Finding {
  readonly value: number
  readonly of?: number
  readonly text: (value: number) => string
}

/** What a check found: a figure that has bounds, or a verdict. */
type Judged = Finding | { readonly passed: boolean; readonly expected: string; readonly got: string }

type Judge<Kind> = (expectation: Kind, evidence: Evidence) => Judged

type Judges = {
  readonly [Check in ExpectationDescription['check']]: Judge<Extract<ExpectationDescription, { readonly check: Check }>>
}

/** Says of each expectation whether it came true. */
export function judgeExpectations(
  expectations: readonly ExpectationDescription[],
  evidence: Evidence,
): ExpectationReport[] {
  return expectations.map((expectation, index) => {
    const judged = (JUDGES[expectation.check] as Judge<ExpectationDescription>)(expectation, evidence)
    const base = { name: expectation.name ?? nameOf(expectation), check: expectation.check, line: evidence.line(index) }
    return 'passed' in judged ? { ...base, ...judged } : { ...base, ...judgeBounds(judged, expectation as Bounds) }
  })
}

const JUDGES: Judges = {
  fate({ of, fate }, { draft }) {
    const there = of === undefined ? undefined : draft.interfaces.find(({ path }) => path === of)
    const fates: Partial<Record<DeploymentFate, number>> = there?.fates ?? (of === undefined ? onwards(draft) : {})
    return { value: fates[fate] ?? 0, of: there?.in ?? draft.packets.sent, text: numberText }
  },
  delivered({ traffic, to }, { draft }) {
    const row = draft.traffic.find(({ name }) => name === traffic)
    const received = row?.received ?? {}
    const value =
      to === undefined ? Object.values(received).reduce((sum, packets) => sum + packets, 0) : (received[to] ?? 0)
    return { value, of: row?.sent ?? 0, text: numberText }
  },
  rate({ at, from, to }, { world }) {
    const end = to ?? world.measure.axis.endNs
    const packets = world.measure.receivers.get(at)?.packets.between(from, end) ?? 0
    return { value: end > from ? (packets * 1e9) / (end - from) : 0, text: rateText }
  },
  latency({ at, percentile }, { world }) {
    const histogram = world.measure.receivers.get(at)?.latency
    if (histogram === undefined || histogram.packets === 0)
      return { passed: false, expected: 'packets', got: 'none arrived' }
    return { value: histogram.percentileNs(percentile), text: durationText }
  },
  map: judgeMap,
  counter({ of, counter }, { draft }) {
    return { value: draft.interfaces.find(({ path }) => path === of)?.counters[counter] ?? 0, text: numberText }
  },
  log({ contains, absent }, { draft }) {
    const lines = draft.log.filter(({ text }) => text.includes(contains))
    return {
      passed: lines.length > 0 !== absent,
      expected: absent ? 'no such line' : 'a line with it',
      got: lines.length === 0 ? 'none' : `${lines.length}: ${lines[0]?.text.slice(0, 120)}`,
    }
  },
}

/** Of the whole deployment, tx and redirect are sums over all interfaces. */
function onwards({ packets, interfaces }: ReportDraft): Partial<Record<DeploymentFate, number>> {
  const sum = (fate: 'tx' | 'redirect'): number =>
    interfaces.reduce((total, { fates }) => total + (fates[fate] ?? 0), 0)
  return { ...packets.fates, tx: sum('tx'), redirect: sum('redirect') }
}

function judgeMap(
  expectation: Extract<ExpectationDescription, { readonly check: 'map' }>,
  { stage }: Evidence,
): Judged {
  const { program, map, key, member, absent, min, max, equals } = expectation
  const staged = stage.programs.get(program)
  const found = staged?.objects.map(map)
  if (staged === undefined || found === undefined) return { passed: false, expected: 'a map', got: 'none' }
  if (key === undefined) return { value: found.size, text: numberText }
  const interfaces = [...(stage.hosts.get(staged.host)?.interfaces.values() ?? [])]
  const indexes = new Map(interfaces.map(({ nic }) => [nic.name, nic.ifindex]))
  let value: BtfValue | undefined
  try {
    value = found.get(withIndexes(key, indexes))
  } catch (error) {
    if (!isDiagnostic(error) && !(error instanceof RangeError)) throw error
    return { passed: false, expected: 'a key of the map', got: error.message }
  }
  if (absent || value === undefined)
    return {
      passed: absent === (value === undefined),
      expected: absent ? 'no element' : 'an element',
      got: value === undefined ? 'none' : shown(value),
    }
  if (min === undefined && max === undefined && equals === undefined)
    return { passed: true, expected: 'an element', got: shown(value) }
  const number = sum(value, member, found.perCpu)
  return number === undefined
    ? { passed: false, expected: 'a number', got: shown(value) }
    : { value: number, text: numberText }
}

/** The number that a value is, or that its member is; per-CPU values are added up. */
function sum(value: BtfValue, member: string | undefined, perCpu: boolean): number | undefined {
  if (perCpu && Array.isArray(value)) {
    const numbers = value.map((one) => sum(one as BtfValue, member, false))
    return numbers.includes(undefined) ? undefined : numbers.reduce<number>((total, one) => total + (one ?? 0), 0)
  }
  if (member !== undefined) {
    const inner =
      typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
        ? (value as Record<string, BtfValue>)[member]
        : undefined
    return inner === undefined ? undefined : sum(inner, undefined, false)
  }
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return Number(value)
  if (!(value instanceof Uint8Array) || value.length > 8) return undefined
  return value.reduce((number, byte, place) => number + byte * 2 ** (8 * place), 0)
}

function judgeBounds(
  { value, of, text }: Finding,
  { min, max, equals }: Bounds,
): { passed: boolean; expected: string; got: string } {
  const bound = ({ value: limit, share }: Bound): number => (share ? limit * (of ?? 0) : limit)
  const passed =
    (min === undefined || value >= bound(min)) &&
    (max === undefined || value <= bound(max)) &&
    (equals === undefined || value === bound(equals))
  const words = [
    ...(equals === undefined ? [] : [`exactly ${equals.written}`]),
    ...(min === undefined ? [] : [`at least ${min.written}`]),
    ...(max === undefined ? [] : [`at most ${max.written}`]),
  ]
  const share = of === undefined || of === 0 ? '' : ` of ${numberText(of)} (${((100 * value) / of).toFixed(1)}%)`
  return { passed, expected: words.join(', '), got: `${text(value)}${share}` }
}

function nameOf(expectation: ExpectationDescription): string {
  const { check } = expectation
  const fields = without(expectation, ['check', 'name'])
  const words = Object.entries(fields).filter(
    ([field, value]) =>
      typeof value !== 'object' &&
      value !== undefined &&
      value !== false &&
      value !== 0 &&
      field !== 'min' &&
      field !== 'max',
  )
  return `${check}: ${words.map(([field, value]) => `${field} ${value}`).join(', ')}${'key' in fields && fields.key !== undefined ? ` key ${shown(fields.key as BtfValue)}` : ''}`
}

function shown(value: BtfValue): string {
  const text = JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'bigint'
      ? String(item)
      : item instanceof Uint8Array
        ? `0x${Buffer.from(item).toString('hex')}`
        : item,
  )
  return text.length > 100 ? `${text.slice(0, 97)}...` : text
}
