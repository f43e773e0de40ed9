import { z } from 'zod'
import { reference } from './name.ts'
import { count, duration, packetRate } from './quantity.ts'

/** What kind of packets; a part of a mix. Fields as pktgen has them. */
export type StreamDescription = Readonly<Record<StreamKey, string | number | undefined>>

/** Keys of a stream, as in `PKTGEN_KEYS`. */
type StreamKey =
  | 'weight'
  | 'size'
  | 'src'
  | 'dst'
  | 'srcorder'
  | 'proto'
  | 'sport'
  | 'dport'
  | 'flows'
  | 'smac'
  | 'dmac'
  | 'vlan'
  | 'ttl'
  | 'tos'
  | 'tcpflags'

/** Generated packets. */
export interface GenerateDescription extends Partial<StreamDescription> {
  readonly rate: number
  readonly rampTo?: number | undefined
  readonly arrivals: 'even' | 'poisson'
  readonly count?: number | undefined
  readonly for?: number | undefined
  readonly seed?: number | undefined
  readonly streams: readonly Partial<StreamDescription>[]
}

/** Packets of a file. */
export interface CaptureDescription {
  readonly file: string
  readonly speed: number
  readonly rate?: number | undefined
  readonly repeat: number
}

/** One source of packets. */
export interface TrafficDescription {
  readonly from: string
  readonly at: number
  readonly generate?: GenerateDescription | undefined
  readonly capture?: CaptureDescription | undefined
}

const word = (description: string): z.ZodType<string | number | undefined> =>
  z.union([z.string(), z.number()], { error: 'neither text nor a number' }).meta({ description }).optional()

const STREAM_FIELDS = {
  weight: word('share of this stream among all; 1 when absent'),
  size: word('bytes of a frame without its check sequence, or `60-1514`; 60 when absent'),
  src: word('source addresses: one, a prefix, or `A-B`'),
  dst: word('destination addresses'),
  srcorder: word('`random` or `sequential`'),
  proto: word('`udp`, `tcp` or `icmp`'),
  sport: word('source port or a range'),
  dport: word('destination port or a range'),
  flows: word('number of distinct flows; each packet draws anew when absent'),
  smac: word('source MAC'),
  dmac: word('destination MAC'),
  vlan: word('VLAN id'),
  ttl: word('TTL or hop limit'),
  tos: word('type of service'),
  tcpflags: word('TCP flags, `SYN` or `SYN+ACK`'),
} as const

const generateSchema: z.ZodType<GenerateDescription> = z
  .strictObject({
    rate: packetRate('packets a second'),
    rampTo: packetRate('packets a second at the end; the rate goes there in a straight line').optional(),
    arrivals: z
      .enum(['even', 'poisson'])
      .default('even')
      .meta({ description: 'equal gaps, or random ones with this mean' }),
    count: count('packets in all').optional(),
    for: duration('how long').optional(),
    seed: z
      .number()
      .int()
      .min(0)
      .max(0xffffffff)
      .meta({ description: 'of this traffic; made of the deployment’s seed and the name when absent' })
      .optional(),
    ...STREAM_FIELDS,
    streams: z
      .array(z.strictObject(STREAM_FIELDS))
      .max(64)
      .default([])
      .meta({ description: 'a mix: further streams, each with the fields above where it does not say otherwise' }),
  })
  .meta({ description: 'Generated packets; the fields of a stream are those of `--pktgen`.' })

const captureSchema: z.ZodType<CaptureDescription> = z
  .strictObject({
    file: z.string().min(1).meta({ description: 'pcap or pcapng, also gzipped; relative to the deployment' }),
    speed: z.number().positive().max(1e12).default(1).meta({ description: 'times are divided by this' }),
    rate: packetRate('packets a second instead of the times in the file').optional(),
    repeat: z.number().int().min(1).max(1e9).default(1).meta({ description: 'how often it is played' }),
  })
  .meta({ description: 'Packets of a capture.' })

export const trafficSchema: z.ZodType<TrafficDescription> = z
  .strictObject({
    from: reference('station that sends it'),
    at: duration('when it begins').default(0),
    generate: generateSchema.optional(),
    capture: captureSchema.optional(),
  })
  .refine(
    ({ generate, capture }) => (generate === undefined) !== (capture === undefined),
    'needs one of generate and capture',
  )
  .meta({ description: 'A source of packets.' })
