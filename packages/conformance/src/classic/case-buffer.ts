import type { SocketBuffer } from '@bpfoundry/cbpf'
import type { ClassicCase, ClassicRun } from './classic-case.ts'

const ETHERNET_BYTES = 14
const ETH_P_IP = 0x0800

/**
 * The socket buffer that lib/test_bpf.c makes for a run: no headroom, the link-layer header at the packet's begin, the
 * network header behind 14 bytes where there are as many, all metadata constants.
 */
export function caseBuffer(classic: ClassicCase, run: ClassicRun): SocketBuffer {
  const { fragment } = classic
  const { dataBytes } = run
  return {
    head: linearData(classic, run),
    headroomBytes: 0,
    fragments: fragment === undefined ? [] : [fragment],
    networkOffset: Math.min(dataBytes, ETHERNET_BYTES),
    macOffset: 0,
    protocol: ETH_P_IP,
    packetType: 3,
    mark: 0x1234aaaa,
    hash: 0x1234aaab,
    queueMapping: 123,
    vlanTag: 0xffff,
    vlanProtocol: ETH_P_IP,
    device: { ifindex: 577, type: 588 },
  }
}

/** As much of the case's data as the run has, zeros behind it: the kernel's array is longer than what is written out. */
export function linearData({ data }: ClassicCase, { dataBytes }: ClassicRun): Uint8Array {
  const linear = new Uint8Array(dataBytes)
  linear.set(data.subarray(0, dataBytes))
  return linear
}
