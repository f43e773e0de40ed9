import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import {
  type CardPoint,
  type FirmwareBuild,
  type NfpCard,
  nfpCard,
  PUBLISHED_CARD_ROWS,
  type PublishedCardRow,
  pathCycles,
} from '@bpfoundry/nfp'
import type { CommandIo } from '../../command-io.ts'
import { EXIT, UsageError } from '../../exit-code.ts'
import { fixturePath } from '../../fixture-path.ts'
import { Interrupt } from '../../interrupt.ts'
import { formatJson, Progress } from '../../output.ts'
import { requireWritable } from '../../writable-file.ts'
import { type CardPaths, type PathQuestion, recordCardPaths, setupPaths } from './card-paths.ts'
import { cardPlot } from './card-plot.ts'
import {
  type CardReport,
  CHECK_SEQUENCE_BYTES,
  cardRow,
  cardSummary,
  parameterRows,
  publishedRow,
  type SimulatorSpeed,
} from './card-report.ts'
import { workTogether } from './card-team.ts'
import { cardText } from './card-text.ts'
import type { CardReply, CardTask } from './card-worker.ts'

export interface BenchCardOptions {
  readonly card: string
  readonly program?: string
  readonly name?: string
  readonly pktgen: string
  readonly sizes: readonly number[]
  readonly cores?: readonly number[]
  readonly firmware: FirmwareBuild
  readonly load: number
  readonly packets: number
  readonly threads?: number
  /** Cores execute every packet instead of following what was recorded of some. */
  readonly execute?: boolean
  readonly published: boolean
  readonly json?: boolean
  readonly svg?: string
}

/** `bpfoundry bench nic --card NAME`: what a card would do with a program, by packet size and cores. */
export async function benchCard(options: BenchCardOptions, io: CommandIo): Promise<number> {
  const card = nfpCard(options.card)
  if (options.svg !== undefined) requireWritable(options.svg)
  const interrupt = new Interrupt(io)
  const progress = new Progress(io)
  try {
    const bench = prepare(card, options)
    const start = performance.now()
    const replies = await workTogether(bench.tasks, {
      threads: bench.threads,
      signal: interrupt.signal,
      onProgress: (done, all) => progress.show(`${done} of ${all} runs`),
    })
    progress.clear()
    const report = reportOf(card, options, bench, replies, performance.now() - start)
    io.out(options.json ? `${formatJson(report)}\n` : cardText(report, options))
    if (options.svg !== undefined) writeFileSync(options.svg, plotOf(report))
    return interrupt.aborted ? EXIT.interrupted : EXIT.ok
  } finally {
    progress.clear()
    interrupt.dispose()
  }
}

interface CardBench {
  readonly object: string
  readonly paths: readonly CardPaths[]
  readonly tasks: readonly CardTask[]
  readonly threads: number
  /** Rows of this card, and why some have no answer. */
  readonly rows: readonly PublishedCardRow[]
  readonly unanswered: ReadonlyMap<string, string>
}

function prepare(card: NfpCard, options: BenchCardOptions): CardBench {
  const object = options.program ?? fixturePath('programs/drop/drop.v3.o')
  const { name, firmware, load, packets, pktgen } = options
  const asked = (frameBytes: number): PathQuestion => ({ card, firmware, object, name, pktgen, frameBytes })
  const paths = options.sizes.map((bytes) => recordCardPaths(asked(bytes - CHECK_SEQUENCE_BYTES)))
  const rows = options.published ? PUBLISHED_CARD_ROWS.filter(({ setup }) => setup.card === card.name) : []
  const answers = setupPaths(rows)
  const tasks: CardTask[] = [
    ...paths.flatMap(({ frameBytes, paths: ways }) =>
      coresOf(card, options).map((cores): CardTask => {
        const question = { card, cores, firmware, paths: ways, frameBytes, load, packets }
        return { kind: 'point', question, ...(options.execute === true ? { execute: asked(frameBytes) } : {}) }
      }),
    ),
    ...rows.flatMap(({ id }): CardTask[] => {
      const ways = answers.get(id)
      return typeof ways === 'object' ? [{ kind: 'row', id, paths: ways }] : []
    }),
  ]
  const unanswered = new Map([...answers].flatMap(([id, ways]) => (typeof ways === 'string' ? [[id, ways]] : [])))
  return {
    object,
    paths,
    tasks,
    rows,
    unanswered,
    threads: options.threads ?? Math.min(availableParallelism(), tasks.length),
  }
}

/** @throws UsageError CLI_CORES */
function coresOf(card: NfpCard, { cores }: BenchCardOptions): readonly number[] {
  if (cores === undefined) return Array.from({ length: card.workerCores / 5 }, (_, index) => (index + 1) * 5)
  const most = Math.max(...cores)
  if (most <= card.workerCores) return cores
  throw new UsageError({
    code: 'CLI_CORES',
    message: 'the card has not that many cores for packets',
    got: String(most),
    expected: `at most ${card.workerCores} on ${card.name}`,
  })
}

function reportOf(
  card: NfpCard,
  options: BenchCardOptions,
  bench: CardBench,
  replies: readonly CardReply[],
  wallMs: number,
): CardReport {
  const points = pointsOf(replies)
  const published = bench.rows.map((row) => publishedRow(row, replies, bench.unanswered))
  const first = bench.paths[0] as CardPaths
  const mean = (of: (path: CardPaths['paths'][number]) => number): number =>
    first.paths.reduce((sum, path) => sum + of(path), 0) / first.paths.length
  const { name, chip, clockHz, ports, linkGbps, threadsPerCore } = card
  return {
    $schema: 'bpfoundry.bench-nic/1',
    clock: 'modelled',
    card: { name, chip, clockHz, ports, linkGbps, threadsPerCore },
    firmware: options.firmware,
    program: {
      object: bench.object,
      name: first.program,
      words: first.words,
      cyclesPerPacket: mean(pathCycles),
      commandsPerPacket: mean(({ steps }) => steps.filter(({ command }) => command !== undefined).length),
    },
    load: options.load,
    points: points.map(cardRow),
    published,
    summary: cardSummary(published),
    parameters: parameterRows(PUBLISHED_CARD_ROWS),
    simulator: speedOf(replies, bench.threads, wallMs),
  }
}

function pointsOf(replies: readonly CardReply[]): CardPoint[] {
  return replies.flatMap((reply) => (reply.kind === 'point' ? [reply.point] : []))
}

function speedOf(replies: readonly CardReply[], threads: number, wallMs: number): SimulatorSpeed {
  const runs = replies.flatMap((reply) =>
    reply.kind === 'point' ? [reply.point.capacity, reply.point.lineRate, reply.point.loaded] : [],
  )
  const seconds = replies.reduce((sum, reply) => sum + (reply.kind === 'point' ? reply.wallMs : 0), 0) / 1e3
  const sum = (of: (figures: CardPoint['capacity']) => number): number =>
    runs.reduce((total, run) => total + of(run), 0)
  return {
    threads,
    wallSeconds: wallMs / 1e3,
    coreCyclesPerSecondPerWorker: sum(({ coreCycles }) => coreCycles) / seconds,
    packetsPerSecondPerWorker: sum(({ packets }) => packets) / seconds,
  }
}

/** Published rows of the plotted program stand beside the curve of the smallest packets. */
function plotOf({ card, program, points, firmware }: CardReport): string {
  const rows = PUBLISHED_CARD_ROWS.filter(
    ({ setup }) => setup.card === card.name && setup.program === program.name && setup.firmware === firmware,
  )
  return cardPlot({
    title: `${program.name} on ${card.name}`,
    points,
    published: rows.map(({ what, published, setup }) => ({ what, published, cores: setup.cores })),
  })
}
