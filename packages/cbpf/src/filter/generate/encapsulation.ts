import { and, type Condition, or } from '../condition.ts'
import type { Encapsulation } from '../language/syntax-tree.ts'
import { ETHER_TYPE } from '../names/ether-types.ts'
import type { Generation } from './generation.ts'
import { carries } from './link-protocol.ts'
import { type Field, fieldEquals } from './packet-field.ts'

/** The number of a tag, label or session. */
interface NumberField {
  readonly most: number
  readonly word: string
  readonly field: Field
  readonly mask: number
  readonly shift: number
}

/** What `vlan`, `mpls` and `pppoes` test, and how they move the headers of all primitives behind them. */
interface EncapsulationRow {
  readonly test: (generation: Generation) => Condition
  readonly number: NumberField
  readonly enter: (generation: Generation) => void
}

// biome-ignore format: table
const ROWS: Readonly<Record<Encapsulation, EncapsulationRow>> = {
  vlan: {
    test: vlanTag,
    number: { most: 0x0fff, word: 'VLAN tag', field: ['llc', 0, 2], mask: 0x0fff, shift: 0 },
    enter: (generation) => generation.enterVlan(),
  },
  mpls: {
    test: mplsLabel,
    number: { most: 0xfffff, word: 'MPLS label', field: ['network', 0, 4], mask: 0xfffff000, shift: 12 },
    enter: (generation) => generation.enterMpls(),
  },
  pppoes: {
    test: (generation) => carries(generation, ETHER_TYPE.pppoes),
    number: { most: 0xffff, word: 'PPPoE session number', field: ['network', 0, 4], mask: 0x0000ffff, shift: 0 },
    enter: (generation) => generation.enterPppoe(),
  },
}

/** `vlan 100`: the encapsulation, with this number where one is given; what comes behind is about what is inside. */
export function encapsulated(generation: Generation, kind: Encapsulation, number: number | undefined): Condition {
  const {
    test,
    number: { most, word, field, mask, shift },
    enter,
  } = ROWS[kind]
  let condition = test(generation)
  if (number !== undefined) {
    if (number > most) throw generation.error(`${word} ${number} greater than maximum ${most}`)
    condition = and(condition, fieldEquals(generation, field, (number << shift) >>> 0, mask))
  }
  enter(generation)
  return condition
}

function vlanTag(generation: Generation): Condition {
  if (generation.mplsLabels > 0) throw generation.error('no VLAN match after MPLS')
  if (generation.link.name !== 'EN10MB') throw generation.error(`no VLAN support for ${generation.link.description}`)
  const customer = carries(generation, ETHER_TYPE.vlan)
  const service = carries(generation, ETHER_TYPE.serviceVlan)
  return or(or(customer, service), carries(generation, ETHER_TYPE.stackedVlan))
}

/** The number of PPP for MPLS. */
const PPP_MPLS = 0x0281

/** Of a label below another: that the other is not the last. */
function mplsLabel(generation: Generation): Condition {
  if (generation.mplsLabels > 0) return fieldEquals(generation, ['previous-mpls-label', 2, 1], 0, 0x01)
  if (generation.link.name === 'EN10MB') return carries(generation, ETHER_TYPE.mpls)
  if (generation.link.name === 'PPP') return carries(generation, PPP_MPLS)
  throw generation.error(`no MPLS support for ${generation.link.description}`)
}
