/** Bits of the log level. */
export const LOG_PATH = 1
export const LOG_EVERYTHING = 2
export const LOG_STATISTICS = 4

const MIN_COLUMN = 40
const COLUMN_STEP = 8

/** Spaces after an instruction of `width` characters (with its line break), so that the states stand in a column. */
function padding(width: number): string {
  const wanted = Math.max(width + COLUMN_STEP / 2, MIN_COLUMN)
  const column = Math.ceil(wanted / COLUMN_STEP) * COLUMN_STEP
  return ' '.repeat(column - width - 1)
}

/**
 * The log as it grows. At level 1 what a path wrote is taken back when the path turns out to be safe, so that only the
 * failing one remains; {@link mark} and {@link rewind} serve that.
 */
export class VerifierLog {
  readonly level: number
  /** Paths are traced: at levels 1 and 2, unless only the outcome is asked for. */
  readonly traces: boolean
  readonly #parts: string[] = []
  #endOfInsn = -1
  #insnWidth = 0

  constructor(level: number, asksTrace = true) {
    this.level = level
    this.traces = asksTrace && (level & (LOG_PATH | LOG_EVERYTHING)) !== 0
  }

  get tracesEverything(): boolean {
    return (this.level & LOG_EVERYTHING) !== 0
  }

  print(text: string): void {
    if (this.level !== 0) this.#parts.push(text)
  }

  /** `12: (bf) r0 = r1`, to which {@link state} may append. */
  insn(pc: number, text: string): void {
    const line = `${pc}: ${text}\n`
    this.#insnWidth = line.length
    this.print(line)
    this.#endOfInsn = this.#parts.length
  }

  /** ` R0=1 ...`: behind the instruction if nothing was written since, else on a line of its own. */
  state(pc: number, text: string): void {
    if (this.#endOfInsn === this.#parts.length && this.#endOfInsn > 0) {
      const line = this.#parts.pop() as string
      this.print(`${line.slice(0, -1)}${padding(this.#insnWidth)};`)
    } else {
      this.print(`${pc}:`)
    }
    this.print(`${text}\n`)
  }

  mark(): number {
    return this.#parts.length
  }

  rewind(mark: number): void {
    this.#parts.length = mark
    this.#endOfInsn = -1
  }

  toString(): string {
    return this.#parts.join('')
  }
}
