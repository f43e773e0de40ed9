import { readdirSync, readFileSync } from 'node:fs'
import {
  attachNic,
  createDriverPoll,
  createNic,
  type DrainedFrame,
  linkPoll,
  NicWire,
  type Sink,
  type XdpMode,
} from '@bpfoundry/device'
import type { CompiledProgram, Engine } from '@bpfoundry/engine'
import { createInterpreter } from '@bpfoundry/interpreter'
import { createWasmEngine } from '@bpfoundry/jit-wasm'
import { Kernel } from '@bpfoundry/kernel'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { createNativeEngine, nativeEngineAvailable } from '@bpfoundry/native-exec'
import { createNfpCores, nfpCard } from '@bpfoundry/nfp'
import { readCapture } from '@bpfoundry/packet'
import { describe, expect, test } from 'vitest'
import { createObjects, readSpec } from '../src/index.ts'
import { stagesOf } from '../src/stages.ts'
import { fixture, object, THOROUGH } from './fixtures.ts'

const OPTIONS = { progArray: PROG_ARRAY_LAYOUT }
const native = nativeEngineAvailable()
if (!native.available) console.log(`skipped: machine code, ${native.reason}`)
const ENGINES: readonly Engine[] = [
  createWasmEngine(OPTIONS),
  ...(native.available ? [createNativeEngine(OPTIONS)] : []),
]
const interpreter = createInterpreter()

/** Objects, and the program to attach where one holds several. */
const PROGRAMS: readonly (readonly [object: string, program?: string | undefined, cpu?: string])[] = [
  ['adjust', 'annotate'],
  ['adjust', 'trim'],
  ['adjust', 'grow'],
  ['adjust', 'strip'],
  ['atomics'],
  ['blacklist'],
  ['blacklist_percpu'],
  ['calls'],
  ['drop'],
  ['global_calls'],
  ['l4lb'],
  ['loops'],
  ['lru_flows'],
  ['pass'],
  ['proto_counter'],
  ['rate_limiter'],
  ['router'],
  ['signed_math', undefined, 'v4'],
  ['tail_calls', 'dispatch'],
  ['tcp_only'],
  ['tx'],
]
const ALL_MODES: readonly (readonly [XdpMode, string, Sink])[] = [
  ['generic', 'ixgbe', 'capture'],
  ['native', 'ixgbe', 'capture'],
  ['native', 'veth', 'discard'],
  ['offload', 'agilio-cx-2x10', 'discard'],
]

const MODES = ALL_MODES.filter(([mode]) => THOROUGH || mode !== 'generic')
if (!THOROUGH) console.log('skipped: the compiled receive loop in generic mode; CI=1 compares it, too')

const FRAMES: readonly Uint8Array[] = readdirSync(fixture('captures'))
  .filter((name) => /\.(pcap|pcapng)$/.test(name))
  .flatMap((name) => [...readCapture(readFileSync(fixture(`captures/${name}`)), { name })])
  .map(({ data }) => data)

interface Setup {
  readonly engine: Engine
  /** Whether poll programs handle the packets, or JavaScript does, one by one. */
  readonly polls: boolean
}

/** Everything that a run leaves behind, of a program on every frame of every capture. */
function run(
  [name, program, version]: (typeof PROGRAMS)[number],
  [mode, profile, sink]: (typeof MODES)[number],
  { engine, polls }: Setup,
): unknown {
  const kernel = Kernel.create({ engine })
  const cpu = kernel.cpus[0] as NonNullable<(typeof kernel.cpus)[0]>
  const options = { profile, queues: 2, cpus: 1, ringSize: 128, txRingSize: 16, txSink: sink, stackSink: sink }
  const handle = createNic(kernel.memory, { ...options, name: 'eno1', ifindex: 2 })
  kernel.addNetDevice({ ifindex: 2, name: 'eno1', rxQueues: 2 })
  const card = handle.profile.offload === undefined ? undefined : nfpCard(handle.profile.offload)
  const cores = card === undefined ? undefined : createNfpCores(kernel.memory, 'eno1', card)
  const objects = createObjects(kernel, readSpec(object(name, version)), name)
  if (name === 'router') {
    objects.map('routes').set({ bits: 0, addr: '0.0.0.0' }, new Uint8Array(16))
    objects.map('ports').set(0, 2)
  }
  if (name.startsWith('blacklist')) objects.map('blocked').set('10.0.0.1', 0)
  const { image } = objects.program(program).kernelProgram
  const linked = polls ? linkPoll(image, { prefetches: engine.prefetches === true }) : undefined
  if (linked !== undefined) kernel.runtime.install(engine.translate(linked))
  const nic = attachNic(kernel.memory, handle)
  const wire = new NicWire(kernel.memory, handle)
  nic.setProgram(mode, image.id)
  let asked = 0
  const driver = createDriverPoll({
    memory: kernel.memory,
    nic: handle,
    cpu,
    programs: (id) => kernel.runtime.program(id),
    polls: (id): CompiledProgram | undefined => {
      asked++
      return id === image.id && linked !== undefined ? kernel.runtime.program(linked.id) : undefined
    },
    stages: stagesOf({ handle, ...(cores === undefined ? {} : { cores }) }),
  })
  const out: string[] = []
  const take =
    (way: string) =>
    ({ bytes, offsetBytes, lengthBytes, packetIndex, metaBytes, timestampNs }: DrainedFrame): void => {
      const data = Buffer.from(bytes.slice(offsetBytes - metaBytes, offsetBytes + lengthBytes)).toString('hex')
      out.push(`${way} ${packetIndex} at ${timestampNs} meta ${metaBytes}: ${data}`)
    }
  for (const [n, frame] of FRAMES.entries()) {
    wire.deliver(frame, 0, frame.length, 1000 * n)
    if (n % 50 !== 49 && n !== FRAMES.length - 1) continue
    while (driver.pollAll() > 0);
    wire.drainStack(take('stack'))
    wire.drainTx(take('tx'))
  }
  expect(asked).toBeGreaterThan(0)
  expect(driver.fault()).toBeUndefined()
  return {
    out,
    fates: nic.fates(),
    stage: nic.stageCounters(mode),
    queues: handle.queues.map(({ index }) => nic.queueCounters(index)),
    port: nic.portCounters(),
    invalid: nic.invalidAction(),
    maps: Object.entries(objects.maps).map(([map, contents]) => [map, [...contents.kernelMap.entries()]]),
    threads: cores === undefined ? [] : [...kernel.memory.f64.slice(cores.address >>> 3, (cores.address >>> 3) + 64)],
  }
}

describe.each(MODES)(
  '%s on %s, %s: the compiled receive loop does what JavaScript does packet by packet',
  (...mode) => {
    test.each(PROGRAMS.map((program) => ({ program, name: program.slice(0, 2).join(' ') })))('$name', ({ program }) => {
      const expected = run(program, mode, { engine: interpreter, polls: false })
      for (const engine of ENGINES) expect(run(program, mode, { engine, polls: true }), engine.name).toEqual(expected)
    })
  },
)
