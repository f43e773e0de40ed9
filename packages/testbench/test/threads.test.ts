import type { XdpMode } from '@bpfoundry/device'
import { describe, expect, test } from 'vitest'
import { pktgen, Testbench } from '../src/index.ts'
import { object, THOROUGH } from './fixtures.ts'

/** Programs without races between CPUs: counters are atomic or per CPU, and with fixed ports a source stays on one queue. */
/** The program to attach, where an object holds several. */
const ENTRY: Readonly<Record<string, string>> = { tail_calls: 'dispatch' }
const ALL_PROGRAMS = [
  'blacklist',
  'blacklist_percpu',
  'proto_counter',
  'tcp_only',
  'loops',
  'tail_calls',
  'rate_limiter',
  'l4lb',
]

/** The short form takes every second one. */
const PROGRAMS = ALL_PROGRAMS.filter((_, index) => THOROUGH || index % 2 === 0)
if (!THOROUGH) console.log('skipped: threads against turns with every second program; CI=1 runs them all')

const TRAFFIC =
  'rate=1000000,src=10.0.0.0/22,dst=192.0.2.1,proto=udp,sport=1000,dport=9,size=60,weight=2;proto=tcp,src=10.1.0.0/24,weight=1'

async function run(name: string, mode: XdpMode, threads: boolean, engine = 'interpreter'): Promise<unknown> {
  const bench = await Testbench.create({ cpus: 2, threads, engine })
  const profile = mode === 'offload' ? 'agilio-cx-2x10' : 'ixgbe'
  const nic = bench.addNic('eno1', { profile, queues: 4, ringSize: 128, stackSink: 'discard', txSink: 'discard' })
  const objects = await bench.load(object(name))
  for (const [mapName, map] of Object.entries(objects.maps)) {
    if (mapName === 'blocked') for (let host = 0; host < 256; host += 3) map.set(`10.0.0.${host}`, 0)
  }
  await nic.attachXdp(objects.program(ENTRY[name]), { mode })
  const report = await nic.receive(pktgen(`count=${THOROUGH ? 8000 : 3000},${TRAFFIC}`))
  const maps = Object.fromEntries(Object.entries(objects.maps).map(([mapName, map]) => [mapName, [...map.entries()]]))
  const { fates, cpus, insns, helperCalls, counters, warnings } = report
  await bench.close()
  return { fates, cpus, insns, helperCalls, counters, warnings, maps: sorted(maps) }
}

/** Hash maps list their elements in an order that depends on which CPU inserted first. */
function sorted(maps: Record<string, unknown[]>): Record<string, string[]> {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}n` : item))
  return Object.fromEntries(Object.entries(maps).map(([name, entries]) => [name, entries.map(text).sort()]))
}

describe.each(PROGRAMS)('%s', (name) => {
  test.each(['generic', 'native'] as const)(
    'threads give the fates and the maps of one thread in turn, %s',
    async (mode) => {
      expect(await run(name, mode, true)).toEqual(await run(name, mode, false))
    },
  )
})

test('offload: threads give the fates and the maps of one thread in turn', async () => {
  expect(await run('blacklist', 'offload', true)).toEqual(await run('blacklist', 'offload', false))
})

test.each(['blacklist', 'tail_calls', 'rate_limiter'])(
  '%s: the fastest engine in threads gives what the interpreter gives in turn',
  async (name) => {
    expect(await run(name, 'native', true, 'auto')).toEqual(await run(name, 'native', false))
  },
)
