import { InvalidArgumentError } from 'commander'

/** Parses a whole number between bounds, `64k`, `1M` and `16_777_216` included; for commander. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const match = /^(\d[\d_]*)([kMG]?)$/.exec(text)
    const factor = { '': 1, k: 1e3, M: 1e6, G: 1e9 }[match?.[2] ?? ''] ?? 1
    const number = Number((match?.[1] ?? 'x').replaceAll('_', '')) * factor
    if (Number.isSafeInteger(number) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`)
  }
}

/** Parses a time of a hundredth of a second to an hour, `0.5`; for commander. */
export function seconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0.01 && value <= 3600) return value
  throw new InvalidArgumentError('expected seconds, from 0.01 to 3600.')
}

/** `NAME=FILE`, as often as wanted; for commander. */
export function assignments(text: string, before: readonly Assignment[]): readonly Assignment[] {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('expected NAME=FILE.')
  return [...before, { name: text.slice(0, at), value: text.slice(at + 1) }]
}

/** One `NAME=VALUE` of the command line. */
export interface Assignment {
  readonly name: string
  readonly value: string
}

/** `NAME=NUMBER` of the command line, the number as in C. */
export interface Definition {
  readonly name: string
  readonly value: bigint
}

const NUMBER = /^([-+]?)(0x[0-9a-f]+|0b[01]+|0[0-7]+|0|[1-9]\d*)$/i
const MOST_DIGITS = 70

/** Parses `NAME=NUMBER`, as often as wanted; for commander. */
export function definitions(text: string, before: readonly Definition[]): readonly Definition[] {
  const [, name = '', number = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? []
  const [, sign, digits] = (number.length > MOST_DIGITS ? null : NUMBER.exec(number)) ?? []
  if (digits === undefined) throw new InvalidArgumentError('expected NAME=NUMBER.')
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase())
  return [...before, { name, value: sign === '-' ? -magnitude : magnitude }]
}
