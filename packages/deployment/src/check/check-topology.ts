import type { DeploymentNames, ReadableSections } from './deployment-names.ts'
import type { Findings } from './findings.ts'

/** Checks cables: their ends, ports with two of them, rings. */
export function checkTopology(sections: ReadableSections, names: DeploymentNames, findings: Findings): void {
  const { links, hosts, stations, traffic } = sections
  if (links === undefined || hosts === undefined || stations === undefined) return
  const taken = new Map<string, string>()
  const rings = new Rings()
  for (const [link, { between }] of Object.entries(links)) {
    const ends = between.map((end, side) => checkEnd(end, ['links', link, 'between', side], names, findings))
    if (ends.includes(false)) continue
    if (between[0] === between[1]) {
      findings.add(
        'DEPLOYMENT_LINK',
        ['links', link, 'between'],
        `link ${link} is cyclic: both ends are ${between[0]}`,
        { hint: 'a cable has two different ends' },
      )
      continue
    }
    const twice = between.findIndex((end) => taken.has(end))
    if (twice >= 0) {
      const end = between[twice] as string
      const kind = names.stations.has(end) ? 'station' : 'port'
      findings.add(
        'DEPLOYMENT_LINK',
        ['links', link, 'between', twice],
        `${kind} ${end} has a cable already: ${taken.get(end)}`,
        {
          got: end,
          hint:
            kind === 'port'
              ? 'a port takes one cable: give the card more ports, or the host another card'
              : 'describe another station',
        },
      )
      continue
    }
    for (const end of between) taken.set(end, link)
    const [one, other] = between.map((end) => end.split('.')[0] as string) as [string, string]
    const ring = rings.add(link, one, other)
    if (ring === undefined || sections.loops === 'allow') continue
    findings.add('DEPLOYMENT_LINK', ['links', link], `links form a ring: ${ring.join(' - ')}`, {
      got: link,
      hint: 'take one of them out, or set loops: allow (packets then end after hopLimit cards)',
      atKey: true,
    })
  }
  for (const [name, { from }] of Object.entries(traffic ?? {})) {
    if (!names.stations.has(from) || taken.has(from)) continue
    findings.add('DEPLOYMENT_LINK', ['traffic', name, 'from'], `station ${from} has no cable`, {
      got: from,
      hint: `add a link between ${from} and a port`,
    })
  }
}

function checkEnd(
  end: string,
  path: readonly (string | number)[],
  names: DeploymentNames,
  findings: Findings,
): boolean {
  if (names.stations.has(end) || names.interfaces.has(end)) return true
  findings.unknown(
    path,
    end.includes('.') ? 'interface' : 'station',
    end,
    end.includes('.') ? [...names.interfaces.keys()] : [...names.stations],
  )
  return false
}

/** Finds rings among cables: a cable whose ends were connected before closes one. */
class Rings {
  readonly #neighbours = new Map<string, { readonly link: string; readonly to: string }[]>()

  /** @returns the cables of the ring that this one closes */
  add(link: string, one: string, other: string): string[] | undefined {
    const way = one === other ? [] : this.#way(one, other)
    this.#of(one).push({ link, to: other })
    this.#of(other).push({ link, to: one })
    return way === undefined ? undefined : [...way, link]
  }

  #of(name: string): { readonly link: string; readonly to: string }[] {
    const known = this.#neighbours.get(name)
    if (known !== undefined) return known
    const made: { readonly link: string; readonly to: string }[] = []
    this.#neighbours.set(name, made)
    return made
  }

  /** Breadth first, so that the ring told is a short one. */
  #way(from: string, to: string): string[] | undefined {
    const ways = new Map<string, string[]>([[from, []]])
    const queue = [from]
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const way = ways.get(name) as string[]
      if (name === to) return way
      for (const next of this.#of(name)) {
        if (ways.has(next.to)) continue
        ways.set(next.to, [...way, next.link])
        queue.push(next.to)
      }
    }
    return undefined
  }
}
