import type { SteppedCpus } from '@bpfoundry/testbench'
import type { Deployment } from '../schema/deployment.ts'
import type { Stage } from '../stage/host-stage.ts'
import { Cable, type CableEnd } from './cable.ts'
import { CardCores } from './card-cores.ts'
import { HostCpu } from './host-cpu.ts'
import { Port } from './port.ts'
import { Station } from './station.ts'
import type { World } from './world.ts'

/** Everything that packets go through, in modelled time. */
export interface Network {
  readonly ports: ReadonlyMap<string, Port>
  readonly stations: ReadonlyMap<string, Station>
  readonly cables: ReadonlyMap<string, Cable>
  /** By host, then by number. */
  readonly cpus: ReadonlyMap<string, readonly HostCpu[]>
  /** Of cards that run programs themselves, by `host.card`. */
  readonly cores: ReadonlyMap<string, CardCores>
  /** Who polls each host's queues; must be ended. */
  readonly stepped: ReadonlyMap<string, SteppedCpus>
}

/** Puts a stage's ports, CPUs and cables together. */
export function buildNetwork(world: World, stage: Stage, { links, stations: described }: Deployment): Network {
  const ports = new Map([...stage.interfaces.values()].map((staged) => [staged.path, new Port(world, staged)]))
  const stations = new Map(Object.keys(described).map((name) => [name, new Station(world, name)]))
  const cpus = new Map<string, readonly HostCpu[]>()
  const cores = new Map<string, CardCores>()
  const stepped = new Map<string, SteppedCpus>()
  for (const host of stage.hosts.values()) {
    const own = [...ports.values()].filter(({ staged }) => staged.host === host.name)
    const team = host.bench.stepCpus()
    const hostCpus = host.bench.kernel.cpus.map(({ id }) => new HostCpu(world, { id, host, cpus: team, ports: own }))
    stepped.set(host.name, team)
    cpus.set(host.name, hostCpus)
    for (const port of own) {
      port.neighbours = own
      if (port.staged.nic.handle.profile.offload === undefined) {
        port.poller = { wake: (_port, queue) => hostCpus[queue.cpu]?.wake() }
        continue
      }
      const card =
        cores.get(port.staged.card) ?? new CardCores(world, { card: port.staged.card, host, cpus: team, hostCpus })
      cores.set(port.staged.card, card)
      port.poller = card
    }
  }
  return { ports, stations, cables: cables(world, links, ports, stations), cpus, cores, stepped }
}

function cables(
  world: World,
  links: Deployment['links'],
  ports: ReadonlyMap<string, Port>,
  stations: ReadonlyMap<string, Station>,
): Map<string, Cable> {
  const made = new Map<string, Cable>()
  for (const [name, { between, rate, latency, buffer }] of Object.entries(links)) {
    const ends = between.map((end) => ports.get(end) ?? stations.get(end)) as [Port | Station, Port | Station]
    const options = { name, bitsPerSecond: rate, latencyNs: latency, buffer }
    const cable = new Cable(world, options, ends as [CableEnd, CableEnd])
    ends[0].out = cable.directions[0]
    ends[1].out = cable.directions[1]
    made.set(name, cable)
  }
  return made
}
