import { XDP_MODES, type XdpMode } from '@bpfoundry/device'
import { z } from 'zod'
import { type FirmwareChoice, firmwareSchema } from './host.ts'
import { reference } from './name.ts'
import { type AddressElements, addressesSchema, elementSchema, type MapElement } from './program.ts'
import { count, duration } from './quantity.ts'

interface At<Kind extends string> {
  readonly fault: Kind
  readonly at: number
}

/** A cable breaks, or is whole again. */
export interface LinkFault extends At<'link-down' | 'link-up'> {
  readonly link: string
  readonly for?: number | undefined
}

/** Packets of a traffic all at once, as fast as its cable takes them. */
export interface BurstFault extends At<'burst'> {
  readonly traffic: string
  readonly packets: number
}

/** CPUs of a host poll nothing for a time: rings fill. */
export interface StallFault extends At<'stall'> {
  readonly host: string
  readonly cpu?: number | undefined
  readonly for: number
}

/** Another program takes an interface over, or none does. */
export interface ProgramFault extends At<'replace-program'> {
  readonly on: string
  readonly mode: XdpMode
  readonly with: string
}

export interface DetachFault extends At<'detach-program'> {
  readonly on: string
  readonly mode: XdpMode
}

/** Elements are set from outside. */
export interface SetMapFault extends At<'set-map'> {
  readonly program: string
  readonly map: string
  readonly entries: readonly MapElement[]
  readonly addresses?: AddressElements | undefined
}

/** A map is filled to its last element with keys drawn at random. */
export interface FillMapFault extends At<'fill-map'> {
  readonly program: string
  readonly map: string
}

/** A card starts again with another firmware: its program has to be loaded anew. */
export interface FirmwareFault extends At<'firmware'> {
  readonly card: string
  readonly firmware: FirmwareChoice
}

/** A card is pulled out. */
export interface RemoveCardFault extends At<'remove-card'> {
  readonly card: string
}

/** An interface gets another MTU. */
export interface MtuFault extends At<'set-mtu'> {
  readonly on: string
  readonly mtu: number
}

/** What happens to a deployment while it runs. */
export type FaultDescription =
  | LinkFault
  | BurstFault
  | StallFault
  | ProgramFault
  | DetachFault
  | SetMapFault
  | FillMapFault
  | FirmwareFault
  | RemoveCardFault
  | MtuFault

const at = duration('when')
const on = reference('interface, `host.interface`')
const mode = z.enum(XDP_MODES).meta({ description: 'hook' })
const map = { program: reference('entry of `programs` that the map is of'), map: reference('map') }
const card = reference('card, `host.card`')
const link = { at, link: reference('link') }
const back = duration('time until it is whole again; for good when absent').optional()

// biome-ignore format: table
const KINDS = [
  z.strictObject({ fault: z.literal('link-down'), ...link, for: back })
    .meta({ description: 'A cable breaks: what is on it, and what is sent into it, is lost.' }),
  z.strictObject({ fault: z.literal('link-up'), ...link })
    .meta({ description: 'A cable is whole again.' }),
  z.strictObject({ fault: z.literal('burst'), at, traffic: reference('traffic'), packets: count('packets', 1e7) })
    .meta({ description: 'Packets of a traffic all at once, as fast as its cable takes them, beside its usual ones.' }),
  z.strictObject({ fault: z.literal('stall'), at, host: reference('host'), cpu: z.number().int().min(0).max(63).meta({ description: 'one CPU; all when absent' }).optional(), for: duration('how long') })
    .meta({ description: 'CPUs poll nothing for a time: rings fill and overflow.' }),
  z.strictObject({ fault: z.literal('replace-program'), at, on, mode, with: reference('entry of `programs`') })
    .meta({ description: 'Another program is attached, under traffic.' }),
  z.strictObject({ fault: z.literal('detach-program'), at, on, mode })
    .meta({ description: 'The program of a hook is detached.' }),
  z.strictObject({ fault: z.literal('set-map'), at, ...map, entries: z.array(elementSchema).default([]).meta({ description: 'elements' }), addresses: addressesSchema.optional() })
    .meta({ description: 'Elements of a map are set.' }),
  z.strictObject({ fault: z.literal('fill-map'), at, ...map })
    .meta({ description: 'A map is filled to its last element, with keys drawn at random: programs can add none.' }),
  z.strictObject({ fault: z.literal('firmware'), at, card, firmware: firmwareSchema })
    .meta({ description: 'A card starts again with another firmware; its program is loaded anew, or refused.' }),
  z.strictObject({ fault: z.literal('remove-card'), at, card })
    .meta({ description: 'A card is pulled out: programs, rings and cables of it are gone.' }),
  z.strictObject({ fault: z.literal('set-mtu'), at, on, mtu: z.number().int().min(68).max(65_535).meta({ description: 'MTU in bytes' }) })
    .meta({ description: 'An interface gets another MTU, if its driver lets it.' }),
] as const satisfies readonly z.ZodObject[]

export const faultSchema: z.ZodType<FaultDescription> = z.discriminatedUnion('fault', [...KINDS])
