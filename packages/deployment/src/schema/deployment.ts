import { z } from 'zod'
import { type ExpectationDescription, expectationSchema } from './expectation.ts'
import { type FaultDescription, faultSchema } from './fault.ts'
import { type HostDescription, hostSchema } from './host.ts'
import { type LinkDescription, linkSchema, type StationDescription, stationSchema } from './link.ts'
import { named } from './name.ts'
import { type ProgramDescription, programSchema } from './program.ts'
import { duration } from './quantity.ts'
import { type TrafficDescription, trafficSchema } from './traffic.ts'

/** Names of engines, whether this host runs them or not. */
const ENGINES = ['interpreter', 'wasm', 'x86-64', 'arm64', 'nfp', 'auto'] as const

/** A deployment as its file describes it, complete with defaults. Times are nanoseconds of modelled time. */
export interface Deployment {
  readonly version: 1
  readonly name: string
  readonly description?: string | undefined
  readonly seed: number
  readonly engine: (typeof ENGINES)[number]
  readonly duration?: number | undefined
  readonly loops: 'refuse' | 'allow'
  readonly hopLimit: number
  readonly hosts: Readonly<Record<string, HostDescription>>
  readonly stations: Readonly<Record<string, StationDescription>>
  readonly links: Readonly<Record<string, LinkDescription>>
  readonly programs: Readonly<Record<string, ProgramDescription>>
  readonly traffic: Readonly<Record<string, TrafficDescription>>
  readonly faults: readonly FaultDescription[]
  readonly expect: readonly ExpectationDescription[]
}

/** Sections of a file, each with its schema. */
// biome-ignore format: table
export const SECTIONS: Readonly<Record<keyof Deployment, z.ZodType>> = {
  version:     z.literal(1).meta({ description: 'version of this format' }),
  name:        z.string().min(1).max(100).meta({ description: 'for reports' }),
  description: z.string().max(2000).meta({ description: 'for reports' }).optional(),
  seed:        z.number().int().min(0).max(0xffffffff).default(1).meta({ description: 'of everything that is drawn at random' }),
  engine:      z.enum(ENGINES).default('wasm').meta({ description: 'what runs the programs, with the same result; `nfp`: a card’s own words on simulated cores' }),
  duration:    duration('when traffic ends, if it has not ended before; what is under way arrives').optional(),
  loops:       z.enum(['refuse', 'allow']).default('refuse').meta({ description: 'rings of cables, in which packets could go round' }),
  hopLimit:    z.number().int().min(1).max(255).default(16).meta({ description: 'cards that a packet may go through' }),
  hosts:       named(hostSchema, 'machines by name').default({}),
  stations:    named(stationSchema, 'far ends of cables by name').default({}),
  links:       named(linkSchema, 'cables by name').default({}),
  programs:    named(programSchema, 'object files by a name of yours').default({}),
  traffic:     named(trafficSchema, 'sources of packets by name').default({}),
  faults:      z.array(faultSchema).max(1000).default([]).meta({ description: 'what happens while it runs' }),
  expect:      z.array(expectationSchema).max(1000).default([]).meta({ description: 'what has to be true at the end' }),
}

export const deploymentSchema: z.ZodType<Deployment> = z.strictObject(SECTIONS).meta({
  title: 'bpfoundry deployment',
  description: 'Hosts, cards, cables, programs, traffic, faults and expectations.',
}) as unknown as z.ZodType<Deployment>
