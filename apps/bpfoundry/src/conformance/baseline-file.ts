import { existsSync, readFileSync } from 'node:fs'
import {
  Baseline,
  type BaselineComparison,
  type ConformanceReport,
  compareBaseline,
  writeReportFile,
} from '@bpfoundry/conformance'
import { InputError } from '../exit-code.ts'
import type { ConformanceOptions } from './conformance-options.ts'

/** The list of `--baseline`. One that is to be written need not be there yet. */
export class BaselineFile {
  readonly #path: string
  readonly #update: boolean
  readonly #known: Baseline | undefined

  private constructor(path: string, update: boolean, known: Baseline | undefined) {
    this.#path = path
    this.#update = update
    this.#known = known
  }

  /** @throws InputError CLI_NO_SUCH_BASELINE @throws ConformanceError CONFORMANCE_BASELINE */
  static open({ baseline, updateBaseline = false }: ConformanceOptions): BaselineFile | undefined {
    if (baseline === undefined) return undefined
    if (existsSync(baseline)) {
      return new BaselineFile(baseline, updateBaseline, Baseline.read(baseline, readText(baseline)))
    }
    if (updateBaseline) return new BaselineFile(baseline, true, undefined)
    throw new InputError({
      code: 'CLI_NO_SUCH_BASELINE',
      message: `no such file: ${baseline}`,
      hint: 'check the path; with --update-baseline it is written',
    })
  }

  /** Holds a run against the list; a complete run is written, where that was asked for. */
  settle(report: ConformanceReport, complete: boolean): BaselineComparison | undefined {
    const { engines, release = 'unknown' } = report.facts
    const results = [...report.results()]
    const comparison = this.#known === undefined ? undefined : compareBaseline(this.#known, results, engines)
    if (this.#update && complete) {
      writeReportFile(this.#path, [Baseline.of(results, { release, engines }, this.#known).toText()])
    }
    return comparison
  }

  /** A list that is written takes what is lost as given. */
  get written(): boolean {
    return this.#update
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const message = `cannot read ${path}: ${(cause as Error).message}`
    throw new InputError({ code: 'CLI_UNREADABLE_BASELINE', message, cause })
  }
}
