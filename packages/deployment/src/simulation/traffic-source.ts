import { resolve } from 'node:path'
import { PacketGenerator } from '@bpfoundry/packet'
import { capture, type Traffic } from '@bpfoundry/testbench'
import { generatorEnd, generatorSpec } from '../check/check-traffic.ts'
import type { CaptureDescription, GenerateDescription, TrafficDescription } from '../schema/traffic.ts'
import { namedSeed, Random } from './random.ts'

/** A frame and when it is sent. */
export interface SourceFrame {
  readonly atNs: number
  readonly bytes: Uint8Array
}

/** Packets in the order of their times; undefined at the end. */
export type FrameSource = () => SourceFrame | undefined

/** What every source of a deployment is made with. */
export interface SourceContext {
  readonly seed: number
  readonly durationNs: number | undefined
  readonly folder: string
}

const MAX_FRAME_BYTES = 65_536

/** The packets of a traffic. @throws what reading a capture throws */
export function frameSource(name: string, description: TrafficDescription, context: SourceContext): FrameSource {
  const { generate, capture: file, at } = description
  const source =
    generate === undefined ? captured(file as CaptureDescription, at, context) : generated(name, generate, at, context)
  const { durationNs = Number.POSITIVE_INFINITY } = context
  return () => {
    const frame = source()
    return frame === undefined || frame.atNs >= durationNs ? undefined : frame
  }
}

function generated(
  name: string,
  generate: GenerateDescription,
  at: number,
  { seed, durationNs }: SourceContext,
): FrameSource {
  const own = namedSeed(seed, name)
  const generator = new PacketGenerator(generatorSpec(generate, own))
  const { packets, forNs } = generatorEnd(generate, at, durationNs)
  const times = arrivals(generate, forNs, new Random(own))
  const buffer = new Uint8Array(MAX_FRAME_BYTES)
  return () => {
    if (generator.position >= packets) return undefined
    const afterNs = times(generator.position)
    const length = generator.next(buffer, 0)
    return afterNs >= forNs || length === 0 ? undefined : { atNs: at + afterNs, bytes: buffer.slice(0, length) }
  }
}

/** When the n-th packet is sent, from the first on. */
function arrivals(
  { rate, rampTo = rate, arrivals: kind }: GenerateDescription,
  forNs: number,
  random: Random,
): (position: number) => number {
  const seconds = forNs / 1e9
  const slope = Number.isFinite(seconds) ? (rampTo - rate) / seconds : 0
  if (kind === 'even') return (position) => 1e9 * timeOf(position, rate, slope)
  let expected = 0
  // A Poisson process whose rate changes is one of rate 1 on the axis of expected packets.
  return () => {
    const time = timeOf(expected, rate, slope)
    expected += random.exponential()
    return 1e9 * time
  }
}

/** Seconds until `packets` were sent at a rate that grows by `slope` a second: rate t + slope t^2 / 2 = packets. */
function timeOf(packets: number, rate: number, slope: number): number {
  if (slope === 0) return packets / rate
  const root = rate * rate + 2 * slope * packets
  return root < 0 ? Number.POSITIVE_INFINITY : (Math.sqrt(root) - rate) / slope
}

function captured(
  { file, speed, rate, repeat }: CaptureDescription,
  at: number,
  { folder }: SourceContext,
): FrameSource {
  const path = resolve(folder, file)
  const once = capture(path)
  const traffic: Traffic = repeat === 1 ? once : capture(path, { count: (once.count ?? 0) * repeat })
  let sent = 0
  return () => {
    if (!traffic.next()) return undefined
    const { bytes, offsetBytes, lengthBytes, timestampNs } = traffic
    const afterNs = rate === undefined ? timestampNs / speed : (sent * 1e9) / rate
    sent++
    return { atNs: at + afterNs, bytes: bytes.slice(offsetBytes, offsetBytes + lengthBytes) }
  }
}
