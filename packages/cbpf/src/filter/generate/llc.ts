import { nearestNames } from '@bpfoundry/diagnostics'
import { and, type Condition, comparison, not } from '../condition.ts'
import { OP } from '../opcodes.ts'
import type { Generation } from './generation.ts'
import { hasLength, RAW_IPX } from './link-protocol.ts'
import { constant, fieldEquals, loadField } from './packet-field.ts'

/** The control field tells the type of a frame. */
const CONTROL_AT = 2

/** Types of frames of IEEE 802.2: what the control field has in the bits of the mask. Those of one format come together. */
// biome-ignore format: table
const FRAME_TYPES: Readonly<Record<string, readonly [value: number, mask: number]>> = {
  s:    [0x01, 0x03], rr: [0x01, 0x0f], rnr:  [0x05, 0x0f], rej:   [0x09, 0x0f],
  u:    [0x03, 0x03], ui: [0x03, 0xef], disc: [0x43, 0xef], ua:    [0x63, 0xef], sabme: [0x6f, 0xef],
  frmr: [0x87, 0xef], xid: [0xaf, 0xef], test: [0xe3, 0xef],
}
/** Information frames are those without this bit. */
const NO_INFORMATION_BIT = 0x01

/** `llc`, `llc rr`: a frame with a header of IEEE 802.2, of this type where one is told. */
export function isLlc(generation: Generation, type: string | undefined): Condition {
  if (type === undefined) return hasLlcHeader(generation)
  if (type === 'i') return and(hasLlcHeader(generation), isInformation(generation))
  const row = Object.hasOwn(FRAME_TYPES, type) ? FRAME_TYPES[type] : undefined
  if (row === undefined) {
    throw generation.unknownName(
      `unknown LLC type name "${type}"`,
      nearestNames(type, ['i', ...Object.keys(FRAME_TYPES)]),
    )
  }
  return and(hasLlcHeader(generation), fieldEquals(generation, ['llc', CONTROL_AT, 1], ...row))
}

function isInformation(generation: Generation): Condition {
  return not(comparison(OP.JSET_K, NO_INFORMATION_BIT, loadField(generation, 'llc', CONTROL_AT, 1)))
}

/** On Ethernet, what has a length, and is no frame of Novell's. */
function hasLlcHeader(generation: Generation): Condition {
  const { typeField, description } = generation.link
  if (typeField === 'llc') return constant(true)
  if (typeField !== 'ethernet') throw generation.error(`'llc' not supported for ${description}`)
  return and(hasLength(generation), not(fieldEquals(generation, ['llc', 0, 2], RAW_IPX)))
}
