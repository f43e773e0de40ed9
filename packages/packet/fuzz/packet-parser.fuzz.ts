import {
  destinationOptions,
  ethernet,
  fragmentIpv4,
  fragmentIpv6,
  hopByHop,
  ipv4,
  ipv6,
  PacketError,
  packet,
  parsePacket,
  routing,
  Toeplitz,
  tcp,
  tcpOption,
  udp,
  verifyChecksums,
  vlan,
} from '../src/index.ts'

export const name = 'packet-parser'

const toeplitz = new Toeplitz({ udpPorts: true })

/** Parsing never throws; layers lie behind each other within the frame; hash and fragments hold for any bytes. */
export function fuzzOnce(input: Uint8Array): void {
  const parsed = parsePacket(input)
  let at = 0
  for (const { offsetBytes, lengthBytes, name: layer } of parsed.layers) {
    if (offsetBytes !== at || lengthBytes <= 0) throw new Error(`${layer} at ${offsetBytes}, expected ${at}`)
    at += lengthBytes
  }
  if (parsed.payloadOffsetBytes !== at || at + parsed.payload.length > input.length) {
    throw new Error(`payload of ${parsed.payload.length} bytes at ${parsed.payloadOffsetBytes}, expected ${at}`)
  }
  verifyChecksums(input)
  toeplitz.rssHash(input, 0, input.length)
  attempt(() => fragmentIpv4(input, 576))
  attempt(() => fragmentIpv6(input, 1280, 1))
}

function attempt(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof PacketError)) throw error
  }
}

export const seeds = (): Uint8Array[] => {
  const v4 = { src: '10.0.0.1', dst: '10.0.0.2' }
  const v6 = { src: '2001:db8::1', dst: '2001:db8::2' }
  const route = { routingType: 0, segments: ['2001:db8::3'] }
  return [
    packet(ethernet(), vlan({ id: 1 }), ipv4(v4), tcp({ options: [tcpOption.timestamps(1, 2)] }), new Uint8Array(1400)),
    packet(ethernet(), ipv6(v6), hopByHop(), destinationOptions(), routing(route), udp({}), new Uint8Array(1400)),
    packet(ethernet(), ipv4(v4), ipv6(v6), ipv4(v4), udp({}), 'seed'),
  ]
}
