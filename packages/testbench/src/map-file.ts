import type { BtfValue } from '@bpfoundry/btf'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import type { BenchMap } from './bench-map.ts'
import { TestbenchError } from './testbench-error.ts'

/**
 * Fills a map from text, one element a line: `KEY [VALUE]`, or a JSON object `{"key": ..., "value": ...}`.
 *
 * A KEY or VALUE is an address (`10.1.2.3`), a number (decimal or `0x...`), `hex:0a010203` for raw bytes, or JSON for a
 * type with members. The value is 1 when absent. `#` begins a comment.
 *
 * @param input name of the file, for messages
 * @returns the number of elements set
 * @throws TestbenchError TESTBENCH_MAP_FILE with the line
 * @throws KernelError when the map refuses an element
 */
export function fillMap(map: BenchMap, text: string, input: string): number {
  let count = 0
  for (const [index, line] of text.split('\n').entries()) {
    const stripped = line.replace(/\s*(^|\s)#.*$/, '').trim()
    if (stripped === '') continue
    const source = { file: input, line: index + 1, text: line }
    try {
      const [key, value] = parseLine(stripped)
      map.set(key, value)
    } catch (error) {
      if (isDiagnostic(error)) throw error.at({ input, map: map.name, source })
      throw error
    }
    count++
  }
  return count
}

function parseLine(line: string): [BtfValue, BtfValue] {
  if (line.startsWith('{"key"')) {
    const element = parseJson(line) as { key: BtfValue; value?: BtfValue }
    return [element.key, element.value ?? 1]
  }
  const words = splitWords(line)
  const [key, value, ...more] = words
  if (key === undefined || more.length > 0) {
    throw badLine('not a key and a value', `${words.length} words`, 'KEY [VALUE]')
  }
  return [parseWord(key), value === undefined ? 1 : parseWord(value)]
}

/** Words are separated by blanks or one comma, but for those inside JSON brackets. */
function splitWords(line: string): string[] {
  const words: string[] = []
  let depth = 0
  let word = ''
  for (const character of line) {
    if ('{['.includes(character)) depth++
    if ('}]'.includes(character)) depth--
    const separates = depth === 0 && /[\s,]/.test(character)
    if (!separates) word += character
    else if (word !== '') {
      words.push(word)
      word = ''
    }
  }
  if (word !== '') words.push(word)
  return words
}

function parseWord(word: string): BtfValue {
  if (word.startsWith('hex:')) return parseHex(word.slice(4))
  if (/^[{["]/.test(word)) return parseJson(word)
  if (/^-?(0x[0-9a-f]+|\d+)$/i.test(word)) return word.startsWith('-') ? -BigInt(word.slice(1)) : BigInt(word)
  return word
}

function parseHex(text: string): Uint8Array {
  const digits = text.replaceAll(':', '')
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits))
    throw badLine('not hex bytes', text, 'pairs of hex digits')
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function parseJson(text: string): BtfValue {
  try {
    return JSON.parse(text) as BtfValue
  } catch (cause) {
    throw badLine(`not JSON: ${(cause as Error).message}`, text.slice(0, 60), '{"member": value, ...}')
  }
}

function badLine(message: string, got: string, expected: string): TestbenchError {
  return new TestbenchError({
    code: 'TESTBENCH_MAP_FILE',
    message,
    got,
    expected,
    hint: 'one element a line: KEY [VALUE]; addresses, numbers, hex:..., or JSON',
  })
}
