import type { ArpLayer } from './headers/arp.ts'
import type { EthernetLayer } from './headers/ethernet.ts'
import type { IcmpLayer, Icmpv6Layer } from './headers/icmp.ts'
import type { Ipv4Layer } from './headers/ipv4.ts'
import type { Ipv6Layer } from './headers/ipv6.ts'
import type { Ipv6FragmentLayer, Ipv6OptionsLayer, Ipv6RoutingLayer } from './headers/ipv6-extension.ts'
import type { TcpLayer } from './headers/tcp.ts'
import type { UdpLayer } from './headers/udp.ts'
import type { VlanLayer } from './headers/vlan.ts'

/** Every kind of header that {@link parsePacket} knows, by the name that its layer carries. */
export interface LayerByName {
  readonly ethernet: EthernetLayer
  readonly vlan: VlanLayer
  readonly arp: ArpLayer
  readonly ipv4: Ipv4Layer
  readonly ipv6: Ipv6Layer
  readonly hopByHop: Ipv6OptionsLayer<'hopByHop'>
  readonly destinationOptions: Ipv6OptionsLayer<'destinationOptions'>
  readonly routing: Ipv6RoutingLayer
  readonly ipv6Fragment: Ipv6FragmentLayer
  readonly icmp: IcmpLayer
  readonly icmpv6: Icmpv6Layer
  readonly tcp: TcpLayer
  readonly udp: UdpLayer
}

export type LayerName = keyof LayerByName

/** A parsed header. */
export type Layer = LayerByName[LayerName]
