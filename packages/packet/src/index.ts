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
export type { IpPrefix } from './ip-prefix.ts'
export { formatIp, parseIp, parsePrefix } from './ip-prefix.ts'
export { formatIpv4, parseIpv4, readIpv4 } from './ipv4-address.ts'
export { formatIpv6, parseIpv6 } from './ipv6-address.ts'
export { formatMac, parseMac } from './mac-address.ts'
export type { PacketErrorCode } from './packet-error.ts'
export { PacketError } from './packet-error.ts'
export { PcapDecoder } from './pcap-decoder.ts'
export type { PcapWriterOptions } from './pcap-writer.ts'
export { PcapWriter } from './pcap-writer.ts'
export { PcapngDecoder } from './pcapng-decoder.ts'
export type { PcapngInterfaceOptions, PcapngWriterOptions } from './pcapng-writer.ts'
export { PcapngWriter } from './pcapng-writer.ts'
export { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from './protocol-numbers.ts'
export type { Timestamp } from './timestamp.ts'
export { timestampFromNs, timestampNs } from './timestamp.ts'
export type { ToeplitzOptions } from './toeplitz.ts'
export { TOEPLITZ_DEFAULT_KEY, TOEPLITZ_SYMMETRIC_KEY, Toeplitz } from './toeplitz.ts'
