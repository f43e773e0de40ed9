import { announced, type HeaderBuilder } from '../header-builder.ts'
import { type HeaderLayout, headerLayout } from '../header-layout.ts'
import { type HeaderParser, type LayerPlace, truncated } from '../header-parser.ts'
import { ETHERTYPE } from '../protocol-numbers.ts'

/** An Ethernet II header, or an IEEE 802.3 one, whose `etherType` is a length (below 0x600). */
export interface EthernetHeader {
  readonly dst: string
  readonly src: string
  readonly etherType: number
}

export interface EthernetLayer extends EthernetHeader, LayerPlace {
  readonly name: 'ethernet'
}

const layout: HeaderLayout<EthernetHeader> = headerLayout('ethernet', [
  ['dst', 48, 'mac'],
  ['src', 48, 'mac'],
  ['etherType', 16],
])

/** An Ethernet header to build; 02:00:00:00:00:01 to :02 if no addresses are given. */
export function ethernet(fields: Partial<EthernetHeader> = {}): HeaderBuilder {
  return {
    name: 'ethernet',
    lengthBytes: layout.lengthBytes,
    write: (frame, { offsetBytes, next }) =>
      layout.write(frame, offsetBytes, {
        dst: fields.dst ?? '02:00:00:00:00:02',
        src: fields.src ?? '02:00:00:00:00:01',
        etherType: fields.etherType ?? announced('ethernet', next, 'etherType', ETHERTYPE.LOCAL_EXPERIMENTAL),
      }),
  }
}

export const parseEthernet: HeaderParser<EthernetLayer> = (bytes, offsetBytes, endBytes) => {
  const { lengthBytes } = layout
  if (offsetBytes + lengthBytes > endBytes) return truncated('ethernet', offsetBytes, endBytes, lengthBytes)
  const layer = layout.read(bytes, offsetBytes, { name: 'ethernet', offsetBytes, lengthBytes } as const)
  if (layer.etherType >= ETHERTYPE.FIRST) return { layer, next: { by: 'etherType', value: layer.etherType } }
  const payloadOffset = offsetBytes + lengthBytes
  return {
    layer,
    endBytes: payloadOffset + layer.etherType,
    stop: { reason: 'unknown-protocol', message: 'IEEE 802.3 frame with LLC', offsetBytes: payloadOffset },
  }
}
