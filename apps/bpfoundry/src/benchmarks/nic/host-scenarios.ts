import { XDP_ACTION } from '@bpfoundry/kernel-abi'
import type { BenchObjects, WorkRequest } from '@bpfoundry/testbench'
import { fixturePath } from '../../fixture-path.ts'
import { addressFrame } from '../frames.ts'

/** A program with what it was measured with: the packet, and what is in its maps. */
interface Scenario {
  readonly object: string
  readonly program?: string
  /** 16 of one flow when absent. */
  readonly packets?: readonly Uint8Array[]
  readonly prepare?: (objects: BenchObjects) => void
  readonly verdict: number
}

/** 10.0.4.210 to 192.0.2.1, UDP port 80, 60 bytes without the check sequence; and one of 601 bytes. */
const FRAME = addressFrame(1234)
const LONG = Uint8Array.from({ length: 601 }, (_, at) => FRAME[at] ?? 0)
const same = (frame: Uint8Array): Uint8Array[] => new Array<Uint8Array>(16).fill(frame)
/** The load balancers' traffic: a thousand sources. */
const FLOWS: readonly Uint8Array[] = Array.from({ length: 1000 }, (_, flow) => addressFrame(flow * 7919))
const LOOPBACK = 1
const DESTINATION = Uint8Array.of(192, 0, 2, 1)

const { DROP, TX, REDIRECT } = XDP_ACTION
const published = (name: string): string => `programs/published/${name}.v2.o`
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** lo is on every machine; nothing is sent. */
const port = (index: number) => (objects: BenchObjects) => objects.map('ports').set(index, LOOPBACK)
const settings = (action: number, options: number) => (objects: BenchObjects) => {
  const words = Uint32Array.of(action, 0, options)
  objects.map('settings').set(0, new Uint8Array(words.buffer))
}
const memoryAccess = (action: number, touch: number) => (objects: BenchObjects) => {
  objects.map('action').set(0, action)
  objects.map('touch').set(0, touch)
}
const key = (bytes: number) => (objects: BenchObjects) => {
  const name = Uint8Array.from({ length: bytes }, (_, at) => (at === 0 ? 23 : 0))
  objects.map(`hash${bytes}`).set(name, 0)
}

/** A route of its own to the destination, with the neighbour known: what the sample enters for /32 routes. */
function hostRoute(objects: BenchObjects): void {
  port(LOOPBACK)(objects)
  objects.map('hosts').set(DESTINATION, hex('020000000006 0100 01000000 00000000 020000000005 0000'))
}

function tunnel(objects: BenchObjects): void {
  const service = Uint8Array.of(...DESTINATION, ...new Array<number>(12).fill(0), 0, 80, 2, 0, 17, 0, 0, 0)
  const to = new Uint8Array(40)
  to.set(hex('0a000001'), 0)
  to.set(hex('0a000002'), 16)
  to.set(hex('0200 020000000007'), 32)
  objects.map('services').set(service, to)
}

function balancer(objects: BenchObjects): void {
  objects
    .map('services')
    .set(Uint8Array.of(...DESTINATION, ...new Array<number>(12).fill(0), 0, 80, 17, 0), new Uint8Array(8))
  for (let slot = 0; slot < 4096; slot++) objects.map('rings').set(slot, (slot % 100) + 1)
}

const rxq = (action: number, options: number): Scenario => ({
  object: published('rxq_stats'),
  prepare: settings(action, options),
  verdict: action,
})
const memory = (action: number, touch: number): Scenario => ({
  object: published('memory_access'),
  prepare: memoryAccess(action, touch),
  verdict: action,
})
const sized = (name: string, sizes: readonly number[], row: (size: number) => Scenario): [string, Scenario][] =>
  sizes.map((size) => [`${name}${size}`, row(size)])

/** Programs of the published rows by the name that rows give them. */
// biome-ignore format: table
const SCENARIOS: ReadonlyMap<string, Scenario> = new Map<string, Scenario>([
  ['drop',          { object: 'programs/drop/drop.v2.o', verdict: DROP }],
  ['swap-tx',       { object: published('swap_tx'), verdict: TX }],
  ['swap-redirect', { object: published('swap_redirect'), prepare: port(0), verdict: REDIRECT }],
  ['parse-drop',    { object: published('parse_drop'), verdict: DROP }],
  ['parse-tx',      { object: published('parse_tx'), verdict: TX }],
  ['rxq-drop',      rxq(DROP, 0)],
  ['rxq-read',      rxq(DROP, 1)],
  ['rxq-tx',        rxq(TX, 2)],
  ['rxq-pass',      rxq(XDP_ACTION.PASS, 0)],
  ['memory-drop',   memory(DROP, 0)],
  ['memory-read',   memory(DROP, 1)],
  ['memory-tx',     memory(TX, 1)],
  ['too-big',       { object: published('too_big'), packets: same(LONG), verdict: TX }],
  ['router',        { object: published('cached_router'), prepare: hostRoute, verdict: REDIRECT }],
  ['firewall',      { object: published('flow_firewall'), prepare: port(2), verdict: REDIRECT }],
  ['balancer',      { object: published('flow_balancer'), packets: FLOWS, prepare: balancer, verdict: TX }],
  ['tunnel',        { object: published('ip_tunnel'), prepare: tunnel, verdict: TX }],
  ...sized('key', [1, 2, 4, 8, 16], (bytes) => ({ object: published('map_keys'), program: `key${bytes}`, prepare: key(bytes), verdict: DROP })),
  ...sized('checksums', [1, 10, 20, 30, 40], (times) => ({ object: published('checksums'), program: `checksums${times}`, verdict: DROP })),
])

/** What to count of a scenario, and the verdict that its packets must get. */
export function scenario(name: string): { readonly request: WorkRequest; readonly verdict: number } {
  const row = SCENARIOS.get(name)
  if (row === undefined) throw new Error(`no such scenario: ${name}`)
  const { object, program, packets = same(FRAME), prepare, verdict } = row
  const request = {
    object: fixturePath(object),
    // What the first packet of a flow enters, later ones find: the steady state is what was measured.
    warmUp: packets,
    packets,
    ...(program === undefined ? {} : { program }),
    ...(prepare === undefined ? {} : { prepare }),
  }
  return { request, verdict }
}
