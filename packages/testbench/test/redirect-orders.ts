import type { XdpEvent, XdpMode } from '@bpfoundry/device'
import fc from 'fast-check'
import { type BenchNic, type BenchSocket, frames, type RunReport, Testbench, type XdpTrace } from '../src/index.ts'
import { object } from './fixtures.ts'

/** What a packet tells the programs of the fixture `redirects`. */
export interface Orders {
  readonly verdict: number
  readonly map: number
  readonly key: number
  readonly flags: number
  readonly leave: number
  readonly arrive: number
  readonly onward: number
  /** Last byte of the source address: RSS spreads by it. */
  readonly source: number
  readonly lengthBytes: number
}

const verdict = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 4, arbitrary: fc.constant(4) },
)
export const orders: fc.Arbitrary<Orders> = fc.record({
  verdict: fc.oneof({ weight: 20, arbitrary: verdict }, { weight: 1, arbitrary: fc.integer({ min: 5, max: 255 }) }),
  map: fc.integer({ min: 0, max: 5 }),
  key: fc.integer({ min: 0, max: 9 }),
  flags: fc.constantFrom(0, 0, 0, 1, 2, 3, 8, 8, 24, 24, 16, 32),
  leave: fc.constantFrom(2, 2, 2, 1, 0, 3, 7),
  arrive: fc.constantFrom(2, 2, 2, 4, 1, 0, 3),
  onward: fc.integer({ min: 0, max: 3 }),
  source: fc.integer({ min: 1, max: 60 }),
  lengthBytes: fc.constantFrom(60, 60, 64, 300, 1400),
})

const ETHERNET = '020000000001020000000002 0800'.replace(' ', '')

/** The frame that gives these orders. */
export function frameOf(one: Orders): Uint8Array {
  const frame = Buffer.alloc(one.lengthBytes)
  frame.write(ETHERNET, 'hex')
  frame.set([0x45, 0, 0, one.lengthBytes - 14, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, one.source, 192, 0, 2, 1], 14)
  frame.set([one.verdict, one.map, one.key, one.flags, one.leave, one.arrive, one.onward, 0], 42)
  return frame
}

export interface BedOptions {
  readonly engine: string
  readonly mode: XdpMode
  readonly profile: string
  readonly threads?: boolean
  readonly traced?: boolean
  readonly cpus?: number
}

export interface Bed {
  readonly bench: Testbench
  readonly nic: BenchNic
  readonly others: readonly BenchNic[]
  readonly sockets: readonly BenchSocket[]
  readonly trace: XdpTrace | undefined
}

function target(value: number, fd: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setUint32(0, value, true)
  new DataView(bytes.buffer).setInt32(4, fd, true)
  return bytes
}

/** Three cards, four kinds of maps between them, two sockets. */
export async function bed({
  engine,
  mode,
  profile,
  threads = false,
  traced = false,
  cpus = 2,
}: BedOptions): Promise<Bed> {
  const bench = await Testbench.create({ cpus, engine, threads })
  const nic = bench.addNic('eno1', { profile, queues: 2, ringSize: 64 })
  const others = ['eno2', 'eno3'].map((name) =>
    bench.addNic(name, { profile: 'mlx5', queues: 2, ringSize: 4, txRingSize: 64 }),
  )
  const objects = await bench.load(object('redirects'))
  const [leave, arrive] = ['leave', 'arrive'].map((name) => objects.program(name).kernelProgram.fd) as [number, number]
  const [two, three] = others.map(({ ifindex }) => ifindex) as [number, number]
  const { ports, groups, cpus: cpumap, sockets: xskmap } = objects.maps
  for (const [key, ifindex, fd] of [
    [0, two, 0],
    [1, three, leave],
    [2, nic.ifindex, 0],
    [4, three, 0],
  ] as const) {
    ports?.set(key, target(ifindex, fd))
  }
  for (const [key, ifindex, fd] of [
    [5, two, 0],
    [9, three, leave],
    [7, nic.ifindex, 0],
  ] as const) {
    groups?.set(key, target(ifindex, fd))
  }
  for (const [key, qsize, fd] of [
    [0, 6, 0],
    [1, 32, arrive],
  ] as const)
    cpumap?.set(key, target(qsize, fd))
  const sockets = [nic.openXsk({ queue: 0 }), nic.openXsk({ queue: 1, rxRing: 4, fillRing: 8, chunks: 8 })]
  for (const [key, socket] of sockets.entries()) xskmap?.set(key, socket.fd)
  await nic.attachXdp(objects.program('choose'), { mode })
  const pass = await bench.load(object('pass'))
  for (const other of others) await other.attachXdp(pass.program(), { mode: 'native' })
  return { bench, nic, others, sockets, trace: traced ? bench.traceXdp() : undefined }
}

/** What one run did, as data that can be compared. */
export interface Outcome {
  readonly report: RunReport
  readonly passed: readonly string[]
  readonly sent: readonly string[]
  readonly received: readonly (readonly string[])[]
  readonly events: readonly XdpEvent[]
  readonly copies: number
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export async function play({ nic, sockets, trace }: Bed, list: readonly Orders[]): Promise<Outcome> {
  const passed: string[] = []
  const sent: string[] = []
  let copies = 0
  const report = await nic.receive(frames(list.map(frameOf)), {
    onPass: ({ bytes, offsetBytes, lengthBytes, cpu }) => {
      passed.push(`${cpu} ${hex(bytes.subarray(offsetBytes, offsetBytes + lengthBytes))}`)
    },
    onTransmit: ({ bytes, offsetBytes, lengthBytes, copy }, { name }) => {
      if (copy) copies++
      sent.push(`${name}${copy ? ' copy' : ''} ${hex(bytes.subarray(offsetBytes, offsetBytes + lengthBytes))}`)
    },
  })
  return {
    report,
    passed,
    sent,
    received: sockets.map((socket) => socket.receive().map(hex)),
    events: trace?.events ?? [],
    copies,
  }
}
