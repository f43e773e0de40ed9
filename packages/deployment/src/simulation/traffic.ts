import type { Deployment } from '../schema/deployment.ts'
import type { TrafficDescription } from '../schema/traffic.ts'
import type { CableDirection } from './cable.ts'
import type { Network } from './network.ts'
import { frameSource, type SourceContext, type SourceFrame } from './traffic-source.ts'
import type { World } from './world.ts'

/** Which traffic, and what its packets are made with. */
interface TrafficStart {
  readonly name: string
  readonly context: SourceContext
}

/** Lets a traffic begin at its time: a packet after the other, at theirs. */
export function startTraffic(
  world: World,
  network: Network,
  { traffic }: Deployment,
  { name, context }: TrafficStart,
): void {
  const description = traffic[name] as TrafficDescription
  const place = Object.keys(traffic).indexOf(name)
  const out = outOf(network, description)
  const source = frameSource(name, description, context)
  const next = (): void => {
    const frame = source()
    if (frame === undefined) return
    world.at(frame.atNs, () => {
      send(world, out, frame, place)
      next()
    })
  }
  next()
}

/** Sends packets of a traffic at once: each as soon as the cable has taken the one before. */
export function startBurst(
  world: World,
  network: Network,
  { traffic }: Deployment,
  { name, packets, context }: TrafficStart & { readonly packets: number },
): void {
  const description = traffic[name] as TrafficDescription
  const place = Object.keys(traffic).indexOf(name)
  const out = outOf(network, description)
  const source = frameSource(`${name} burst at ${world.nowNs}`, burstOf(description, packets), {
    ...context,
    durationNs: undefined,
  })
  let left = packets
  const next = (): void => {
    const frame = left-- > 0 ? source() : undefined
    if (frame === undefined) return
    send(world, out, frame, place)
    world.at(out?.freeNs ?? world.nowNs, next)
  }
  next()
}

/** The same packets, as many as are asked for. */
function burstOf({ generate, capture, ...rest }: TrafficDescription, packets: number): TrafficDescription {
  if (generate !== undefined)
    return { ...rest, generate: { ...generate, count: packets, for: undefined, rampTo: undefined } }
  return capture === undefined ? rest : { ...rest, capture: { ...capture, repeat: packets } }
}

function outOf(network: Network, { from }: TrafficDescription): CableDirection | undefined {
  return network.stations.get(from)?.out
}

function send(world: World, out: CableDirection | undefined, { bytes }: SourceFrame, traffic: number): void {
  const { nowNs, measure } = world
  measure.send(traffic, bytes.length, nowNs)
  if (out === undefined) measure.wayFate('stations', 'unconnected', nowNs)
  else out.send({ bytes, lengthBytes: bytes.length, bornNs: nowNs, traffic, hops: 0 })
}
