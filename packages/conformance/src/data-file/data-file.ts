import { decodeInsns, type Insn } from '@bpfoundry/isa'
import { type ConformanceError, errorAt, type SourceLine } from '../conformance-error.ts'
import { assembleData } from './data-assembler.ts'
import { readNumber } from './data-operand.ts'

/** What a case expects: all 64 bits of r0, or a failure. */
export type DataExpectation = { readonly result: bigint } | { readonly error: string }

/** One case of the bpf_conformance format: a program that no verifier sees, the memory it is given, what it returns. */
export interface DataCase {
  /** File name without folder and `.data`. */
  readonly id: string
  readonly insns: readonly Insn[]
  /** r1 points to it, r2 is its length; empty: both are 0. */
  readonly memory: Uint8Array
  readonly expect: DataExpectation
}

type Section = 'asm' | 'raw' | 'mem' | 'result' | 'error' | 'ignore'

/** Directives by the word they hold; the first that fits counts, as in bpf_conformance. */
// biome-ignore format: table
const DIRECTIVES: readonly (readonly [word: string, section: Section])[] = [
  ['asm',                'asm'],
  ['result',             'result'],
  ['mem',                'mem'],
  ['raw',                'raw'],
  ['no register offset', 'ignore'],
  ['error',              'error'],
  ['c',                  'ignore'],
]

const U64_MAX = 2n ** 64n - 1n

/**
 * Reads a `.data` file: sections `-- asm`, `-- raw` (which overrides asm), `-- mem`, `-- result`, `-- error`.
 *
 * @param file its name, for errors and for the id
 * @throws ConformanceError with file and line
 * @see https://github.com/Alan-Jowett/bpf_conformance
 */
export function readDataCase(file: string, text: string): DataCase {
  const sections = splitSections(file, text)
  const raw = filled(sections.raw)
  const insns = raw.length > 0 ? readRaw(raw) : assembleData(sections.asm)
  if (insns.length === 0) throw incomplete(file, 'the case has no instructions', '-- asm or -- raw')
  const id = file.replace(/^.*\//, '').replace(/\.data$/, '')
  return { id, insns, memory: readMemory(filled(sections.mem)), expect: readExpectation(file, sections) }
}

interface Sections extends Readonly<Record<Section, SourceLine[]>> {
  readonly hasError: boolean
}

function splitSections(file: string, text: string): Sections {
  const sections: Record<Section, SourceLine[]> = { asm: [], raw: [], mem: [], result: [], error: [], ignore: [] }
  let section: Section = 'ignore'
  let hasError = false
  for (const [index, content] of text.split('\n').entries()) {
    const line: SourceLine = { file, line: index + 1, text: content.replace(/\r$/, '') }
    if (line.text.startsWith('--')) {
      section = readDirective(line)
      hasError ||= section === 'error'
    } else sections[section].push(line)
  }
  return { ...sections, hasError }
}

function readDirective(line: SourceLine): Section {
  const name = line.text.slice(2).trim()
  const found = DIRECTIVES.find(([word]) => name.split(/\s+/).includes(word) || name === word)
  if (found !== undefined) return found[1]
  throw errorAt(line, {
    code: 'CONFORMANCE_DIRECTIVE',
    message: 'no such section',
    got: name,
    expected: '-- asm, -- raw, -- mem, -- result or -- error',
  })
}

/** The lines that hold something besides a comment. */
function filled(lines: readonly SourceLine[]): SourceLine[] {
  return lines
    .map((line) => ({ ...line, text: (line.text.split('#')[0] as string).trim() }))
    .filter(({ text }) => text !== '')
}

/** One u64 a slot, or its eight bytes. */
function readRaw(lines: readonly SourceLine[]): Insn[] {
  return decodeInsns(Uint8Array.from(lines.flatMap(readRawLine)))
}

function readRawLine(line: SourceLine): number[] {
  const tokens = line.text.split(/\s+/)
  const asBytes = tokens.every((token) => /^[0-9a-f]{2}$/i.test(token))
  if (!asBytes) return tokens.flatMap((token) => littleEndian(readNumber(line, token, 0n, U64_MAX)))
  if (tokens.length % 8 === 0) return tokens.map((token) => Number.parseInt(token, 16))
  throw errorAt(line, {
    code: 'CONFORMANCE_HEX',
    message: 'an instruction that is cut off',
    got: `${tokens.length} bytes`,
    expected: '8 bytes for each slot, or one number',
  })
}

function littleEndian(value: bigint): number[] {
  return Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn))
}

function readMemory(lines: readonly SourceLine[]): Uint8Array {
  return Uint8Array.from(lines.flatMap((line) => line.text.split(/\s+/).map((token) => readByte(line, token))))
}

function readByte(line: SourceLine, token: string): number {
  if (/^(?:0x)?[0-9a-f]{1,2}$/i.test(token)) return Number.parseInt(token, 16)
  throw errorAt(line, { code: 'CONFORMANCE_HEX', message: 'not a byte of memory', got: token, expected: '00 to ff' })
}

function readExpectation(file: string, { result, error, hasError }: Sections): DataExpectation {
  const last = filled(result).at(-1)
  // A negative result is its 64 bits.
  if (last !== undefined) return { result: BigInt.asUintN(64, readNumber(last, last.text, -(2n ** 63n), U64_MAX)) }
  if (hasError) return { error: error.map(({ text }) => text.trim()).find((text) => text !== '') ?? '' }
  throw incomplete(file, 'the case says neither result nor error', '-- result or -- error')
}

function incomplete(file: string, message: string, expected: string): ConformanceError {
  return errorAt({ file, line: 1 }, { code: 'CONFORMANCE_INCOMPLETE', message, expected })
}
