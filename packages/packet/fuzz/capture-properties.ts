import { type CapturedPacket, captureDecoder, PacketError, readCapture, timestampNs } from '../src/index.ts'

/** What reading gave: the packets, and the code of the error that ended them. */
interface Outcome {
  readonly packets: readonly string[]
  readonly code: string | undefined
}

const CHUNK_BYTES = 61

/** Reads a capture whole and in pieces: nothing but a PacketError ends it, and both ways give the same. */
export function checkCapture(input: Uint8Array): void {
  const whole = outcome(() => readCapture(input))
  const pieces = outcome(() => decodedInPieces(input))
  if (whole.code !== pieces.code || whole.packets.join() !== pieces.packets.join()) {
    throw new Error(`whole: ${JSON.stringify(whole)}, in pieces: ${JSON.stringify(pieces)}`)
  }
}

function outcome(read: () => Iterable<CapturedPacket>): Outcome {
  const packets: string[] = []
  try {
    for (const packet of read()) packets.push(described(packet))
    return { packets, code: undefined }
  } catch (error) {
    if (!(error instanceof PacketError)) throw error
    return { packets, code: error.code }
  }
}

function described({ timestamp, data, originalLengthBytes, interfaceId, linkType }: CapturedPacket): string {
  const sum = data.reduce((total, byte) => (total * 31 + byte) >>> 0, 0)
  return [timestampNs(timestamp), data.length, sum, originalLengthBytes, interfaceId, linkType].join(' ')
}

function* decodedInPieces(input: Uint8Array): Generator<CapturedPacket> {
  const decoder = captureDecoder(input)
  for (let at = 0; at < input.length; at += CHUNK_BYTES) {
    decoder.push(input.slice(at, at + CHUNK_BYTES))
    for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) yield packet
  }
  decoder.end()
  for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) yield packet
}
