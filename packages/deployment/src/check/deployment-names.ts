import type { Deployment } from '../schema/deployment.ts'
import type { CardDescription } from '../schema/host.ts'

/** A port of a card, as the host sees it. */
export interface InterfaceName {
  /** `edge.eth0`. */
  readonly path: string
  readonly host: string
  readonly card: string
  /** `eth0`, or `eth0p1` of a card with several ports. */
  readonly name: string
  readonly port: number
  readonly description: CardDescription
}

/** Sections of a file that could be read; others are left out. */
export type ReadableSections = { readonly [Section in keyof Deployment]?: Deployment[Section] | undefined }

/** Every name that a deployment gives to something. */
export interface DeploymentNames {
  readonly hosts: ReadonlySet<string>
  readonly stations: ReadonlySet<string>
  /** `host.card`. */
  readonly cards: ReadonlySet<string>
  /** By `host.interface`. */
  readonly interfaces: ReadonlyMap<string, InterfaceName>
  readonly links: ReadonlySet<string>
  readonly programs: ReadonlySet<string>
  readonly traffic: ReadonlySet<string>
  /** Where packets can end well: stations, and hosts for what goes up their stacks. */
  readonly receivers: ReadonlySet<string>
}

/** Names of a deployment, or of what could be read of one. */
export function namesOf(sections: ReadableSections): DeploymentNames {
  const { hosts = {}, stations = {}, links = {}, programs = {}, traffic = {} } = sections
  const interfaces = interfaceNames(hosts)
  const names = (section: object): ReadonlySet<string> => new Set(Object.keys(section))
  return {
    hosts: names(hosts),
    stations: names(stations),
    cards: new Set(interfaces.map(({ host, card }) => `${host}.${card}`)),
    interfaces: new Map(interfaces.map((row) => [row.path, row])),
    links: names(links),
    programs: names(programs),
    traffic: names(traffic),
    receivers: new Set([...Object.keys(stations), ...Object.keys(hosts)]),
  }
}

function interfaceNames(hosts: Deployment['hosts']): InterfaceName[] {
  return Object.entries(hosts).flatMap(([host, { cards }]) =>
    Object.entries(cards).flatMap(([card, description]) =>
      Array.from({ length: description.ports }, (_, port) => {
        const name = description.ports === 1 ? card : `${card}p${port}`
        return { path: `${host}.${name}`, host, card, name, port, description }
      }),
    ),
  )
}
