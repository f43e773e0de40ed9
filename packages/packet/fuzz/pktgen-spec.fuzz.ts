import { PacketError, PacketGenerator, type PktgenSpec, parsePktgen, verifyChecksums } from '../src/index.ts'

export const name = 'pktgen-spec'

const PACKETS = 4

/** What parses also generates: right checksums, lengths in range. */
export function fuzzOnce(input: Uint8Array): void {
  const spec = parsed(new TextDecoder().decode(input))
  if (spec === undefined) return
  const generator = new PacketGenerator(spec)
  const buffer = new Uint8Array(generator.maxFrameLengthBytes)
  for (let i = 0; i < Math.min(PACKETS, spec.count); i++) {
    const length = generator.next(buffer, 0)
    const { min, max } = spec.streams[generator.streamIndex]!.frameLengthBytes
    if (length < min || length > max) throw new Error(`frame of ${length} bytes`)
    const wrong = verifyChecksums(buffer.subarray(0, length)).find(({ verdict }) => verdict !== 'correct')
    if (wrong !== undefined) throw new Error(`${wrong.layer} checksum ${wrong.verdict}`)
  }
}

function parsed(text: string): PktgenSpec | undefined {
  try {
    return parsePktgen(text)
  } catch (error) {
    if (error instanceof PacketError) return undefined
    throw error
  }
}

export const seeds = (): Uint8Array[] =>
  [
    'pktgen:count=1M,rate=14.88M,seed=7,size=64,src=10.0.0.0/8,dst=192.168.0.1,proto=udp,dport=9,flows=100,allowed=10%',
    'src=2001:db8::/64,dst=2001:db8:1::/48,proto=tcp,flags=SYN+ACK,vlan=7,ttl=3,tos=16;proto=icmp,weight=2.5',
    'src=10.0.0.1-10.0.0.9,srcorder=sequential,sport=1-9,smac=02:00:00:00:00:01,allowed=5%@9.0.0.0/8',
  ].map((text) => new TextEncoder().encode(text))
