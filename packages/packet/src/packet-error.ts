import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/** Every code a {@link PacketError} can carry. */
export type PacketErrorCode =
  | 'ADDRESS_IPV4'
  | 'ADDRESS_IPV6'
  | 'ADDRESS_MAC'
  | 'ADDRESS_PREFIX'
  | 'FRAGMENT_MTU'
  | 'FRAGMENT_PACKET'
  | 'PACKET_FIELD_RANGE'
  | 'PACKET_LAYER_ORDER'
  | 'PCAP_MAGIC'
  | 'PCAP_RECORD_LENGTH'
  | 'PCAP_TIMESTAMP'
  | 'PCAP_TRUNCATED'
  | 'PCAP_VERSION'
  | 'PCAPNG_BLOCK_LENGTH'
  | 'PCAPNG_BYTE_ORDER'
  | 'PCAPNG_INTERFACE'
  | 'PCAPNG_OPTION'
  | 'PCAPNG_TIMESTAMP_RESOLUTION'
  | 'PCAPNG_VERSION'
  | 'PKTGEN_FAMILY'
  | 'PKTGEN_KEY'
  | 'PKTGEN_RANGE'
  | 'PKTGEN_SIZE'
  | 'PKTGEN_SYNTAX'
  | 'PKTGEN_VALUE'
  | 'TOEPLITZ_INPUT'
  | 'TOEPLITZ_KEY'

/** Bad input to this package: a damaged capture, an impossible header, a traffic specification with a wrong key. */
export class PacketError extends Diagnostic {
  declare readonly code: PacketErrorCode

  constructor(fields: DiagnosticFields & { readonly code: PacketErrorCode }) {
    super(fields)
  }
}
