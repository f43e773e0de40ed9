import { ethernet, ipv4, PcapWriter, packet, udp, writeCapture } from '../src/index.ts'
import { checkCapture } from './capture-properties.ts'

export const name = 'pcap'

export function fuzzOnce(input: Uint8Array): void {
  checkCapture(input)
}

export const seeds = (): Uint8Array[] => {
  const data = packet(ethernet(), ipv4({ src: '10.0.0.1', dst: '10.0.0.2' }), udp({}), 'seed')
  const timestamp = { seconds: 1_700_000_000, nanoseconds: 123_456_789 }
  const packets = [{ data, timestamp }, { data: data.subarray(0, 14) }]
  return (['little', 'big'] as const).flatMap((byteOrder) =>
    (['micro', 'nano'] as const).map((precision) => writeCapture(new PcapWriter({ byteOrder, precision }), packets)),
  )
}
