import type { BtfValue } from '@bpfoundry/btf'
import { z } from 'zod'
import { DEPLOYMENT_FATES, type DeploymentFate } from '../measure/deployment-fates.ts'
import { reference } from './name.ts'
import { addQuantityFault, duration, parseQuantity, type QuantityName } from './quantity.ts'

/** Bounds of a figure, in the unit of its kind. */
export interface Bounds {
  readonly min?: Bound | undefined
  readonly max?: Bound | undefined
  readonly equals?: Bound | undefined
}

/** A number, or a share of what there was. */
export interface Bound {
  readonly value: number
  readonly share: boolean
  readonly written: string
}

interface Base<Kind extends string> {
  readonly check: Kind
  readonly name?: string | undefined
}

/** Packets with a fate, at one interface or in the whole deployment. */
export interface FateExpectation extends Base<'fate'>, Bounds {
  readonly of?: string | undefined
  readonly fate: DeploymentFate
}

/** Packets of a traffic that reached a receiver. */
export interface DeliveredExpectation extends Base<'delivered'>, Bounds {
  readonly traffic: string
  readonly to?: string | undefined
}

/** Packets a second at a receiver. */
export interface RateExpectation extends Base<'rate'>, Bounds {
  readonly at: string
  readonly from: number
  readonly to?: number | undefined
}

/** Time from sending to arriving. */
export interface LatencyExpectation extends Base<'latency'>, Bounds {
  readonly at: string
  readonly percentile: number
}

/** What is in a map at the end. */
export interface MapExpectation extends Base<'map'>, Bounds {
  readonly program: string
  readonly map: string
  readonly key?: BtfValue | undefined
  readonly member?: string | undefined
  readonly absent: boolean
}

/** A counter of `ethtool -S`. */
export interface CounterExpectation extends Base<'counter'>, Bounds {
  readonly of: string
  readonly counter: string
}

/** A line of the log: what programs print, what drivers and kernel refuse, what faults do. */
export interface LogExpectation extends Base<'log'> {
  readonly contains: string
  readonly absent: boolean
}

/** What has to be true at the end. */
export type ExpectationDescription =
  | FateExpectation
  | DeliveredExpectation
  | RateExpectation
  | LatencyExpectation
  | MapExpectation
  | CounterExpectation
  | LogExpectation

const bound = (kind: QuantityName, shares: boolean): z.ZodOptional<z.ZodType<Bound, string | number>> =>
  z
    .union([z.string(), z.number()], { error: 'neither a number nor one with a unit' })
    .transform((written, context): Bound => {
      const share = shares && String(written).trim().endsWith('%')
      const value = parseQuantity(share ? 'share' : kind, written)
      if (typeof value === 'number') return { value, share, written: String(written) }
      addQuantityFault(context, written, value)
      return z.NEVER
    })
    .optional()

interface BoundFields {
  readonly min: z.ZodOptional<z.ZodType<Bound, string | number>>
  readonly max: z.ZodOptional<z.ZodType<Bound, string | number>>
  readonly equals: z.ZodOptional<z.ZodType<Bound, string | number>>
}

function bounds(kind: QuantityName, shares = false): BoundFields {
  const also = shares ? ', or a share of all: `99%`' : ''
  return {
    min: bound(kind, shares).meta({ description: `at least${also}` }),
    max: bound(kind, shares).meta({ description: 'at most' }),
    equals: bound(kind, shares).meta({ description: 'exactly' }),
  }
}

const name = z.string().min(1).max(200).meta({ description: 'for reports; made of the rest when absent' }).optional()
const receiver = 'a station, or `host` for what its CPUs pass up the stack'
const absent = z.boolean().default(false).meta({ description: 'true: there must be none' })
const key = z
  .union([z.string(), z.number(), z.record(z.string(), z.unknown()), z.array(z.unknown())])
  .meta({ description: 'key; the number of elements is meant when absent' })
  .optional() as z.ZodType<BtfValue | undefined>

// biome-ignore format: table
const KINDS = [
  z.strictObject({ check: z.literal('fate'), name, of: reference('interface; the whole deployment when absent').optional(), fate: z.enum(DEPLOYMENT_FATES).meta({ description: 'what became of packets' }), ...bounds('count', true) })
    .meta({ description: 'Packets with a fate; a share is of those that came in.' }),
  z.strictObject({ check: z.literal('delivered'), name, traffic: reference('traffic'), to: reference(`${receiver}; any when absent`).optional(), ...bounds('count', true) })
    .meta({ description: 'Packets of a traffic that reached a receiver; a share is of those that were sent.' }),
  z.strictObject({ check: z.literal('rate'), name, at: reference(receiver), from: duration('begin of the time that counts').default(0), to: duration('its end; that of the run when absent').optional(), ...bounds('packetsPerSecond') })
    .meta({ description: 'Mean packets a second at a receiver, in modelled time.' }),
  z.strictObject({ check: z.literal('latency'), name, at: reference(receiver), percentile: z.number().min(0).max(100).default(99).meta({ description: 'of all packets' }), ...bounds('durationNs') })
    .meta({ description: 'Modelled time from sending to arriving.' }),
  z.strictObject({ check: z.literal('map'), name, program: reference('entry of `programs`'), map: reference('map'), key, member: z.string().meta({ description: 'member of the value' }).optional(), absent, ...bounds('count') })
    .meta({ description: 'Value of an element at the end (per-CPU values summed), or the number of elements.' }),
  z.strictObject({ check: z.literal('counter'), name, of: reference('interface'), counter: z.string().min(1).meta({ description: 'as `ethtool -S` names it' }), ...bounds('count') })
    .meta({ description: 'A counter of `ethtool -S`.' }),
  z.strictObject({ check: z.literal('log'), name, contains: z.string().min(1).meta({ description: 'text' }), absent })
    .meta({ description: 'A line of the log: what programs print, what kernel and drivers say, what faults do.' }),
] as const satisfies readonly z.ZodObject[]

export const expectationSchema: z.ZodType<ExpectationDescription> = z
  .discriminatedUnion('check', [...KINDS])
  .superRefine((expectation, context) => {
    if (expectation.check === 'log') return
    const { min, max, equals } = expectation
    const free = expectation.check === 'map' && (expectation.absent || expectation.key !== undefined)
    if (min === undefined && max === undefined && equals === undefined && !free) {
      context.addIssue({
        code: 'custom',
        message: 'an expectation without a bound',
        params: { expected: 'min, max or equals' },
      })
    }
  }) as z.ZodType<ExpectationDescription>
