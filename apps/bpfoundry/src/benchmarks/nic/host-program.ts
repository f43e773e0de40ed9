import { type HostCosts, type ModelledRate, type ProgramWork, type RateQuestion, STAGE } from '@bpfoundry/device'
import { GENERIC_COSTS, genericRate } from '@bpfoundry/generic'
import { XDP_ACTION } from '@bpfoundry/kernel-abi'
import { NATIVE_COSTS, nativeRate } from '@bpfoundry/native'
import { PacketGenerator, parsePktgen } from '@bpfoundry/packet'
import { type MeasuredWork, measureWork } from '@bpfoundry/testbench'
import { UsageError } from '../../exit-code.ts'
import type { HostPoint, ProgramHostReport } from './host-report.ts'

/** A program on the host of a driver. */
export interface HostProgramQuestion {
  readonly driver: string
  readonly mode: 'native' | 'generic'
  readonly object: string
  readonly name?: string
  /** As `run --pktgen` takes it, without count. */
  readonly pktgen: string
  /** The model's own clock when absent. */
  readonly clocks?: readonly number[]
  readonly cores: readonly number[]
}

const SAMPLES = 64
/** The packet generator's own default leaves the size to the specification: the smallest frame. */
const MOST_FRAME_BYTES = 9018

const COUNTERS = Object.keys(STAGE) as (keyof typeof STAGE)[]
const COUNTER_OF_VERDICT: Readonly<Record<number, keyof typeof STAGE>> = {
  [XDP_ACTION.ABORTED]: 'aborted',
  [XDP_ACTION.DROP]: 'drop',
  [XDP_ACTION.PASS]: 'pass',
  [XDP_ACTION.TX]: 'tx',
  [XDP_ACTION.REDIRECT]: 'redirect',
}

/**
 * Rates of a program by clock and cores. It is run on sampled packets by the interpreter, with the maps as the object
 * file has them.
 *
 * @throws UsageError CLI_HOST for a driver that was never measured
 */
export function hostProgram(question: HostProgramQuestion): ProgramHostReport {
  const costs = costsOf(question)
  const packets = samples(question.pktgen)
  const { object, name } = question
  const measured = measureWork({ object, packets, ...(name === undefined ? {} : { program: name }) })
  const stage = stageOf(measured.verdicts, packets)
  const ask = (gigahertz: number, cpus: number): ModelledRate => rateOf(question, stage, measured.work, gigahertz, cpus)
  const own = ask(costs.gigahertz, 1)
  return {
    $schema: 'bpfoundry.bench-nic/1',
    clock: 'modelled',
    host: { mode: question.mode, driver: question.driver, model: own.model },
    program: { object, name: measured.program, work: measured.work, verdicts: verdictNames(measured) },
    points: (question.clocks ?? [costs.gigahertz]).flatMap((clock) =>
      question.cores.map((cores) => pointOf(clock, cores, ask(clock, cores))),
    ),
    breakdown: own.breakdown ?? [],
    sources: own.sources,
    notes: own.notes,
  }
}

function costsOf({ driver, mode }: HostProgramQuestion): HostCosts {
  const costs = mode === 'generic' ? GENERIC_COSTS : NATIVE_COSTS[driver]
  if (costs !== undefined) return costs
  throw new UsageError({
    code: 'CLI_HOST',
    message: 'no published cost of native XDP with this driver',
    got: driver,
    expected: Object.keys(NATIVE_COSTS).join(', '),
  })
}

function samples(pktgen: string): Uint8Array[] {
  const generator = new PacketGenerator({ ...parsePktgen(pktgen), count: SAMPLES })
  const bytes = new Uint8Array(MOST_FRAME_BYTES)
  return Array.from({ length: SAMPLES }, () => bytes.slice(0, generator.next(bytes, 0)))
}

function rateOf(
  { driver, mode }: HostProgramQuestion,
  stage: RateQuestion['stage'],
  work: ProgramWork,
  gigahertz: number,
  cpus: number,
): ModelledRate {
  const question: RateQuestion = { stage, work, gigahertz, cpus }
  return mode === 'native' ? nativeRate(driver, question) : genericRate(question)
}

function stageOf(verdicts: readonly number[], packets: readonly Uint8Array[]): RateQuestion['stage'] {
  const stage = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<keyof typeof STAGE, number>
  stage.packets = packets.length
  stage.bytes = packets.reduce((sum, { length }) => sum + length, 0)
  for (const verdict of verdicts) stage[COUNTER_OF_VERDICT[verdict] ?? 'invalid']++
  return stage
}

function verdictNames({ verdicts }: MeasuredWork): Record<string, number> {
  const names: Record<string, number> = {}
  for (const verdict of verdicts) {
    const name = COUNTER_OF_VERDICT[verdict] ?? 'invalid'
    names[name] = (names[name] ?? 0) + 1
  }
  return names
}

function pointOf(
  gigahertz: number,
  cores: number,
  { packetsPerSecond, limitedBy, nanosecondsPerPacket }: ModelledRate,
): HostPoint {
  return { gigahertz, cores, packetsPerSecond, limitedBy, nanosecondsPerPacket }
}
