/** Where a header stands in the frame. */
export interface LayerPlace {
  readonly offsetBytes: number
  /** Of the header with its options. */
  readonly lengthBytes: number
}

/** Why parsing ended before a transport header or known payload. */
export interface ParseStop {
  readonly reason: /** The frame ends, or the header around says that it ends, inside of a header. */
    | 'truncated'
    /** A header contradicts itself: an IHL below 5, a version that is not its EtherType's. */
    | 'malformed'
    /** No parser for this EtherType, protocol, link type or kind of frame. */
    | 'unknown-protocol'
    /** A fragment that is not the first: what follows is the middle of a packet. */
    | 'fragment'
    /** More headers than any packet has reason for. */
    | 'too-many-headers'
  readonly message: string
  readonly offsetBytes: number
}

/** How a header names the next one. */
export interface NextHeader {
  readonly by: 'etherType' | 'ipProtocol' | 'linkType'
  readonly value: number
}

/** What one header's parser found. */
export interface ParseStep<Layer extends LayerPlace> {
  readonly layer: Layer
  /** Undefined when payload follows. */
  readonly next?: NextHeader
  readonly stop?: ParseStop
  /** Where what the header carries ends, when it says so: what is behind is padding. */
  readonly endBytes?: number
}

/** Parses the header at `offsetBytes`, of which bytes up to `endBytes` are there. A stop means: not even the header. */
export type HeaderParser<Layer extends LayerPlace> = (
  bytes: Uint8Array,
  offsetBytes: number,
  endBytes: number,
) => ParseStep<Layer> | ParseStop

export function truncated(header: string, offsetBytes: number, endBytes: number, neededBytes: number): ParseStop {
  const message = `${header} header of ${neededBytes} bytes, ${endBytes - offsetBytes} are there`
  return { reason: 'truncated', message, offsetBytes }
}

export function malformed(message: string, offsetBytes: number): ParseStop {
  return { reason: 'malformed', message, offsetBytes }
}

export function isStop(result: ParseStep<LayerPlace> | ParseStop): result is ParseStop {
  return 'reason' in result
}
