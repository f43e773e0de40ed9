import { ANCILLARY, type AncillaryName } from '../../ancillary-data.ts'
import { type Condition, not } from '../condition.ts'
import type { Generation } from './generation.ts'
import { type Field, fieldEquals } from './packet-field.ts'

/** The host's packet type for what it sends. */
const PACKET_OUTGOING = 4

/** Where cooked captures have it; others ask the kernel. */
const PACKET_TYPE_FIELDS: Readonly<Record<string, Field>> = {
  LINUX_SLL: ['link-header', 0, 2],
  LINUX_SLL2: ['link-header', 10, 1],
}

/** `inbound`, `outbound` */
export function isDirection(generation: Generation, kind: 'inbound' | 'outbound'): Condition {
  const field = PACKET_TYPE_FIELDS[generation.link.name] ?? ancillary('pkttype', 2)
  const outbound = fieldEquals(generation, field, PACKET_OUTGOING)
  return kind === 'outbound' ? outbound : not(outbound)
}

/** `ifindex 2` */
export function isInterface(generation: Generation, index: number): Condition {
  const field: Field = generation.link.name === 'LINUX_SLL2' ? ['link-header', 4, 4] : ancillary('ifindex', 4)
  return fieldEquals(generation, field, index)
}

function ancillary(name: AncillaryName, bytes: 2 | 4): Field {
  return ['link-header', ANCILLARY.find((row) => row.name === name)?.k ?? 0, bytes]
}
