import { PcapngWriter, writeCapture } from '../src/index.ts'
import { checkCapture } from './capture-properties.ts'

export const name = 'pcapng'

export function fuzzOnce(input: Uint8Array): void {
  checkCapture(input)
}

export const seeds = (): Uint8Array[] => {
  const data = Uint8Array.from({ length: 61 }, (_, i) => i)
  const timestamp = { seconds: 1_700_000_000, nanoseconds: 123_456_789 }
  const packets = [
    { data, timestamp, comment: 'seed' },
    { data, interfaceId: 1 },
  ]
  const interfaces = [{ name: 'eno1' }, { linkType: 101, snapLengthBytes: 20, precision: 'micro' }] as const
  const sections = (['little', 'big'] as const).map((byteOrder) =>
    writeCapture(new PcapngWriter({ byteOrder, interfaces, application: 'seed' }), packets),
  )
  return [...sections, Uint8Array.of(...sections[0]!, ...sections[1]!)]
}
