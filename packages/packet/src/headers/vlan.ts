import { announced, type HeaderBuilder } from '../header-builder.ts'
import { type HeaderLayout, headerLayout } from '../header-layout.ts'
import { type HeaderParser, type LayerPlace, truncated } from '../header-parser.ts'
import { ETHERTYPE } from '../protocol-numbers.ts'

/** The four bytes of a VLAN tag behind the EtherType that announces it (IEEE 802.1Q). */
export interface VlanHeader {
  readonly priority: number
  readonly dropEligible: boolean
  readonly id: number
  readonly etherType: number
}

export interface VlanLayer extends VlanHeader, LayerPlace {
  readonly name: 'vlan'
}

/** A tag to build. */
export interface VlanFields extends Partial<VlanHeader> {
  readonly id: number
  /** The EtherType in front: 0x8100 if absent; the outer tag of QinQ (802.1ad) has 0x88a8. */
  readonly tagProtocol?: number
}

const layout: HeaderLayout<VlanHeader> = headerLayout('vlan', [
  ['priority', 3],
  ['dropEligible', 1],
  ['id', 12],
  ['etherType', 16],
])

export function vlan(fields: VlanFields): HeaderBuilder {
  return {
    name: 'vlan',
    lengthBytes: layout.lengthBytes,
    etherType: fields.tagProtocol ?? ETHERTYPE.VLAN,
    write: (frame, { offsetBytes, next }) =>
      layout.write(frame, offsetBytes, {
        priority: fields.priority ?? 0,
        dropEligible: fields.dropEligible ?? false,
        id: fields.id,
        etherType: fields.etherType ?? announced('vlan', next, 'etherType', ETHERTYPE.LOCAL_EXPERIMENTAL),
      }),
  }
}

export const parseVlan: HeaderParser<VlanLayer> = (bytes, offsetBytes, endBytes) => {
  const { lengthBytes } = layout
  if (offsetBytes + lengthBytes > endBytes) return truncated('vlan', offsetBytes, endBytes, lengthBytes)
  const layer = layout.read(bytes, offsetBytes, { name: 'vlan', offsetBytes, lengthBytes } as const)
  return { layer, next: { by: 'etherType', value: layer.etherType } }
}
