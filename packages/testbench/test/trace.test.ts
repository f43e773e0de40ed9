import {
  attachNic,
  createDriverPoll,
  createNic,
  type DrainedFrame,
  NicWire,
  TracePlayer,
  WOULD_BLOCK,
  wireImage,
} from '@bpfoundry/device'
import type { Engine } from '@bpfoundry/engine'
import { createInterpreter } from '@bpfoundry/interpreter'
import { createWasmEngine } from '@bpfoundry/jit-wasm'
import { Kernel } from '@bpfoundry/kernel'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { createNativeEngine, nativeEngineAvailable } from '@bpfoundry/native-exec'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { frames, pktgen, prepared, Testbench, type Traffic } from '../src/index.ts'
import { dealOut } from '../src/trace-feeder.ts'
import { WorkerControl } from '../src/worker-control.ts'
import { object } from './fixtures.ts'

const OPTIONS = { progArray: PROG_ARRAY_LAYOUT }
const native = nativeEngineAvailable()
if (!native.available) console.log(`skipped: machine code, ${native.reason}`)
const ENGINES: readonly Engine[] = [
  createInterpreter(),
  createWasmEngine(OPTIONS),
  ...(native.available ? [createNativeEngine(OPTIONS)] : []),
]

const open: Testbench[] = []
afterEach(async () => {
  for (const bench of open.splice(0)) await bench.close()
})

async function benchOf(options: Parameters<typeof Testbench.create>[0]): Promise<Testbench> {
  const bench = await Testbench.create(options)
  open.push(bench)
  return bench
}

/** Frames of many lengths, too short and too long ones among them, as they come up the stack of a card. */
function received(engine: Engine, traffic: () => Traffic, way: 'played' | 'offered'): unknown {
  const kernel = Kernel.create({ engine, cpus: 2 })
  const handle = createNic(kernel.memory, {
    name: 'eno1',
    ifindex: 2,
    profile: 'mlx5',
    queues: 3,
    cpus: 2,
    ringSize: 16,
  })
  const wire = new NicWire(kernel.memory, handle)
  const out: string[] = []
  const take = ({ bytes, offsetBytes, lengthBytes, ...rest }: DrainedFrame): void => {
    const { packetIndex, timestampNs, rssHash, queue, cpu, ingressIfindex, metaBytes } = rest
    const data = Buffer.from(bytes.slice(offsetBytes, offsetBytes + lengthBytes)).toString('hex')
    const words = [packetIndex, timestampNs, rssHash, queue, cpu, ingressIfindex, metaBytes]
    out.push(`${String(packetIndex).padStart(6)} ${words.join(' ')} ${data}`)
  }
  const polls = kernel.cpus.map((cpu) =>
    createDriverPoll({ memory: kernel.memory, nic: handle, cpu, programs: () => undefined, stages: [] }),
  )
  const step = (): void => {
    for (const poll of polls) poll.pollAll()
    wire.drainStack(take)
  }
  if (way === 'offered') {
    const each = traffic()
    while (each.next()) {
      while (wire.offer(each.bytes, each.offsetBytes, each.lengthBytes, each.timestampNs) === WOULD_BLOCK) step()
    }
    step()
  } else {
    const program = kernel.runtime.install(engine.translate(wireImage()))
    const wireProgram = engine.compiles === false ? {} : { wire: program }
    const trace = dealOut(kernel.memory, wire, traffic())
    const play = trace?.play(traffic().count ?? 0)
    if (trace === undefined || play === undefined) throw new Error('not dealt out')
    const players = kernel.cpus.map(
      (cpu) => new TracePlayer({ memory: kernel.memory, nic: handle, cpu, trace: play.handle, ...wireProgram }),
    )
    while (players.some((player) => player.left > 0)) {
      for (const player of players) player.play(7)
      step()
    }
    play.finish()
    trace.close()
  }
  const nic = attachNic(kernel.memory, handle)
  return { out: out.sort(), fates: nic.fates(), mac: nic.macCounters(), next: wire.nextPacket }
}

describe('a trace played by the CPUs is the traffic that the wire would deliver', () => {
  // Packets that the MAC refuses have no number when they are offered: without them both count alike.
  const GOOD = 'size=60-1514,src=10.0.0.0/8,dst=192.0.2.1,proto=udp'
  test.each(ENGINES.map((engine) => ({ engine, name: engine.name })))('$name', ({ engine }) => {
    for (const count of [1, 40, 100, 103]) {
      const traffic = (): Traffic => prepared(pktgen(GOOD), 41, count)
      expect(received(engine, traffic, 'played')).toEqual(received(engine, traffic, 'offered'))
    }
  })

  test.each(ENGINES.map((engine) => ({ engine, name: engine.name })))(
    '$name: refused frames count as often as they come',
    ({ engine }) => {
      const list = [60, 5, 1514, 1600, 60, 0, 3000, 70].map((length) => new Uint8Array(length))
      for (const count of [8, 20, 27]) {
        const traffic = (): Traffic => prepared(frames(list), list.length, count)
        const [played, offered] = (['played', 'offered'] as const).map(
          (way) => received(engine, traffic, way) as { fates: unknown; mac: unknown },
        )
        expect({ fates: played?.fates, mac: played?.mac }).toEqual({ fates: offered?.fates, mac: offered?.mac })
      }
    },
  )
})

describe('every packet of a played trace has one fate', () => {
  test.each([false, true])('whatever the sizes, on every engine (threads: %s)', async (threads) => {
    // Starting threads takes longer than all runs together.
    for (const { name } of threads ? ENGINES.slice(-1) : ENGINES) {
      const bench = await benchOf({ cpus: 2, threads, engine: name })
      const objects = await bench.load(object('blacklist'))
      objects.map('blocked').set('10.0.0.1', 0)
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 300 }),
          fc.integer({ min: 1, max: 3000 }),
          fc.integer({ min: 1, max: 4 }),
          fc.constantFrom('capture', 'discard'),
          async (frameCount, packets, queues, sink) => {
            const sinks = { stackSink: sink, txSink: sink } as const
            const nic = bench.addNic(`eno${bench.nics.length}`, { profile: 'ixgbe', queues, ringSize: 32, ...sinks })
            await nic.attachXdp(objects.program(), { mode: 'native' })
            const dealt = nic.deal(prepared(pktgen('src=10.0.0.0/22,dst=192.0.2.1'), frameCount, frameCount))
            let passed = 0
            const options = { onPass: () => void passed++ }
            const [first, second] = [await nic.replay(dealt, packets, options), await nic.replay(dealt, packets)]
            dealt.close()
            expect(first.fates.in).toBe(packets)
            expect(second.fates).toEqual(first.fates)
            expect(first.fates.pass + first.fates.drop).toBe(packets)
            if (sink === 'capture') expect(passed).toBe(first.fates.pass)
          },
        ),
        { numRuns: threads ? 3 : 6 },
      )
    }
  })

  test.each([false, true])('also when it is stopped in its middle (threads: %s)', async (threads) => {
    const bench = await benchOf({ cpus: 2, threads, engine: 'wasm' })
    const nic = bench.addNic('eno1', { profile: 'ixgbe', stackSink: 'discard' })
    const stop = new AbortController()
    const traffic = prepared(pktgen('src=10.0.0.0/8'), 100, 1e12)
    const report = await nic.receive(traffic, {
      signal: stop.signal,
      onProgress: (delivered) => {
        if (delivered > 5000) stop.abort()
      },
    })
    expect(report.interrupted).toBe(true)
    expect(report.fates.in).toBeGreaterThan(5000)
    expect(report.fates.pass).toBe(report.fates.in)
  })

  test('endless traffic is fed, and can not be dealt out', async () => {
    const bench = await benchOf({})
    const nic = bench.addNic('eno1', { profile: 'ixgbe' })
    expect(() => nic.deal(pktgen('src=10.0.0.0/8'))).toThrow(/TESTBENCH_TRAFFIC|dealt out/)
  })
})

test('nobody polls behind a closed gate: who wants to is told, and who does is seen', () => {
  const kernel = Kernel.create({ cpus: 2 })
  const { control } = WorkerControl.allocate(kernel.memory, 2)
  expect(control.enter(0)).toBe(true)
  control.gated = true
  expect([control.busy(0), control.busy(1)]).toEqual([true, false])
  expect(control.enter(1)).toBe(false)
  expect(control.busy(1)).toBe(false)
  control.leave(0)
  expect(control.busy(0)).toBe(false)
  control.gated = false
  expect(control.enter(1)).toBe(true)
})
