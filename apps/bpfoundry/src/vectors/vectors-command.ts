import { engineJudge, type Judge, kernelJudge } from '@bpfoundry/campaign'
import {
  type Answer,
  bareDifferences,
  type ConformanceCase,
  differences,
  readCases,
  Summary,
} from '@bpfoundry/conformance'
import type { CommandIo } from '../command-io.ts'
import { enginesNamed } from '../engines.ts'
import { EXIT, UsageError } from '../exit-code.ts'
import { Interrupt } from '../interrupt.ts'
import { openKernelOracle } from '../kernel-oracle.ts'
import { formatCount, formatJson, formatTable, Progress } from '../output.ts'

/** `vectors run`, as it is typed. */
export interface VectorsOptions {
  readonly engine: readonly string[]
  readonly oracle?: 'kernel'
  readonly jsonl?: boolean
  readonly json?: boolean
}

/** What is told of a case that failed, or that engines answer in different ways. */
interface Finding {
  readonly id: unknown
  readonly engine: string
  readonly differs: readonly string[]
}

/** More are counted, not kept. */
const MOST_FINDINGS = 1000

/** `bpfoundry vectors run`. @returns the exit code */
export async function runVectors(path: string, options: VectorsOptions, io: CommandIo): Promise<number> {
  if (options.json && options.jsonl) {
    const fields = { message: 'two forms of output given', expected: 'one of --json and --jsonl' }
    throw new UsageError({ code: 'CLI_OUTPUT', ...fields })
  }
  const oracle = options.oracle === undefined ? undefined : kernelJudge(await openKernelOracle())
  const run = new VectorRun(
    enginesNamed(options.engine).map((name) => engineJudge(name)),
    oracle,
    options.jsonl === true ? io : undefined,
  )
  const interrupt = new Interrupt(io)
  const progress = new Progress(io)
  try {
    for await (const one of readCases(path)) {
      if (interrupt.aborted) break
      await run.put(one)
      progress.show(`${formatCount(run.cases)} cases`)
    }
  } finally {
    progress.clear()
    interrupt.dispose()
    run.close()
  }
  if (options.json) io.out(`${formatJson({ $schema: 'bpfoundry.vectors/1', path, ...run.report })}\n`)
  else if (!options.jsonl) io.out(textOf(run))
  if (interrupt.aborted) return EXIT.interrupted
  return run.summary.failed === 0 ? EXIT.ok : EXIT.failed
}

/** Answers of all judges, case by case. */
class VectorRun {
  readonly summary = new Summary()
  readonly findings: Finding[] = []
  cases = 0
  readonly #engines: readonly Judge[]
  readonly #oracle: Judge | undefined
  readonly #lines: CommandIo | undefined

  constructor(engines: readonly Judge[], oracle: Judge | undefined, lines: CommandIo | undefined) {
    this.#engines = engines
    this.#oracle = oracle
    this.#lines = lines
  }

  async put(one: ConformanceCase): Promise<void> {
    this.cases++
    const oracle = await this.#oracle?.answer(one)
    if (oracle !== undefined) this.#take(oracle, [])
    const compare = one.kind === 'bare' ? bareDifferences : differences
    // Without a kernel engines are held against the first of them.
    let reference = oracle
    for (const engine of this.#engines) {
      const answer = await engine.answer(one)
      this.#take(answer, reference === undefined ? [] : compare(answer, reference))
      reference ??= answer
    }
  }

  #take(answer: Answer, apart: readonly string[]): void {
    const differs = [...(answer.differs ?? []), ...apart]
    this.summary.add(answer, apart.length > 0)
    this.#lines?.out(`${JSON.stringify(differs.length === 0 ? answer : { ...answer, differs })}\n`)
    if (answer.pass !== false && apart.length === 0) return
    const reasons = differs.length > 0 ? differs : [answer.error ?? 'failed']
    if (this.findings.length < MOST_FINDINGS)
      this.findings.push({ id: answer.id, engine: answer.engine, differs: reasons })
  }

  get report(): object {
    return { cases: this.cases, engines: this.summary.engines, findings: this.findings }
  }

  close(): void {
    for (const judge of [...this.#engines, ...(this.#oracle === undefined ? [] : [this.#oracle])]) judge.close()
  }
}

function textOf({ findings, summary }: VectorRun): string {
  const named = findings.map(({ id, engine, differs }) => {
    const name = typeof id === 'string' ? id : JSON.stringify(id)
    return `${name}: ${engine}: ${differs.join('; ')}\n`
  })
  const head = ['engine', 'cases', 'passed', 'failed', 'not judged', 'differing']
  const rows = summary.engines.map(({ engine, cases, passed, failed, unjudged, differing }) => [
    engine,
    cases,
    passed,
    failed,
    unjudged,
    differing,
  ])
  return `${named.join('')}${named.length > 0 ? '\n' : ''}${formatTable(head, rows)}\n`
}
