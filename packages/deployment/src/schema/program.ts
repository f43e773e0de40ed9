import type { BtfValue } from '@bpfoundry/btf'
import { XDP_MODES, type XdpMode } from '@bpfoundry/device'
import { z } from 'zod'
import { named, reference } from './name.ts'
import { count } from './quantity.ts'

/** One element of a map. */
export interface MapElement {
  readonly key: BtfValue
  readonly value: BtfValue
}

/** An element for each address of a prefix. */
export interface AddressElements {
  readonly prefix: string
  readonly value: BtfValue
}

/** What is in a map before the first packet. */
export interface MapDescription {
  readonly maxEntries?: number | undefined
  readonly pin?: string | undefined
  readonly entries: readonly MapElement[]
  readonly file?: string | undefined
  readonly addresses?: AddressElements | undefined
}

/** A place where a program is attached. */
export interface AttachDescription {
  readonly to: string
  readonly mode: XdpMode
  readonly fallback?: 'native' | 'generic' | undefined
  readonly optional: boolean
}

/** An object file loaded into one host's kernel. */
export interface ProgramDescription {
  readonly host: string
  readonly object: string
  readonly program?: string | undefined
  readonly constants: Readonly<Record<string, BtfValue>>
  readonly maps: Readonly<Record<string, MapDescription>>
  readonly attach: readonly AttachDescription[]
}

const VALUE =
  'a number, an address, a list or an object, by the BTF of the map; `ifindex(eth1)` stands for an interface of the host'

const valueSchema: z.ZodType<BtfValue> = z
  .lazy(() =>
    z.union([z.number(), z.boolean(), z.string(), z.array(valueSchema), z.record(z.string(), valueSchema)], {
      error: 'no value of a map: a number, a text, a list or an object',
    }),
  )
  .meta({ description: VALUE })

export const elementSchema: z.ZodType<MapElement> = z
  .strictObject({
    key: valueSchema.meta({ description: `key: ${VALUE}` }),
    value: valueSchema.default(1).meta({ description: `value, 1 when absent: ${VALUE}` }),
  })
  .meta({ description: 'One element of a map.' })

export const addressesSchema: z.ZodType<AddressElements> = z
  .strictObject({
    prefix: z.string().meta({ description: 'IPv4 prefix, `10.0.0.0/22`' }),
    value: valueSchema.default(0).meta({ description: `value of each, 0 when absent: ${VALUE}` }),
  })
  .meta({ description: 'an element for each address of a prefix' })

const mapSchema: z.ZodType<MapDescription> = z
  .strictObject({
    maxEntries: count('another number of elements than the object says', 2 ** 31).optional(),
    pin: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: 'programs of a host whose maps have the same pin share one map' })
      .optional(),
    entries: z.array(elementSchema).default([]).meta({ description: 'elements' }),
    file: z
      .string()
      .min(1)
      .meta({ description: 'file with an element a line: `KEY [VALUE]`; beside the deployment' })
      .optional(),
    addresses: addressesSchema.optional(),
  })
  .meta({ description: 'Contents of a map before the first packet.' })

const attachSchema: z.ZodType<AttachDescription> = z
  .strictObject({
    to: reference('interface of the host'),
    mode: z.enum(XDP_MODES).meta({ description: 'where XDP runs' }),
    fallback: z
      .enum(['native', 'generic'])
      .meta({ description: 'mode to take when the card refuses, also when its firmware changes' })
      .optional(),
    optional: z.boolean().default(false).meta({ description: 'a refusal is an event of the report, not an error' }),
  })
  .meta({ description: 'An interface and a mode.' })

export const programSchema: z.ZodType<ProgramDescription> = z
  .strictObject({
    host: reference('host whose kernel loads it'),
    object: z.string().min(1).meta({ description: 'BPF object file; relative to the deployment' }),
    program: z
      .string()
      .min(1)
      .meta({ description: 'function to attach; needed when the object holds several' })
      .optional(),
    constants: named(valueSchema, 'global variables set before loading (`const volatile`)').default({}),
    maps: named(mapSchema, 'maps by name: contents, size, pin').default({}),
    attach: z.array(attachSchema).default([]).meta({ description: 'where it is attached from the start' }),
  })
  .meta({ description: 'An object file, loaded once; all places where it is attached share its maps.' })
