import type { SourceSpan } from '@bpfoundry/diagnostics'
import { CbpfError } from '../cbpf-error.ts'

/** Lines that are longer are not quoted. */
const MOST_QUOTED = 200
const MOST_SHOWN = 40

/** A text of assembly with the name that errors have for it. */
export class AsmSource {
  readonly file: string
  readonly text: string
  #lineStarts: readonly number[] | undefined

  constructor(text: string, file: string) {
    this.text = text
    this.file = file
  }

  /** The line of a place, from 1. */
  lineAt(offset: number): number {
    this.#lineStarts ??= lineStarts(this.text)
    let [low, high] = [0, this.#lineStarts.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#lineStarts[middle] as number) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Line and column of a place, both from 1, and that line where it is not too long. */
  spanAt(offset: number): SourceSpan {
    const line = this.lineAt(offset)
    const start = (this.#lineStarts as readonly number[])[line - 1] as number
    const end = this.text.indexOf('\n', offset)
    const text = this.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '')
    const quoted = text.length > MOST_QUOTED ? {} : { text }
    return { file: this.file, line, column: offset - start + 1, ...quoted }
  }

  /** What is wrong at a place of the text. */
  error(
    code: 'CBPF_ASM_SYNTAX' | 'CBPF_ASM_SYMBOL' | 'CBPF_ASM_LABEL' | 'CBPF_ASM_LENGTH',
    fields: AsmProblem,
  ): CbpfError {
    const { at, got, ...rest } = fields
    const shown = got.length > MOST_SHOWN ? `${got.slice(0, MOST_SHOWN)}...` : got
    return new CbpfError({ code, where: { source: this.spanAt(at) }, got: shown, ...rest })
  }
}

/** What an error tells. */
export interface AsmProblem {
  /** Offset of the offending token in the text. */
  readonly at: number
  readonly message: string
  /** The offending token. */
  readonly got: string
  readonly expected?: string
  readonly hint?: string
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
