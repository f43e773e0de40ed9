import { createHash } from 'node:crypto'
import type { XdpMode } from '@bpfoundry/device'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeEngine, frames, Testbench } from '../src/index.ts'
import { object, THOROUGH } from './fixtures.ts'

/** What a frame tells the program of the fixture `jumbo`. */
interface Orders {
  readonly verdict: number
  readonly offset: number
  readonly tail: number
  readonly head: number
  readonly lengthBytes: number
  /** Place of the checksum of the address that RSS spreads by; frames that are no IP go to queue 0. */
  readonly seed: number
}

const near = (...marks: readonly number[]): fc.Arbitrary<number> =>
  fc.tuple(fc.constantFrom(...marks), fc.integer({ min: -20, max: 20 })).map(([mark, off]) => mark + off)
const orders: fc.Arbitrary<Orders> = fc.record({
  verdict: fc.constantFrom(1, 2, 2, 2, 3, 3, 0, 9),
  offset: fc.oneof(near(60, 3072, 3520, 7616), fc.integer({ min: 40, max: 9000 })),
  tail: fc.oneof(fc.constantFrom(0, 0, 1, 100, 400), fc.integer({ min: -9000, max: 200 })),
  head: fc.constantFrom(0, 0, 4, -4, -40, -200),
  lengthBytes: fc.oneof(near(3072, 3520, 7616, 8994), fc.integer({ min: 60, max: 9014 })),
  seed: fc.integer({ min: 0, max: 255 }),
})

function frameOf({ verdict, offset, tail, head, lengthBytes, seed }: Orders): Uint8Array {
  const frame = Buffer.from(Uint8Array.from({ length: lengthBytes }, (_, n) => (n * 13) ^ (n >>> 8) ^ seed))
  frame.write('02000000000102000000000288b5', 'hex')
  frame.writeUInt32LE(verdict, 14)
  frame.writeUInt32LE(offset, 18)
  frame.writeInt32LE(tail, 22)
  frame.writeInt32LE(head, 26)
  return frame
}

/** Length, beginning and digest: what differs is to be told shortly. */
function shown(bytes: Uint8Array): string {
  const digest = createHash('sha1').update(bytes).digest('hex').slice(0, 12)
  return `${bytes.length} ${Buffer.from(bytes.subarray(14, 38)).toString('hex')} ${digest}`
}

interface Setup {
  readonly engine: string
  readonly mode: XdpMode
  readonly profile: string
  readonly threads?: boolean
}

async function play({ engine, mode, profile, threads = false }: Setup, list: readonly Orders[], program = 'jumbo') {
  const bench = await Testbench.create({ engine, threads })
  try {
    const nic = bench.addNic('eno1', { profile, ringSize: 32, mtu: 9000 })
    const objects = await bench.load(object(program))
    await nic.attachXdp(objects.program(), { mode })
    const [passed, sent]: [string[], string[]] = [[], []]
    const keep = (to: string[]) => (frame: { bytes: Uint8Array; offsetBytes: number; lengthBytes: number }) => {
      to.push(shown(frame.bytes.subarray(frame.offsetBytes, frame.offsetBytes + frame.lengthBytes)))
    }
    const report = await nic.receive(frames(list.map(frameOf)), { onPass: keep(passed), onTransmit: keep(sent) })
    const { pool, fill, returns } = nic.handle.queues[0] as { pool: number; fill: Ring; returns: Ring }
    const free = (bench.kernel.memory.u32[pool >>> 2] as number) + waiting(bench, fill) + waiting(bench, returns)
    expect(free).toBe(64)
    expect(report.warnings).toEqual([])
    return { fates: report.fates, insns: report.insns, passed, sent, stage: nic.nic.stageCounters(mode) }
  } finally {
    await bench.close()
  }
}

type Ring = { readonly address: number }
function waiting({ kernel }: Testbench, { address }: Ring): number {
  const { i32 } = kernel.memory
  return ((i32[address >>> 2] as number) - (i32[(address + 64) >>> 2] as number)) | 0
}

const COMPILED = ['wasm', 'x86-64'].filter((name) => {
  try {
    return describeEngine(name).obstacle === undefined
  } catch {
    return false
  }
})
if (!COMPILED.includes('x86-64'))
  console.log('skipped: long frames in machine code of x86-64, which this host does not run')

const lists = fc.array(orders, { minLength: 1, maxLength: 60 })
const RUNS = THOROUGH ? 40 : 5

/** What a test run says of the same frame: it has been judged by the running kernel. */
async function testRuns(list: readonly Orders[]): Promise<{ passed: string[]; sent: string[] }> {
  const bench = await Testbench.create({ engine: 'interpreter' })
  const program = (await bench.load(object('jumbo'))).program()
  const runs = list.map((one) => program.run({ data: frameOf(one) }))
  await bench.close()
  const of = (verdict: number): string[] =>
    runs.filter(({ retval }) => retval === verdict).map(({ data }) => shown(data))
  return { passed: of(2), sent: of(3) }
}

describe('frames over several buffers', () => {
  test('are to a native program what they are in a test run, on every engine', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(lists, async (list) => {
        const expected = await testRuns(list)
        const first = await play({ engine: 'interpreter', mode: 'native', profile: 'mlx5' }, list)
        expect({ passed: first.passed, sent: first.sent }).toEqual(expected)
        for (const engine of COMPILED) {
          expect(await play({ engine, mode: 'native', profile: 'mlx5' }, list)).toEqual(first)
        }
      }),
      { numRuns: RUNS },
    )
  })

  test.each([
    ['native', 'i40e'],
    ['native', 'virtio_net'],
    ['generic', 'ixgbe'],
    ['generic', 'mlx5'],
  ] as const)('are the same to every engine: %s on %s', { timeout: 60_000 }, async (mode, profile) => {
    await fc.assert(
      fc.asyncProperty(lists, async (list) => {
        const first = await play({ engine: 'interpreter', mode, profile }, list)
        for (const engine of COMPILED) expect(await play({ engine, mode, profile }, list)).toEqual(first)
        await play({ engine: 'wasm', mode, profile, threads: true }, list)
      }),
      { numRuns: THOROUGH ? 20 : 2 },
    )
  })

  test('are made linear for a generic program that does not know them, and passed as they came', async () => {
    const list = [60, 3000, 3073, 6000, 9014].map((lengthBytes) => ({
      verdict: 0,
      offset: 0,
      tail: 0,
      head: 0,
      lengthBytes,
      seed: 7,
    }))
    const whole = list.map((one) => shown(frameOf(one)))
    for (const engine of ['interpreter', ...COMPILED]) {
      const { passed, stage } = await play({ engine, mode: 'generic', profile: 'ixgbe' }, list, 'pass')
      expect(passed).toEqual(whole)
      expect(stage).toMatchObject({ skbExpansions: 5, skbLinearized: 3, skbCopies: 0 })
    }
  })
})

test('drivers refuse a large MTU to a program that does not know frags, in their own words', async () => {
  const bench = await Testbench.create()
  const pass = (await bench.load(object('pass'))).program()
  const jumbo = (await bench.load(object('jumbo'))).program()
  // biome-ignore format: table
  const rows = [
    ['i40e',       22, 'i40e: MTU too large for linear frames and XDP prog does not support frags', true],
    ['mlx5',       22, undefined,                                                                  true],
    ['virtio_net', 22, 'virtio_net: MTU too large to enable XDP without frags',                    true],
    ['veth',       34, 'veth: Peer MTU is too large to set XDP',                                   true],
    ['ixgbe',      22, undefined,                                                                  false],
  ] as const
  for (const [profile, errno, extack, takesFrags] of rows) {
    const nic = bench.addNic(profile, { profile, mtu: 9000, ringSize: 8 })
    await expect(nic.attachXdp(pass, { mode: 'native' }), profile).rejects.toMatchObject({ errno, extack })
    const attached = nic.attachXdp(jumbo, { mode: 'native' })
    if (takesFrags) await attached
    else await expect(attached, profile).rejects.toMatchObject({ errno, extack })
  }
  await bench.close()
})
