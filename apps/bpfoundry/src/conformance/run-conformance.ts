import {
  type CampaignEnding,
  type CampaignPlan,
  exportVectors,
  type Questioning,
  queueRunner,
  type Runner,
  runCampaign,
  ShardPool,
  type TreeSource,
  threadRunner,
  treeSources,
} from '@bpfoundry/campaign'
import {
  type BaselineComparison,
  ConformanceReport,
  conformanceJson,
  type KernelTree,
  writeHtml,
  writeJunit,
} from '@bpfoundry/conformance'
import { profileFor } from '@bpfoundry/kernel-abi'
import type { CommandIo } from '../command-io.ts'
import { EXIT } from '../exit-code.ts'
import { Interrupt } from '../interrupt.ts'
import { openKernelOracle } from '../kernel-oracle.ts'
import { formatCount, formatJson, Progress } from '../output.ts'
import { requireWritable } from '../writable-file.ts'
import { BaselineFile } from './baseline-file.ts'
import { type ConformanceOptions, enginesOf, openTree, suiteOptions, suitesOf } from './conformance-options.ts'
import { comparisonText, conformanceText } from './report-text.ts'

/** `bpfoundry conformance`. @returns the exit code */
export async function runConformance(options: ConformanceOptions, io: CommandIo): Promise<number> {
  const tree = openTree(options)
  const sources = treeSources(tree, suitesOf(options), suiteOptions(options))
  if (options.export !== undefined) return exportCases(options, options.export, sources, io)
  const engines = enginesOf(options)
  const baseline = BaselineFile.open(options)
  const release = options.oracle === undefined ? undefined : await oracleRelease()
  for (const path of [options.junit, options.html]) if (path !== undefined) requireWritable(path)
  const { report, ending } = await askAll(options, { tree, sources, engines, release }, io)
  const comparison = baseline?.settle(report, !ending.partial && ending.unreadable === 0)
  if (options.junit !== undefined) writeJunit(report, options.junit)
  if (options.html !== undefined) writeHtml(report, options.html)
  print(options, { report, ending, comparison }, io)
  if (ending.partial) return EXIT.interrupted
  const failed = comparison === undefined ? report.totals.failed > 0 : !comparison.holds
  const accepted = baseline?.written === true
  return ending.unreadable > 0 || (failed && !accepted) ? EXIT.failed : EXIT.ok
}

/** The running kernel's release. Each thread opens one of its own. */
async function oracleRelease(): Promise<string> {
  const oracle = await openKernelOracle()
  const { release } = oracle
  oracle.close()
  return release
}

interface Subject {
  readonly tree: KernelTree
  readonly sources: readonly TreeSource[]
  readonly engines: readonly string[]
  /** Of the running kernel, where it is asked. */
  readonly release: string | undefined
}

interface Outcome {
  readonly report: ConformanceReport
  readonly ending: CampaignEnding
  readonly comparison?: BaselineComparison | undefined
}

async function askAll(options: ConformanceOptions, subject: Subject, io: CommandIo): Promise<Outcome> {
  const { jobs } = options
  const { tree, sources, engines, release: oracle } = subject
  const { release } = tree
  const startedAt = new Date()
  const report = new ConformanceReport({
    source: tree.folder,
    engines,
    startedAt: startedAt.toISOString(),
    // Who works for a queue is not known here.
    ...(options.queue === undefined ? { workers: jobs } : {}),
    ...(release === undefined ? {} : { release }),
    ...(oracle === undefined ? {} : { oracle }),
  })
  const pool = new ShardPool(jobs)
  const interrupt = new Interrupt(io)
  const progress = new ConformanceProgress(io)
  let runner: Runner | undefined
  try {
    runner = await runnerOf(options, pool, io)
    io.err(`asking ${engines.join(', ')} by ${runner.name}\n`)
    const ending = await runCampaign(
      { sources, pool, runner, questioning: questioningOf(options, engines, release), signal: interrupt.signal },
      {
        planned: (plan) => {
          holdFiles(report, plan)
          progress.total = plan.wanted
        },
        progress: (done) => progress.show(done),
        problem: (text) => report.problem(text),
        result: (result) => {
          report.add(result)
          if (options.jsonl === true) io.out(`${JSON.stringify(result)}\n`)
        },
      },
    )
    report.finish({ wallMs: Date.now() - startedAt.getTime(), notes: notesOf(ending) })
    return { report, ending }
  } finally {
    progress.clear()
    interrupt.dispose()
    await runner?.close()
    await pool.close()
  }
}

/** The cases of a tree are what its own verifier was held to: of an old one, by its own rules. */
function questioningOf(
  { oracle, timeout, filter }: ConformanceOptions,
  engines: readonly string[],
  release: string | undefined,
): Questioning {
  return {
    engines,
    timeLimitMs: timeout * 1000,
    ...(release === undefined ? {} : { profile: profileFor(release) }),
    ...(oracle === undefined ? {} : { oracle }),
    ...(filter === undefined ? {} : { filter }),
  }
}

async function runnerOf(
  { queue: url, campaign: named }: ConformanceOptions,
  pool: ShardPool,
  io: CommandIo,
): Promise<Runner> {
  if (url === undefined) return threadRunner(pool)
  const campaign = named ?? `conformance-${Date.now().toString(36)}-${process.pid}`
  const runner = await queueRunner({ url, campaign, pool })
  io.err(`campaign ${campaign}; start workers by: bpfoundry conformance worker --queue ${url} --kernel-tree DIR\n`)
  return runner
}

function holdFiles(report: ConformanceReport, { inspections }: CampaignPlan): void {
  for (const { source, cases } of inspections) {
    if (source.kind === 'kernel-tree' && cases > 0) report.hold(source.suite, source.file, cases)
  }
}

function notesOf({ partial, duplicates, unreadable }: CampaignEnding): string[] {
  return [
    ...(partial ? ['stopped before everything was asked: what is missing counts as not run'] : []),
    ...(duplicates > 0 ? [`${duplicates} results came twice, and count once`] : []),
    ...(unreadable > 0 ? [`${unreadable} files, or parts of them, could not be read`] : []),
  ]
}

function print({ json, jsonl, verbose = false }: ConformanceOptions, outcome: Outcome, io: CommandIo): void {
  const { report, ending, comparison } = outcome
  if (json === true) {
    const { partial, duplicates, planMs, runMs } = ending
    const campaign = {
      runner: ending.runner,
      partial,
      duplicates,
      planSeconds: planMs / 1000,
      runSeconds: runMs / 1000,
    }
    const baseline = comparison === undefined ? {} : { baseline: comparison }
    io.out(`${formatJson({ ...conformanceJson(report), campaign, ...baseline })}\n`)
  } else if (jsonl !== true) io.out(conformanceText(report, verbose))
  for (const problem of report.problems()) io.err(`${problem}\n`)
  if (comparison !== undefined && json !== true) io.err(comparisonText(comparison))
}

/** How far it is, on a terminal. */
class ConformanceProgress {
  readonly #progress: Progress
  readonly #started = performance.now()
  total = 0

  constructor(io: CommandIo) {
    this.#progress = new Progress(io)
    this.#progress.show('reading the kernel tree')
  }

  show(done: number): void {
    const passed = (performance.now() - this.#started) / 1000
    const left = done === 0 ? '' : `, about ${Math.ceil((passed / done) * (this.total - done))} s left`
    this.#progress.show(`${formatCount(done)} of ${formatCount(this.total)} cases${left}`)
  }

  clear(): void {
    this.#progress.clear()
  }
}

async function exportCases(
  { filter }: ConformanceOptions,
  path: string,
  sources: readonly TreeSource[],
  io: CommandIo,
): Promise<number> {
  const interrupt = new Interrupt(io)
  const progress = new Progress(io)
  try {
    const { written, leftOut, partial } = await exportVectors({
      sources,
      path,
      signal: interrupt.signal,
      progress: (count) => progress.show(`${formatCount(count)} cases`),
      ...(filter === undefined ? {} : { filter }),
    })
    progress.clear()
    if (partial) return EXIT.interrupted
    io.err(`${path}: ${formatCount(written)} cases\n`)
    for (const [reason, count] of Object.entries(leftOut)) io.err(`left out: ${formatCount(count)}, ${reason}\n`)
    return EXIT.ok
  } finally {
    progress.clear()
    interrupt.dispose()
  }
}
