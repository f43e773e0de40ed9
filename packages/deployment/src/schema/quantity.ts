import { z } from 'zod'

/** What can be measured, and the units that it is written in. */
interface QuantityKind {
  /** For messages: "a time". */
  readonly is: string
  readonly example: string
  /** Factor of each unit to that of the field's name in the program; '' where a bare number will do. */
  readonly units: Readonly<Record<string, number>>
  readonly most: number
}

/** A written quantity that is none. */
export interface QuantityFault {
  readonly message: string
  readonly expected: string
  readonly hint: string
}

// biome-ignore format: table
const KINDS: Readonly<Record<QuantityName, QuantityKind>> = {
  durationNs:       { is: 'a time',          example: '5 ms',     units: { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 },                                  most: 3600e9 },
  bitsPerSecond:    { is: 'a bit rate',      example: '10 Gbps',  units: { kbps: 1e3, Mbps: 1e6, Gbps: 1e9, 'kb/s': 1e3, 'Mb/s': 1e6, 'Gb/s': 1e9 },    most: 1e13 },
  packetsPerSecond: { is: 'a packet rate',   example: '1.5 Mpps', units: { pps: 1, kpps: 1e3, Mpps: 1e6, Gpps: 1e9 },                                   most: 1e12 },
  hertz:            { is: 'a clock',         example: '3.6 GHz',  units: { kHz: 1e3, MHz: 1e6, GHz: 1e9 },                                              most: 1e12 },
  count:            { is: 'a number',        example: '100k',     units: { '': 1, k: 1e3, M: 1e6, G: 1e9 },                                             most: 1e12 },
  share:            { is: 'a share',         example: '99.5%',    units: { '%': 0.01 },                                                                 most: 1e6 },
}

/** Kinds of quantities: what their numbers count. */
export type QuantityName = 'durationNs' | 'bitsPerSecond' | 'packetsPerSecond' | 'hertz' | 'count' | 'share'

const FORM = /^([0-9][0-9_]*(?:\.[0-9]+)?)\s*([^\s0-9]*)$/

/** Reads `1.5 Mpps`; a bare number is taken where the kind has one, and 0 always. */
export function parseQuantity(name: QuantityName, written: string | number): number | QuantityFault {
  const kind: QuantityKind = KINDS[name]
  const match = FORM.exec(String(written).trim())
  if (match === null) return fault(kind, `not ${kind.is}`)
  const [, digits = '', unit = ''] = match
  const number = Number(digits.replaceAll('_', ''))
  const factor = number === 0 && unit === '' ? 1 : kind.units[unit]
  if (factor === undefined)
    return fault(kind, unit === '' ? `${kind.is} without a unit` : `no unit of ${kind.is}: ${unit}`)
  const value = number * factor
  return value <= kind.most ? value : fault(kind, `${kind.is} out of range`)
}

function fault(kind: QuantityKind, message: string): QuantityFault {
  const units = Object.keys(kind.units).filter((unit) => unit !== '')
  const bare = '' in kind.units ? ', or a bare number' : ''
  return { message, expected: `a number with ${units.join(', ')}${bare}`, hint: `write ${kind.example}` }
}

/** Adds what is wrong with a quantity to the issues of its field. */
export function addQuantityFault(
  context: z.RefinementCtx,
  written: unknown,
  { message, ...more }: QuantityFault,
): void {
  context.addIssue({ code: 'custom', message, params: { unit: true, got: String(written), ...more } })
}

function quantity(name: QuantityName, description: string): z.ZodType<number, string | number> {
  const kind: QuantityKind = KINDS[name]
  return z
    .union([z.string(), z.number()], { error: `not ${kind.is}` })
    .transform((written, context) => {
      const value = parseQuantity(name, written)
      if (typeof value === 'number') return value
      addQuantityFault(context, written, value)
      return z.NEVER
    })
    .meta({ description, examples: [kind.example], quantity: kind.is })
}

/** A time, in nanoseconds. */
export function duration(description: string): z.ZodType<number, string | number> {
  return quantity('durationNs', description)
}

/** A rate of bits, a second. */
export function bitRate(description: string): z.ZodType<number, string | number> {
  return quantity('bitsPerSecond', description).refine((rate) => rate > 0, 'a rate of 0')
}

/** A rate of packets, a second. */
export function packetRate(description: string): z.ZodType<number, string | number> {
  return quantity('packetsPerSecond', description).refine((rate) => rate > 0, 'a rate of 0')
}

/** A clock's frequency, in hertz. */
export function clock(description: string): z.ZodType<number, string | number> {
  return quantity('hertz', description).refine((hertz) => hertz >= 1e6, 'a clock under 1 MHz')
}

/** A whole number, `100k` and `1_000` included. */
export function count(description: string, most = 1e12): z.ZodType<number, string | number> {
  return quantity('count', description)
    .refine(Number.isInteger, 'not a whole number')
    .refine((number) => number <= most, `more than ${most}`)
}
