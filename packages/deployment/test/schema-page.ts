import type { JsonSchema } from '../src/index.ts'

/** docs/deployments.md, made from the schema: what a deployment file can say. */
export function schemaPage(schema: JsonSchema): string {
  const { properties = {}, required = [] } = schema
  const sections = SECTIONS.map(({ title, about, at }) => `## ${title}\n\n${about}\n\n${table(at(properties))}`)
  const kinds = [
    kindsSection(
      'Faults',
      'fault',
      'An entry of `faults`. What is refused stands in the log of the report; a fault never ends a run.',
      properties['faults'],
    ),
    kindsSection(
      'Expectations',
      'check',
      'An entry of `expect`, with `min`, `max` or `equals`. `line` and verdict of each are in every report.',
      properties['expect'],
    ),
  ]
  return `${INTRO}\n## The file\n\n${table({ properties, required })}\n\n${[...sections, ...kinds].join('\n\n')}\n\n${FATES}`
}

const INTRO = `# Deployments

<!-- made from the schema: BLESS=1 npx vitest run packages/deployment/test/schema-page.test.ts -->

\`bpfoundry deploy FILE.yaml\` runs hosts, cards, cables, programs, traffic and faults in **modelled time** and says what
became of every packet. Examples: [fixtures/deployments](../fixtures/deployments). For completion in an editor begin a
file with \`# yaml-language-server: $schema=.../docs/deployment.schema.json\` ([the schema](deployment.schema.json), or
\`bpfoundry deploy --schema\`).

\`\`\`yaml
version: 1
name: a filter in front of a server
hosts:
  server: {cards: {eth0: {profile: agilio-cx-2x10}}}
stations:
  internet: {}
links:
  uplink: {between: [internet, server.eth0], rate: 10 Gbps, latency: 5 us}
programs:
  blacklist:
    host: server
    object: ../fixtures/programs/blacklist/blacklist.v3.o
    maps: {blocked: {entries: [{key: 10.0.0.1, value: 0}]}}
    attach: [{to: eth0, mode: offload, fallback: native}]
traffic:
  flood: {from: internet, generate: {rate: 5 Mpps, count: 10k, src: 10.0.0.1}}
expect:
  - {check: fate, of: server.eth0, fate: drop, equals: 100%}
\`\`\`

Quantities have units: times \`5 ms\` (ns, us, ms, s), bit rates \`10 Gbps\`, packet rates \`1.5 Mpps\`, clocks \`3.6 GHz\`,
numbers \`100k\`. Paths are relative to the file. YAML anchors, aliases and merge keys (\`<<\`) work. Every error is told
with line, column and a hint, all at once.
`

const FATES = `## What becomes of packets

Every packet has one end: a fate at a card (\`pass\`, \`drop\`, \`aborted\`, \`ring_full\` ...; \`tx\` and \`redirect\` send it on), or on
its way: \`received\` by a station, \`host_ring_full\` (passed by the card's cores, but the host had no descriptor), \`link_lost\`
and \`link_overflow\` on a cable, \`unconnected\` out of a port without one, \`hop_limit\`, \`card_removed\`, \`in_flight\` when the run
was stopped. The sum is the number of packets sent and copies made; a run where it is not fails.

How long things take comes from a \`CostModel\` (published measurements by default) and stands in the report with its
sources. It is another clock than that of the host which simulates: the same file gives the same report everywhere, but
for \`wall\`.
`

interface SectionRow {
  readonly title: string
  readonly about: string
  readonly at: (properties: Readonly<Record<string, JsonSchema>>) => JsonSchema
}

const named = (schema: JsonSchema | undefined): JsonSchema => (schema?.additionalProperties ?? {}) as JsonSchema
const inside = (schema: JsonSchema | undefined, key: string): JsonSchema => schema?.properties?.[key] ?? {}
const item = (schema: JsonSchema | undefined): JsonSchema => (schema?.items ?? {}) as JsonSchema

// biome-ignore format: table
const SECTIONS: readonly SectionRow[] = [
  { title: 'Hosts', about: 'An entry of `hosts`, by name.', at: (p) => named(p['hosts']) },
  { title: 'Cards', about: 'An entry of `cards` in a host, by name: `hosts.edge.cards.eth0` is the interface `edge.eth0`.', at: (p) => named(inside(named(p['hosts']), 'cards')) },
  { title: 'Firmware', about: 'What a card runs: `firmware` of a card, and of the fault.', at: (p) => inside(named(inside(named(p['hosts']), 'cards')), 'firmware') },
  { title: 'Links', about: 'An entry of `links`, by name. A port takes one cable.', at: (p) => named(p['links']) },
  { title: 'Programs', about: 'An entry of `programs`, by a name of yours.', at: (p) => named(p['programs']) },
  { title: 'Maps', about: 'An entry of `maps` in a program, by the name of the map. Values follow the BTF of the object: numbers, addresses, objects; `ifindex(eth1)` is the number of an interface of the host.', at: (p) => named(inside(named(p['programs']), 'maps')) },
  { title: 'Attachments', about: 'An entry of `attach` in a program.', at: (p) => item(inside(named(p['programs']), 'attach')) },
  { title: 'Traffic', about: 'An entry of `traffic`, by name; one of `generate` and `capture`.', at: (p) => named(p['traffic']) },
  { title: 'Generators', about: '`generate` of a traffic. The fields from `weight` on are those of a stream; entries of `streams` have them, too.', at: (p) => inside(named(p['traffic']), 'generate') },
  { title: 'Captures', about: '`capture` of a traffic.', at: (p) => inside(named(p['traffic']), 'capture') },
]

function kindsSection(title: string, discriminator: string, about: string, schema: JsonSchema | undefined): string {
  const kinds = item(schema).oneOf ?? item(schema).anyOf ?? []
  const parts = kinds.map((kind) => {
    const name = String(kind.properties?.[discriminator]?.const)
    return `### ${discriminator}: ${name}\n\n${kind.description}\n\n${table(kind, discriminator)}`
  })
  return `## ${title}\n\n${about}\n\n${parts.join('\n\n')}`
}

function table({ properties = {}, required = [] }: JsonSchema, without = ''): string {
  const rows = Object.entries(properties)
    .filter(([key]) => key !== without)
    .map(([key, schema]) => [`\`${key}\``, kindText(schema), needText(schema, required.includes(key)), meaning(schema)])
  return aligned([['key', 'value', 'default', 'meaning'], ...rows])
}

function kindText(schema: JsonSchema): string {
  if (schema.quantity !== undefined) return schema.quantity
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum !== undefined)
    return schema.enum.length > 7 ? 'a name, see below' : schema.enum.map((one) => `\`${one}\``).join(', ')
  return TYPES[String(schema.type)] ?? 'text or number'
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'section',
  array: 'list',
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true, false',
}

function needText(schema: JsonSchema, required: boolean): string {
  if (schema.default !== undefined && typeof schema.default !== 'object') return `\`${schema.default}\``
  return required ? 'required' : ''
}

function meaning({ description = '', enum: names = [] }: JsonSchema): string {
  return names.length > 7 ? `${description}: ${names.map((name) => `\`${name}\``).join(', ')}` : description
}

/** Cells that hold a bar would end theirs. */
function aligned(rows: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]): string => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...body.map(line)].join('\n')
}
