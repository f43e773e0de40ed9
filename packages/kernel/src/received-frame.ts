import { refusedRun } from './test-run.ts'

/** What the stack knows of a frame that came in on the loopback device. */
export interface ReceivedFrame {
  /** PACKET_HOST, _BROADCAST, _MULTICAST, _OTHERHOST */
  readonly packetType: number
  /** As it stands in the frame, read little-endian: `skb->protocol`. */
  readonly protocol: number
  /** AF_INET, AF_INET6 or AF_UNSPEC. */
  readonly family: number
  readonly isIp6: boolean
  /** Addresses of the network's header; empty for another protocol. */
  readonly source: Uint8Array
  readonly destination: Uint8Array
}

const ETHERNET_HEADER_BYTES = 14
const [PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST] = [0, 2, 3]
/** Types from here on are protocols; what is less is a length. */
const ETH_P_802_3_MIN = 0x600
const ETH_P_802_3 = 0x0001
const ETH_P_802_2 = 0x0004

interface NetworkLayer {
  readonly family: number
  readonly headerBytes: number
  readonly sourceAt: number
  readonly addressBytes: number
}

const NETWORK_LAYERS: ReadonlyMap<number, NetworkLayer> = new Map([
  [0x0800, { family: 2, headerBytes: 20, sourceAt: 12, addressBytes: 4 }],
  [0x86dd, { family: 10, headerBytes: 40, sourceAt: 8, addressBytes: 16 }],
])

const swap = (value: number): number => ((value & 0xff) << 8) | (value >>> 8)

/**
 * @param frame from the Ethernet header on, at least that
 * @throws KernelError EINVAL for IP without room for its header
 * @see eth_type_trans in net/ethernet/eth.c, bpf_prog_test_run_skb in net/bpf/test_run.c (6.12)
 */
export function receivedFrame(frame: Uint8Array): ReceivedFrame {
  const protocol = protocolOf(frame)
  const layer = NETWORK_LAYERS.get(protocol)
  const packet = frame.subarray(ETHERNET_HEADER_BYTES)
  if (layer !== undefined && packet.length < layer.headerBytes) {
    throw refusedRun('the frame has no room for the header of its protocol', packet.length, layer.headerBytes)
  }
  const { family, sourceAt, addressBytes } = layer ?? { family: 0, sourceAt: 0, addressBytes: 0 }
  return {
    packetType: packetTypeOf(frame),
    protocol: swap(protocol),
    family,
    isIp6: addressBytes === 16,
    source: packet.subarray(sourceAt, sourceAt + addressBytes),
    destination: packet.subarray(sourceAt + addressBytes, sourceAt + 2 * addressBytes),
  }
}

/** The loopback device's address and its broadcast address are zeros. */
function packetTypeOf(frame: Uint8Array): number {
  if (frame.subarray(0, 6).every((byte) => byte === 0)) return PACKET_HOST
  return ((frame[0] as number) & 1) === 1 ? PACKET_MULTICAST : PACKET_OTHERHOST
}

function protocolOf(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const type = view.getUint16(12)
  if (type >= ETH_P_802_3_MIN) return type
  // Novell's frames have no header of the logical link but a checksum that is never set.
  const novell = frame.length >= ETHERNET_HEADER_BYTES + 2 && view.getUint16(ETHERNET_HEADER_BYTES) === 0xffff
  return novell ? ETH_P_802_3 : ETH_P_802_2
}
