import type { Insn } from '@bpfoundry/isa'
import { type Complaint, type ConformanceErrorCode, errorAt, type SourceLine } from '../conformance-error.ts'
import type { OperandKind } from './mnemonic-table.ts'

/** What one operand says about its instruction. */
export interface OperandFields extends Partial<Insn> {
  /** The second slot's imm. */
  readonly nextImm?: number
  /** A label, to be resolved when all are known. */
  readonly label?: string
}

/** An error of one operand; the caller knows the line. */
function wrong(line: SourceLine, code: ConformanceErrorCode, complaint: Omit<Complaint, 'code'>): Error {
  return errorAt(line, { code, ...complaint })
}

/**
 * A number as C writes it, in decimal, or hexadecimal with 0x.
 *
 * @throws ConformanceError CONFORMANCE_NUMBER when it is none, or lies outside of `least` to `most`
 */
export function readNumber(line: SourceLine, text: string, least: bigint, most: bigint): bigint {
  const match = /^([+-]?)(0x[0-9a-f]{1,32}|\d{1,32})$/i.exec(text)
  const magnitude = match === null ? undefined : BigInt(match[2] as string)
  const value = match?.[1] === '-' && magnitude !== undefined ? -magnitude : magnitude
  if (value !== undefined && value >= least && value <= most) return value
  throw wrong(line, 'CONFORMANCE_NUMBER', {
    message: value === undefined ? 'not a number' : 'the number does not fit',
    got: text,
    expected: `a number from ${least} to ${most}`,
    hint: 'numbers are decimal, or hexadecimal with 0x',
  })
}

const [S32_MIN, S32_MAX, U32_MAX] = [-(2n ** 31n), 2n ** 31n - 1n, 2n ** 32n - 1n]
const [S64_MIN, U64_MAX] = [-(2n ** 63n), 2n ** 64n - 1n]
const [S16_MIN, S16_MAX, U16_MAX] = [-(2n ** 15n), 2n ** 15n - 1n, 2n ** 16n - 1n]
const isHex = (text: string): boolean => /^[+-]?0x/i.test(text)

function readImmediate(line: SourceLine, text: string): number {
  return Number(BigInt.asIntN(32, readNumber(line, text, S32_MIN, isHex(text) ? U32_MAX : S32_MAX)))
}

function readOffset(line: SourceLine, text: string): number {
  return Number(BigInt.asIntN(16, readNumber(line, text, S16_MIN, isHex(text) ? U16_MAX : S16_MAX)))
}

/** `%r0` to `%r15`: what is above r10 can be encoded, and is to be refused later. */
function readRegister(line: SourceLine, text: string): number {
  const number = Number(/^%r(\d{1,2})$/.exec(text)?.[1] ?? Number.NaN)
  if (number <= 15) return number
  throw wrong(line, 'CONFORMANCE_REGISTER', {
    message: 'not a register',
    got: text,
    expected: '%r0 to %r10',
    hint: 'registers have a percent sign',
  })
}

function readMemory(line: SourceLine, text: string): { readonly base: number; readonly off: number } {
  const match = /^\[(%?\w+)([+-]\w+)?\]$/.exec(text)
  if (match !== null) {
    return {
      base: readRegister(line, match[1] as string),
      off: match[2] === undefined ? 0 : readOffset(line, match[2]),
    }
  }
  throw wrong(line, 'CONFORMANCE_SYNTAX', {
    message: 'not a memory operand',
    got: text,
    expected: '[%rN+offset]',
  })
}

function readTarget(line: SourceLine, text: string, field: 'off' | 'imm'): OperandFields {
  if (!/^[+-]/.test(text)) return { label: text }
  return { [field]: field === 'off' ? readOffset(line, text) : readImmediate(line, text) }
}

function readWide(line: SourceLine, text: string): OperandFields {
  const value = readNumber(line, text, S64_MIN, U64_MAX)
  return { imm: Number(BigInt.asIntN(32, value)), nextImm: Number(BigInt.asIntN(32, value >> 32n)) }
}

// biome-ignore format: table
const READERS: Readonly<Record<OperandKind, (line: SourceLine, text: string) => OperandFields>> = {
  dst:          (line, text) => ({ dst: readRegister(line, text) }),
  src:          (line, text) => ({ src: readRegister(line, text) }),
  imm:          (line, text) => ({ imm: readImmediate(line, text) }),
  id:           (line, text) => ({ imm: readImmediate(line, text) }),
  wide:         readWide,
  'memory-dst': (line, text) => { const { base, off } = readMemory(line, text); return { dst: base, off } },
  'memory-src': (line, text) => { const { base, off } = readMemory(line, text); return { src: base, off } },
  'target-off': (line, text) => readTarget(line, text, 'off'),
  'target-imm': (line, text) => readTarget(line, text, 'imm'),
}

/** Reads one operand. @throws ConformanceError CONFORMANCE_REGISTER, CONFORMANCE_NUMBER, CONFORMANCE_SYNTAX */
export function readOperand(line: SourceLine, kind: OperandKind, text: string): OperandFields {
  return READERS[kind](line, text)
}
