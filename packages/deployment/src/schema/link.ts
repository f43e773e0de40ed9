import { z } from 'zod'
import { reference } from './name.ts'
import { bitRate, duration } from './quantity.ts'

/** Where traffic comes from and goes to, outside of the deployment. */
export interface StationDescription {
  readonly description?: string | undefined
}

/** A cable. */
export interface LinkDescription {
  readonly between: readonly [string, string]
  readonly rate: number
  readonly latency: number
  readonly buffer: number
}

export const stationSchema: z.ZodType<StationDescription> = z
  .strictObject({ description: z.string().max(500).meta({ description: 'for people' }).optional() })
  .meta({ description: 'The far end of a cable that leaves the deployment: sends traffic, takes what arrives.' })

export const linkSchema: z.ZodType<LinkDescription> = z
  .strictObject({
    between: z
      .tuple([reference('a station, or `host.interface`'), reference('the other end')])
      .meta({ description: 'both ends: a station, or `host.interface`' }),
    rate: bitRate('bits a second in each direction; preamble, check sequence and gap count'),
    latency: duration('from the last bit in to the last bit out').default(0),
    buffer: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(1024)
      .meta({ description: 'packets that wait at the sender at most; further ones are lost' }),
  })
  .meta({ description: 'A cable between two ports, full duplex.' })
