import type { ExpectationDescription } from '../schema/expectation.ts'
import type { FaultDescription } from '../schema/fault.ts'
import type { SourcePath } from '../source/source-document.ts'
import type { DeploymentNames, ReadableSections } from './deployment-names.ts'
import type { Findings } from './findings.ts'

/** What a field of a fault or expectation names. */
type Reference = 'hosts' | 'cards' | 'interfaces' | 'links' | 'programs' | 'traffic' | 'receivers'

const WORDS: Readonly<Record<Reference, string>> = {
  hosts: 'host',
  cards: 'card',
  interfaces: 'interface',
  links: 'link',
  programs: 'program',
  traffic: 'traffic',
  receivers: 'station or host',
}

// biome-ignore format: table
const FAULT_FIELDS: Readonly<Record<FaultDescription['fault'], Readonly<Record<string, Reference>>>> = {
  'link-down':       { link: 'links' },
  'link-up':         { link: 'links' },
  'burst':           { traffic: 'traffic' },
  'stall':           { host: 'hosts' },
  'replace-program': { on: 'interfaces', with: 'programs' },
  'detach-program':  { on: 'interfaces' },
  'set-map':         { program: 'programs' },
  'fill-map':        { program: 'programs' },
  'firmware':        { card: 'cards' },
  'remove-card':     { card: 'cards' },
  'set-mtu':         { on: 'interfaces' },
}

// biome-ignore format: table
const EXPECTATION_FIELDS: Readonly<Record<ExpectationDescription['check'], Readonly<Record<string, Reference>>>> = {
  fate:      { of: 'interfaces' },
  delivered: { traffic: 'traffic', to: 'receivers' },
  rate:      { at: 'receivers' },
  latency:   { at: 'receivers' },
  map:       { program: 'programs' },
  counter:   { of: 'interfaces' },
  log:       {},
}

/** Sections that a kind of name comes from: without them nothing can be said about it. */
const FROM: Readonly<Record<Reference, readonly (keyof ReadableSections)[]>> = {
  hosts: ['hosts'],
  cards: ['hosts'],
  interfaces: ['hosts'],
  links: ['links'],
  programs: ['programs'],
  traffic: ['traffic'],
  receivers: ['stations', 'hosts'],
}

/** Checks that every name in a file is one that it gives. */
export function checkReferences(sections: ReadableSections, names: DeploymentNames, findings: Findings): void {
  const check = (path: SourcePath, kind: Reference, name: unknown): void => {
    if (typeof name !== 'string' || FROM[kind].some((section) => sections[section] === undefined)) return
    findings.known(path, WORDS[kind], name, names[kind])
  }
  checkNameClash(names, findings)
  for (const [name, { host, attach }] of Object.entries(sections.programs ?? {})) {
    check(['programs', name, 'host'], 'hosts', host)
    for (const [index, { to }] of attach.entries()) {
      if (names.hosts.has(host))
        check(['programs', name, 'attach', index, 'to'], 'interfaces', to.includes('.') ? to : `${host}.${to}`)
    }
  }
  for (const [name, { from }] of Object.entries(sections.traffic ?? {})) {
    if (sections.stations !== undefined) findings.known(['traffic', name, 'from'], 'station', from, names.stations)
  }
  for (const [index, fault] of (sections.faults ?? []).entries()) {
    for (const [field, kind] of Object.entries(FAULT_FIELDS[fault.fault]))
      check(['faults', index, field], kind, (fault as unknown as Record<string, unknown>)[field])
  }
  for (const [index, expectation] of (sections.expect ?? []).entries()) {
    for (const [field, kind] of Object.entries(EXPECTATION_FIELDS[expectation.check])) {
      check(['expect', index, field], kind, (expectation as unknown as Record<string, unknown>)[field])
    }
  }
}

/** Stations and hosts are both receivers: one name for both would tell nothing. */
function checkNameClash(names: DeploymentNames, findings: Findings): void {
  for (const name of names.stations) {
    if (!names.hosts.has(name)) continue
    findings.add('DEPLOYMENT_SCHEMA', ['stations', name], `a station and a host have the same name: ${name}`, {
      got: name,
      hint: 'rename the station',
      atKey: true,
    })
  }
}
