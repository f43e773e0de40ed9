import type { LineInfo } from '@bpfoundry/btf'

/** Source lines by slot, shown once each time the line changes. */
export class SourceLines {
  readonly #entries: readonly LineInfo[]
  #last: LineInfo | undefined

  /** @param entries in order of their slots; empty when there is no line information */
  constructor(entries: readonly LineInfo[] = []) {
    this.#entries = entries
  }

  /** The next line is shown whatever it is. */
  forget(): void {
    this.#last = undefined
  }

  /** The entry that covers slot `pc`. */
  at(pc: number): LineInfo | undefined {
    if (this.#entries.length === 0) return undefined
    let low = 0
    let high = this.#entries.length - 1
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2)
      if ((this.#entries[middle] as LineInfo).pc <= pc) low = middle
      else high = middle - 1
    }
    return this.#entries[low]
  }

  /** `; text @ file:line` with its line break, or nothing where the line is that last shown. */
  next(pc: number): string {
    const entry = this.at(pc)
    const last = this.#last
    if (entry === undefined || entry === last) return ''
    if (last !== undefined && entry.file === last.file && entry.line === last.line) return ''
    this.#last = entry
    const fileName = entry.file.slice(entry.file.lastIndexOf('/') + 1)
    return `; ${entry.text.trimStart()} @ ${fileName}:${entry.line}\n`
  }
}
