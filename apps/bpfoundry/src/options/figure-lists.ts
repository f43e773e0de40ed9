import { InvalidArgumentError } from 'commander'

const MOST_VALUES = 64

/** Parses `5,10,15` and `5..50` and `5..50/5`: whole numbers between bounds, ascending; for commander. */
export function numberList(least: number, most: number): (text: string) => number[] {
  const wrong = (): InvalidArgumentError =>
    new InvalidArgumentError(`expected whole numbers from ${least} to ${most} such as 5,10 or 5..50/5.`)
  return (text) => {
    const values = text.split(',').flatMap((part) => numbers(part.trim()) ?? [Number.NaN])
    if (values.length > MOST_VALUES || values.some((value) => !(value >= least && value <= most))) throw wrong()
    return [...new Set(values)].toSorted((a, b) => a - b)
  }
}

function numbers(part: string): number[] | undefined {
  const match = /^(\d{1,6})(?:\.\.(\d{1,6})(?:\/(\d{1,6}))?)?$/.exec(part)
  if (match === null) return undefined
  const [first, last = first, step = 1] = match.slice(1).map((text) => (text === undefined ? undefined : Number(text)))
  if (first === undefined || last === undefined || step < 1 || last < first) return undefined
  const count = Math.floor((last - first) / step) + 1
  return count > MOST_VALUES ? undefined : Array.from({ length: count }, (_, index) => first + index * step)
}

/** Parses a share of the capacity, 0.01 to 1; for commander. */
export function share(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0.01 && value <= 1) return value
  throw new InvalidArgumentError('expected a share from 0.01 to 1.')
}

const MOST_CLOCKS = 16

/** Parses `1.2,2.1,3.7`: clocks from 0.1 to 10 GHz; for commander. */
export function clockList(text: string): number[] {
  const values = text.split(',').map((part) => (/^\d{1,2}(\.\d{1,3})?$/.test(part.trim()) ? Number(part) : Number.NaN))
  if (values.length <= MOST_CLOCKS && values.every((value) => value >= 0.1 && value <= 10)) return values
  throw new InvalidArgumentError('expected clocks from 0.1 to 10 GHz such as 1.2,2.1,3.7.')
}
