import { CCM_TYPE, CCM_VERSION } from './ccm-message.ts'

/** cmsg_bpf_event up to the data. */
const EVENT_BYTES = 24
const U32_MAX = 0xffffffffn

/** What bpf_perf_event_output on the card sends to the host. */
export interface PerfEvent {
  readonly cpuId: number
  /** Id of the perf event array. */
  readonly mapId: number
  readonly data: Uint8Array
  /** As much of the packet as the program asked for. */
  readonly packet: Uint8Array
}

const roundUp4 = (bytes: number): number => (bytes + 3) & ~3

/** The message, as the card's firmware makes it: the packet first, the data on the next word. */
export function perfEventMessage({ cpuId, mapId, data, packet }: PerfEvent): Uint8Array {
  const dataAt = EVENT_BYTES + roundUp4(packet.length)
  const bytes = new Uint8Array(dataAt + data.length)
  const view = new DataView(bytes.buffer)
  bytes.set([CCM_TYPE.BPF_EVENT, CCM_VERSION])
  view.setUint32(4, cpuId)
  view.setBigUint64(8, BigInt(mapId))
  view.setUint32(16, data.length)
  view.setUint32(20, packet.length)
  bytes.set(packet, EVENT_BYTES)
  bytes.set(data, dataAt)
  return bytes
}

/** What the driver does with events. */
export interface PerfEventSink {
  /** Whether a program on the card uses this map. */
  knows(mapId: number): boolean
  /** bpf_event_output: the data, then the packet behind it. */
  output(event: PerfEvent): void
  warn(text: string): void
}

/**
 * Takes a message with an event.
 *
 * @returns false for one that is dropped: malformed, or for a map that no program uses
 * @see nfp_bpf_event_output in nfp/bpf/offload.c (6.12)
 */
export function receivePerfEvent(message: Uint8Array, sink: PerfEventSink): boolean {
  if (message.length < EVENT_BYTES) return false
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const mapId = view.getBigUint64(8)
  const dataBytes = view.getUint32(16)
  const packetBytes = view.getUint32(20)
  const dataAt = EVENT_BYTES + roundUp4(packetBytes)
  // The driver's own check leaves out the padding; what lies behind the message is not read here all the same.
  if (message.length < dataAt + dataBytes || message[1] !== CCM_VERSION) return false
  if (mapId > U32_MAX || !sink.knows(Number(mapId))) {
    sink.warn(`perf event: map id ${mapId} (0x${mapId.toString(16)}) not recognized, dropping event`)
    return false
  }
  sink.output({
    cpuId: view.getUint32(4),
    mapId: Number(mapId),
    data: message.slice(dataAt, dataAt + dataBytes),
    packet: message.slice(EVENT_BYTES, EVENT_BYTES + packetBytes),
  })
  return true
}
