/** What stands between quotes and may not stand there as it is. bpftool knows no others. */
const ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\f': '\\f',
  '\b': '\\b',
  '\\': '\\\\',
  '"': '\\"',
}

const INDENT = '    '

/** So many are put together before they go into the sink. */
const SINK_PIECES = 10_000

/**
 * JSON written piece by piece with the blanks and line breaks of bpftool: `bpftool -j` writes one line, `-p` a member a line.
 * Numbers of any length stand as they are.
 *
 * @see tools/bpf/bpftool/json_writer.c of Linux 6.12
 */
export class JsonText {
  readonly #pretty: boolean
  readonly #sink: ((text: string) => void) | undefined
  #pieces: string[] = []
  #depth = 0
  #isFirst = true

  /** @param options `sink` takes what is written as it grows, for texts that no string holds */
  constructor(options: { readonly pretty?: boolean; readonly sink?: (text: string) => void } = {}) {
    this.#pretty = options.pretty === true
    this.#sink = options.sink
  }

  /** A number, a text or true and false. */
  value(value: number | bigint | string | boolean): void {
    this.raw(typeof value === 'string' ? quoted(value) : `${value}`)
  }

  /** A value as it stands. */
  raw(text: string): void {
    this.#separate()
    this.#pieces.push(text)
    this.#isFirst = false
    if (this.#sink === undefined || this.#pieces.length < SINK_PIECES) return
    this.#sink(this.#pieces.join(''))
    this.#pieces = []
  }

  /** The name of the member whose value comes next. */
  name(name: string): void {
    this.#separate()
    this.#newLine()
    this.#pieces.push(quoted(name), this.#pretty ? ': ' : ':')
    this.#isFirst = true
  }

  /** A member. */
  member(name: string, value: number | bigint | string | boolean): void {
    this.name(name)
    this.value(value)
  }

  /** `{ ... }`, with what `body` writes. */
  object(body: () => void): void {
    this.#within('{', '}', body)
  }

  /** `[ ... ]`, with what `body` writes. */
  array(body: () => void): void {
    this.#within('[', ']', body)
  }

  /** All that was written and did not go into the sink, and a line break. */
  toString(): string {
    return `${this.#pieces.join('')}\n`
  }

  #within(open: string, close: string, body: () => void): void {
    this.#separate()
    this.#pieces.push(open)
    this.#depth++
    this.#isFirst = true
    body()
    this.#depth--
    if (!this.#isFirst) this.#newLine()
    this.#pieces.push(close)
    this.#isFirst = false
  }

  #separate(): void {
    if (!this.#isFirst) this.#pieces.push(',')
  }

  #newLine(): void {
    if (this.#pretty) this.#pieces.push(`\n${INDENT.repeat(this.#depth)}`)
  }
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\t\n\r\f\b\\"]/g, (letter) => ESCAPES[letter] ?? letter)}"`
}
