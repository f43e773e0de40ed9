import type { SocketBuffer } from '@bpfoundry/cbpf'

const ETHERNET_BYTES = 14
const LOOPBACK = { ifindex: 1, type: 772 }
const ETH_P_802_3 = 0x0001
const ETH_P_802_2 = 0x0004

/**
 * The socket buffer that BPF_PROG_TEST_RUN makes of `data_in`: received on the loopback device. Socket filters see what is
 * behind the Ethernet header, classifiers all of it.
 *
 * @see bpf_prog_test_run_skb, eth_type_trans in the kernel
 */
export function testRunBuffer(frame: Uint8Array, type: 'socket filter' | 'classifier'): SocketBuffer {
  const headroomBytes = type === 'classifier' ? 0 : ETHERNET_BYTES
  return {
    head: frame,
    headroomBytes,
    fragments: [],
    networkOffset: ETHERNET_BYTES - headroomBytes,
    macOffset: -headroomBytes,
    protocol: protocolOf(frame),
    packetType: packetTypeOf(frame.subarray(0, 6)),
    mark: 0,
    hash: 0,
    queueMapping: 0,
    vlanTag: 0,
    vlanProtocol: 0,
    device: LOOPBACK,
  }
}

/** Lengths instead of EtherTypes are frames of 802.3; ones with 0xffff behind are Novell's. */
function protocolOf(frame: Uint8Array): number {
  const u16 = (at: number): number => ((frame[at] as number) << 8) | (frame[at + 1] ?? 0)
  if (u16(12) >= 0x600) return u16(12)
  return frame.length >= 16 && u16(14) === 0xffff ? ETH_P_802_3 : ETH_P_802_2
}

/** The loopback device's own address is all zeros, and so is its broadcast address: ff:ff:ff:ff:ff:ff is a group's. */
function packetTypeOf(destination: Uint8Array): number {
  if (destination.every((byte) => byte === 0)) return 0
  return ((destination[0] as number) & 1) === 0 ? 3 : 2
}
