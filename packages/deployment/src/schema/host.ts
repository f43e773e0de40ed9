import { NIC_PROFILES } from '@bpfoundry/device'
import { z } from 'zod'
import { named } from './name.ts'
import { clock, duration } from './quantity.ts'

/** What a firmware may lack: capabilities as the driver asks for them. */
export const FIRMWARE_CAPABILITIES = [
  'mapLookup',
  'mapUpdate',
  'mapDelete',
  'perfEventOutput',
  'adjustHead',
  'adjustTail',
  'pseudoRandom',
  'queueSelect',
  'liveReload',
] as const

/** One of {@link FIRMWARE_CAPABILITIES}. */
export type FirmwareCapability = (typeof FIRMWARE_CAPABILITIES)[number]

/** A firmware of a card that runs programs. */
export interface FirmwareChoice {
  readonly name: 'bpf' | 'corenic'
  readonly without: readonly FirmwareCapability[]
}

/** A card in a host. */
export interface CardDescription {
  readonly profile: string
  readonly ports: number
  readonly queues?: number | undefined
  readonly ringSize?: number | undefined
  readonly txRingSize?: number | undefined
  readonly mtu?: number | undefined
  readonly firmware?: FirmwareChoice | undefined
}

/** A machine. */
export interface HostDescription {
  readonly cpus: number
  readonly clock?: number | undefined
  readonly wakeup: number
  readonly cards: Readonly<Record<string, CardDescription>>
}

const whole = (least: number, most: number, description: string): z.ZodNumber =>
  z.number().int().min(least).max(most).meta({ description })

const ringSize = (description: string): z.ZodType<number> =>
  whole(2, 65_536, description).refine((size) => (size & (size - 1)) === 0, 'not a power of two')

export const firmwareSchema: z.ZodType<FirmwareChoice> = z
  .strictObject({
    name: z
      .enum(['bpf', 'corenic'])
      .default('bpf')
      .meta({ description: 'bpf: as it was shipped; corenic: the published one, map look-ups only' }),
    without: z.array(z.enum(FIRMWARE_CAPABILITIES)).default([]).meta({ description: 'capabilities that it lacks' }),
  })
  .meta({ description: 'Firmware of a card that runs programs itself.' })

const cardSchema: z.ZodType<CardDescription> = z
  .strictObject({
    profile: z.enum([...NIC_PROFILES.keys()]).meta({ description: 'card and driver' }),
    ports: whole(1, 8, 'ports; with more than one the interfaces are `<card>p0`, `<card>p1` ...').default(1),
    queues: whole(1, 1024, 'receive queues of a port; one a CPU when absent').optional(),
    ringSize: ringSize('receive descriptors of a queue, a power of two; the driver’s default when absent').optional(),
    txRingSize: ringSize('transmit descriptors of a CPU, a power of two; enough for all when absent').optional(),
    mtu: whole(68, 65_535, 'MTU in bytes; 1500 when absent').optional(),
    firmware: firmwareSchema.optional(),
  })
  .meta({ description: 'A card, by its place in the host: `hosts.edge.cards.eth0` is the interface `edge.eth0`.' })

export const hostSchema: z.ZodType<HostDescription> = z
  .strictObject({
    cpus: whole(1, 64, 'emulated CPUs; queue q is polled by CPU q % cpus').default(1),
    clock: clock('clock of the CPUs; costs are scaled to it. The clock of the measurements when absent').optional(),
    wakeup: duration('from a packet in an empty ring to the first poll: interrupt and scheduling').default(0),
    cards: named(cardSchema, 'cards by name').default({}),
  })
  .meta({ description: 'A machine with CPUs and cards.' })
