/** Where a line of the log comes from. */
export type LogSource = 'program' | 'kernel' | 'fault' | 'run'

/** A line of the log. */
export interface LogLine {
  /** Modelled time. */
  readonly atNs: number
  readonly source: LogSource
  readonly host: string | undefined
  readonly text: string
}

/** More lines than this are counted, not kept: a program that prints for every packet must not fill the memory. */
const MOST_LINES = 10_000

/** What happened in a run, in order: what programs print, what kernel and drivers say, what faults do. */
export class EventLog {
  readonly lines: LogLine[] = []
  /** Lines that were not kept. */
  omitted = 0
  /** Set by whoever keeps the clock. */
  nowNs = 0

  add(source: LogSource, text: string, host?: string): void {
    if (this.lines.length >= MOST_LINES) {
      this.omitted++
      return
    }
    this.lines.push({ atNs: this.nowNs, source, host, text: text.trimEnd() })
  }
}
