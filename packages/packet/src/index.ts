export type { Capture, ReadCaptureOptions } from './capture.ts'
export { captureDecoder, readCapture } from './capture.ts'
export type { CaptureWriter, PacketRecord } from './capture-writer.ts'
export { writeCapture } from './capture-writer.ts'
export type { CaptureDecoder, CapturedPacket, CaptureInterface } from './captured-packet.ts'
export {
  checksumSum,
  foldChecksum,
  internetChecksum,
  pseudoHeaderSum,
  updateChecksum,
  updateChecksum32,
} from './checksum.ts'
export type { ChecksumVerdict } from './checksum-verdict.ts'
export { verifyChecksums } from './checksum-verdict.ts'
export { fragmentIpv4, fragmentIpv6 } from './fragment.ts'
export type { HeaderBuilder, HeaderPlace } from './header-builder.ts'
export type { HeaderOption } from './header-option.ts'
export { ipv4Option, ipv6Option, tcpOption } from './header-option.ts'
export type { LayerPlace, ParseStop } from './header-parser.ts'
export type { ArpFields, ArpHeader, ArpLayer } from './headers/arp.ts'
export { ARP_OPERATION, arp } from './headers/arp.ts'
export type { EthernetHeader, EthernetLayer } from './headers/ethernet.ts'
export { ethernet } from './headers/ethernet.ts'
export type { IcmpHeader, IcmpLayer, Icmpv6Layer } from './headers/icmp.ts'
export { ICMP_TYPE, ICMPV6_TYPE, icmp, icmpv6 } from './headers/icmp.ts'
export type { Ipv4Fields, Ipv4Header, Ipv4Layer } from './headers/ipv4.ts'
export { ipv4 } from './headers/ipv4.ts'
export type { Ipv6Fields, Ipv6Header, Ipv6Layer } from './headers/ipv6.ts'
export { ipv6 } from './headers/ipv6.ts'
export type {
  Ipv6FragmentHeader,
  Ipv6FragmentLayer,
  Ipv6OptionsLayer,
  Ipv6RoutingFields,
  Ipv6RoutingHeader,
  Ipv6RoutingLayer,
} from './headers/ipv6-extension.ts'
export { destinationOptions, hopByHop, ipv6Fragment, routing } from './headers/ipv6-extension.ts'
export type { TcpFields, TcpHeader, TcpLayer } from './headers/tcp.ts'
export { TCP_FLAG, tcp } from './headers/tcp.ts'
export type { UdpHeader, UdpLayer } from './headers/udp.ts'
export { udp } from './headers/udp.ts'
export type { VlanFields, VlanHeader, VlanLayer } from './headers/vlan.ts'
export { vlan } from './headers/vlan.ts'
export type { IpPrefix } from './ip-prefix.ts'
export { formatIp, parseIp, parsePrefix } from './ip-prefix.ts'
export { formatIpv4, parseIpv4, readIpv4 } from './ipv4-address.ts'
export { formatIpv6, parseIpv6 } from './ipv6-address.ts'
export type { Layer, LayerByName, LayerName } from './layer.ts'
export { formatMac, parseMac } from './mac-address.ts'
export type { PacketPart } from './packet-builder.ts'
export { packet, padFrame } from './packet-builder.ts'
export type { PacketErrorCode } from './packet-error.ts'
export { PacketError } from './packet-error.ts'
export { ParsedPacket, parsePacket } from './packet-parser.ts'
export { PcapDecoder } from './pcap-decoder.ts'
export type { PcapWriterOptions } from './pcap-writer.ts'
export { PcapWriter } from './pcap-writer.ts'
export { PcapngDecoder } from './pcapng-decoder.ts'
export type { PcapngInterfaceOptions, PcapngWriterOptions } from './pcapng-writer.ts'
export { PcapngWriter } from './pcapng-writer.ts'
export { PacketGenerator } from './pktgen/packet-generator.ts'
export type { PktgenRecord } from './pktgen/spec.ts'
export { PKTGEN_KEYS, parsePktgen } from './pktgen/spec.ts'
export type {
  AddressRange,
  Ipv4Range,
  Ipv6Range,
  NumberRange,
  PktgenProtocol,
  PktgenSpec,
  PktgenStream,
} from './pktgen/stream.ts'
export { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from './protocol-numbers.ts'
export type { PseudoHeader } from './pseudo-header.ts'
export type { Timestamp } from './timestamp.ts'
export { timestampFromNs, timestampNs } from './timestamp.ts'
export type { ToeplitzOptions } from './toeplitz.ts'
export { TOEPLITZ_DEFAULT_KEY, TOEPLITZ_SYMMETRIC_KEY, Toeplitz } from './toeplitz.ts'
