/** bpf_strtol and bpf_strtoul: the number at the start of a text. */
import { type Cpu, returnErrno } from '@bpfoundry/engine'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { u32Argument, u64Argument } from './registers.ts'

/** As much of a number is looked at; what follows ends it. */
const MOST_DIGITS = 63
const BASE_MASK = 0x1f
const BASES: ReadonlySet<number> = new Set([0, 8, 10, 16])
const U64_MAX = 2n ** 64n - 1n
const S64_MIN = -(2n ** 63n)

/** White space as the kernel's ctype has it, which counts a byte of Latin-1 among it. */
const SPACE = /^[ \t-\r\xa0]*/

/** A number, and how many bytes it takes with the white space and the sign before it. */
interface ReadNumber {
  readonly magnitude: bigint
  readonly isNegative: boolean
  readonly consumed: number
}

/** bpf_strtol(buf, buf_len, flags, res): bytes that were read, -EINVAL without a number, -ERANGE for one above 64 bits. */
export function strtol(cpu: Cpu): void {
  store(cpu, ({ magnitude, isNegative }) => {
    const value = isNegative ? -magnitude : magnitude
    return value >= S64_MIN && value < -S64_MIN ? value : -ERRNO.ERANGE
  })
}

/** bpf_strtoul: as bpf_strtol, and -EINVAL for a negative number. */
export function strtoul(cpu: Cpu): void {
  store(cpu, ({ magnitude, isNegative }) => (isNegative ? -ERRNO.EINVAL : magnitude))
}

function store(cpu: Cpu, check: (read: ReadNumber) => bigint | number): void {
  const result = u32Argument(cpu, 4)
  const read = readNumber(cpu)
  const value = typeof read === 'number' ? read : check(read)
  cpu.memory.view.setBigUint64(result, typeof value === 'number' ? 0n : BigInt.asUintN(64, value), true)
  returnErrno(cpu, typeof value === 'number' ? value : (read as ReadNumber).consumed)
}

/** @see __bpf_strtoull in kernel/bpf/helpers.c (6.12) */
function readNumber(cpu: Cpu): ReadNumber | number {
  const at = u32Argument(cpu, 1)
  const bytes = u32Argument(cpu, 2)
  const flags = u64Argument(cpu, 3)
  if (bytes === 0 || flags > BASE_MASK || !BASES.has(flags)) return -ERRNO.EINVAL
  const text = String.fromCharCode(...cpu.memory.u8.subarray(at, at + bytes))
  const spaces = (SPACE.exec(text)?.[0] ?? '').length
  const isNegative = text[spaces] === '-'
  const before = spaces + (isNegative ? 1 : 0)
  const [prefix, digits, base] = splitNumber(text.slice(before, before + MOST_DIGITS), flags)
  if (digits === '') return -ERRNO.EINVAL
  const magnitude = valueOfDigits(digits, base)
  if (magnitude > U64_MAX) return -ERRNO.ERANGE
  return { magnitude, isNegative, consumed: before + prefix.length + digits.length }
}

const DIGITS: Readonly<Record<number, RegExp>> = { 8: /^[0-7]*/, 10: /^\d*/, 16: /^[\da-f]*/i }

/** `0x` goes before sixteens (and tells them where a digit follows), 0 before eights. @see _parse_integer_fixup_radix */
function splitNumber(text: string, given: number): readonly [prefix: string, digits: string, base: number] {
  const told = /^0x[\da-f]/i.test(text) ? 16 : text.startsWith('0') ? 8 : 10
  const base = given === 0 ? told : given
  const prefix = base === 16 && /^0x/i.test(text) ? text.slice(0, 2) : ''
  return [prefix, DIGITS[base]?.exec(text.slice(prefix.length))?.[0] ?? '', base]
}

function valueOfDigits(digits: string, base: number): bigint {
  return [...digits].reduce((sum, digit) => sum * BigInt(base) + BigInt(Number.parseInt(digit, base)), 0n)
}
