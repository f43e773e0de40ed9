import { readFileSync } from 'node:fs'
import { XDP_ACTION } from '@bpfoundry/kernel-abi'
import { Collection, loadCollectionSpec } from '@bpfoundry/loader'
import { afterEach, describe, expect, it, type TestContext } from 'vitest'
import { CollectionKernel, type OracleLoadedMap, type OracleLoadedProgram } from '../src/index.ts'
import { oracleOrSkip } from './oracle.ts'

const FOLDER = new URL('../../../fixtures/programs/', import.meta.url)
const { ABORTED, DROP, PASS, TX, REDIRECT } = XDP_ACTION
const TCP = 6
const UDP = 17

type Loaded = Collection<OracleLoadedMap, OracleLoadedProgram>
const opened: Loaded[] = []
afterEach(() => {
  for (const collection of opened.splice(0)) collection.close()
})

function open(ctx: TestContext, name: string, mcpu: string = 'v3'): Loaded {
  const oracle = oracleOrSkip(ctx)
  const spec = loadCollectionSpec(new Uint8Array(readFileSync(new URL(`${name}/${name}.${mcpu}.o`, FOLDER))), { name })
  for (const map of spec.maps.values()) map.maxEntries = Math.min(map.maxEntries, 1024)
  const kernel = new CollectionKernel(oracle)
  try {
    const collection = Collection.create(spec, { kernel })
    opened.push(collection)
    return collection
  } finally {
    kernel[Symbol.dispose]()
  }
}

function run(collection: Loaded, program: string, dataIn: Uint8Array): { retval: number; dataOut: Uint8Array } {
  const loaded = collection.programs.get(program)
  if (loaded === undefined) throw new Error(`no program ${program}`)
  const answer = loaded.testRun({ dataIn })
  expect(answer.errno).toBe(0)
  return answer
}

function map(collection: Loaded, name: string): OracleLoadedMap {
  const found = collection.maps.get(name)
  if (found === undefined) throw new Error(`no map ${name}`)
  return found
}

/** Ethernet, IPv4 without options, and what follows; the length field counts what is there. */
function ipv4(protocol: number, payload: readonly number[], { ttl = 64, padding = 0 } = {}): Uint8Array {
  const length = 20 + payload.length
  const header = [0x45, 0, length >> 8, length & 0xff, 0, 1, 0, 0, ttl, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
  const words = header.flatMap((_, at) => (at % 2 === 0 ? [((header[at] ?? 0) << 8) | (header[at + 1] ?? 0)] : []))
  const sum = words.reduce((total, word) => total + word, 0)
  const check = ~((sum & 0xffff) + (sum >> 16)) & 0xffff
  header.splice(10, 2, check >> 8, check & 0xff)
  return Uint8Array.of(...DEST, ...SOURCE, 8, 0, ...header, ...payload, ...new Array<number>(padding).fill(0))
}

const DEST = [2, 0, 0, 0, 0, 1]
const SOURCE = [2, 0, 0, 0, 0, 2]
const PORTS = [0x30, 0x39, 0x00, 0x50]
const UDP_FRAME = ipv4(UDP, [...PORTS, 0, 8, 0, 0, 1, 2, 3, 4])
const tcp = (options: readonly number[], flags: number = 2): Uint8Array =>
  ipv4(TCP, [...PORTS, 0, 0, 0, 1, 0, 0, 0, 0, ((20 + options.length) / 4) << 4, flags, 4, 0, 0, 0, 0, 0, ...options])
const key = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)
const number = (value: Uint8Array | undefined, at: number = 0): number =>
  value === undefined ? Number.NaN : Number(new DataView(value.buffer, value.byteOffset).getBigUint64(at, true))
const sumOverCpus = (value: Uint8Array | undefined, each: number): number => {
  let total = 0
  for (let at = 0; at < (value?.length ?? 0); at += each) total += number(value, at)
  return total
}

describe('fixture programs do what their comments say, in the kernel', () => {
  it('pass, drop, tx', (ctx) => {
    expect(run(open(ctx, 'pass'), 'pass', UDP_FRAME).retval).toBe(PASS)
    expect(run(open(ctx, 'drop'), 'drop', UDP_FRAME).retval).toBe(DROP)
    const { retval, dataOut } = run(open(ctx, 'tx'), 'reflect', UDP_FRAME)
    expect(retval).toBe(TX)
    expect([...dataOut.subarray(0, 12)]).toEqual([...SOURCE, ...DEST])
  })

  it('tcp_only, behind VLAN tags too', (ctx) => {
    const collection = open(ctx, 'tcp_only')
    expect(run(collection, 'tcp_only', tcp([])).retval).toBe(PASS)
    expect(run(collection, 'tcp_only', UDP_FRAME).retval).toBe(DROP)
    const frame = tcp([])
    const tagged = Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, 0, 5, 0x81, 0, 0, 6, ...frame.subarray(12))
    expect(run(collection, 'tcp_only', tagged).retval).toBe(PASS)
  })

  it('blacklist counts its hits', (ctx) => {
    const collection = open(ctx, 'blacklist')
    expect(run(collection, 'filter', UDP_FRAME).retval).toBe(PASS)
    map(collection, 'blocked').update(key(10, 0, 0, 1), new Uint8Array(8))
    expect(run(collection, 'filter', UDP_FRAME).retval).toBe(DROP)
    expect(number(map(collection, 'blocked').lookup(key(10, 0, 0, 1)))).toBe(1)
  })

  it('blacklist_percpu counts verdicts', (ctx) => {
    const collection = open(ctx, 'blacklist_percpu')
    run(collection, 'filter', UDP_FRAME)
    expect(sumOverCpus(map(collection, 'verdicts').lookup(key(PASS, 0, 0, 0)), 16)).toBe(1)
  })

  it('proto_counter counts by protocol', (ctx) => {
    const collection = open(ctx, 'proto_counter')
    run(collection, 'count', UDP_FRAME)
    run(collection, 'count', UDP_FRAME)
    expect(sumOverCpus(map(collection, 'protocols').lookup(key(UDP, 0, 0, 0)), 16)).toBe(2)
  })

  it('rate_limiter lets a burst of 32 through', (ctx) => {
    const collection = open(ctx, 'rate_limiter')
    const verdicts = Array.from({ length: 33 }, () => run(collection, 'limit', UDP_FRAME).retval)
    expect(verdicts.slice(0, 32)).toEqual(new Array(32).fill(PASS))
    const bucket = map(collection, 'buckets').lookup(key(10, 0, 0, 1))
    expect(number(bucket, 8)).toBeLessThanOrEqual(32)
  })

  it('router rewrites, decrements and redirects; a device that is not there aborts', (ctx) => {
    const collection = open(ctx, 'router')
    const hop = key(6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 3, 0, 0, 0)
    map(collection, 'routes').update(key(8, 0, 0, 0, 10, 0, 0, 0), hop)
    const { retval, dataOut } = run(collection, 'route', UDP_FRAME)
    expect(retval).toBe(ABORTED)
    expect(dataOut).toEqual(
      Uint8Array.of(
        6,
        6,
        6,
        6,
        6,
        6,
        7,
        7,
        7,
        7,
        7,
        7,
        ...ipv4(UDP, [...UDP_FRAME.subarray(34)], { ttl: 63 }).subarray(12),
      ),
    )
    expect(run(collection, 'route', ipv4(UDP, PORTS, { ttl: 1 })).retval).toBe(PASS)
    // lo is there everywhere
    map(collection, 'ports').update(key(3, 0, 0, 0), key(1, 0, 0, 0))
    expect(run(collection, 'route', UDP_FRAME).retval).toBe(REDIRECT)
  })

  it('l4lb puts the packet into IPIP', (ctx) => {
    const collection = open(ctx, 'l4lb')
    map(collection, 'services').update(key(10, 0, 0, 2, 0, 0x50, UDP, 0), key(2, 0, 0, 0, 1, 0, 0, 0))
    map(collection, 'backends').update(key(32, 0, 0, 0), key(192, 168, 0, 9, 8, 8, 8, 8, 8, 8, 1, 0))
    const { retval, dataOut } = run(collection, 'balance', UDP_FRAME)
    expect(retval).toBe(TX)
    expect(dataOut.length).toBe(UDP_FRAME.length + 20)
    expect([...dataOut.subarray(0, 14)]).toEqual([8, 8, 8, 8, 8, 8, ...DEST, 8, 0])
    // RFC 1071: the sum over a good header is all ones
    let sum = 0
    for (let at = 14; at < 34; at += 2) sum += ((dataOut[at] ?? 0) << 8) | (dataOut[at + 1] ?? 0)
    expect((sum & 0xffff) + (sum >> 16)).toBe(0xffff)
    expect([...dataOut.subarray(26, 34)]).toEqual([10, 0, 0, 1, 192, 168, 0, 9])
    expect(dataOut.subarray(34)).toEqual(UDP_FRAME.subarray(14))
    expect(sumOverCpus(map(collection, 'balanced').lookup(key(2, 0, 0, 0)), 16)).toBe(1)
  })

  it('lru_flows counts a flow', (ctx) => {
    const collection = open(ctx, 'lru_flows')
    run(collection, 'track', UDP_FRAME)
    run(collection, 'track', UDP_FRAME)
    const [[, value] = []] = map(collection, 'flows').dump()
    expect([number(value), number(value, 8)]).toEqual([2, 2 * UDP_FRAME.length])
  })

  it('calls counts long packets and drops each fourth', (ctx) => {
    const collection = open(ctx, 'calls')
    const long = ipv4(UDP, new Array<number>(64).fill(0))
    const verdicts = Array.from({ length: 4 }, () => run(collection, 'sample', long).retval)
    expect(verdicts).toEqual([PASS, PASS, PASS, DROP])
  })

  it('global_calls drops odd lengths', (ctx) => {
    const collection = open(ctx, 'global_calls')
    expect(run(collection, 'odd_lengths', UDP_FRAME).retval).toBe(PASS)
    expect(run(collection, 'odd_lengths', ipv4(UDP, [...PORTS, 1])).retval).toBe(DROP)
  })

  it('tail_calls goes by protocol, and stops after 33', (ctx) => {
    const collection = open(ctx, 'tail_calls')
    expect(run(collection, 'dispatch', tcp([])).retval).toBe(PASS)
    expect(run(collection, 'dispatch', UDP_FRAME).retval).toBe(DROP)
    expect(run(collection, 'dispatch', ipv4(1, [8, 0, 0, 0])).retval).toBe(TX)
    expect(map(collection, '.bss').lookup(key(0, 0, 0, 0))?.[0]).toBe(33)
    expect(
      run(collection, 'dispatch', Uint8Array.of(...DEST, ...SOURCE, 0x86, 0xdd, ...new Array(40).fill(0))).retval,
    ).toBe(ABORTED)
  })

  it('adjust trims, grows, strips and annotates', (ctx) => {
    const collection = open(ctx, 'adjust')
    expect(run(collection, 'trim', ipv4(UDP, PORTS, { padding: 9 })).dataOut).toEqual(ipv4(UDP, PORTS))
    const grown = run(collection, 'grow', UDP_FRAME)
    expect([grown.retval, ...grown.dataOut.subarray(-8)]).toEqual([TX, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(run(collection, 'strip', UDP_FRAME).dataOut).toEqual(UDP_FRAME.subarray(14))
    expect(run(collection, 'annotate', UDP_FRAME).retval).toBe(PASS)
  })

  it('loops drops a SYN with a small segment size, behind other options', (ctx) => {
    const collection = open(ctx, 'loops')
    const options = (mss: number): number[] => [1, 3, 3, 7, 2, 4, mss >> 8, mss & 0xff, 1, 1, 1, 0]
    expect(run(collection, 'check_mss', tcp(options(1460))).retval).toBe(PASS)
    expect(run(collection, 'check_mss', tcp(options(500))).retval).toBe(DROP)
    expect(run(collection, 'check_mss', tcp(options(500), 16)).retval).toBe(PASS)
  })

  it('atomics fetch what was there', (ctx) => {
    const collection = open(ctx, 'atomics')
    run(collection, 'update', UDP_FRAME)
    run(collection, 'update', UDP_FRAME)
    const cells = map(collection, 'shared').lookup(key(0, 0, 0, 0))
    const results = map(collection, 'shared').lookup(key(1, 0, 0, 0))
    expect(number(cells)).toBe(2 * UDP_FRAME.length)
    expect([number(results), number(results, 24)]).toEqual([UDP_FRAME.length, UDP_FRAME.length])
  })

  it('signed_math divides towards zero', (ctx) => {
    const collection = open(ctx, 'signed_math', 'v4')
    const sample = new DataView(new ArrayBuffer(32))
    sample.setBigInt64(0, -7n, true)
    sample.setBigInt64(8, 2n, true)
    sample.setInt32(16, -9, true)
    sample.setInt32(20, 4, true)
    sample.setInt8(24, -1)
    sample.setInt16(26, -3, true)
    sample.setInt32(28, -5, true)
    const frame = Uint8Array.of(...UDP_FRAME.subarray(0, 14), ...new Uint8Array(sample.buffer))
    expect(run(collection, 'compute', frame).retval).toBe(TX)
    const out = map(collection, 'results').lookup(key(0, 0, 0, 0))
    const view = new DataView(out?.buffer ?? new ArrayBuffer(80))
    expect([0, 8, 24, 32, 40].map((at) => view.getBigInt64(at, true))).toEqual([-3n, 2n, -1n, -3n, -5n])
    expect([16, 20].map((at) => view.getInt32(at, true))).toEqual([-2, 1])
  })

  it('legacy_maps passes what is allowed', (ctx) => {
    const collection = open(ctx, 'legacy_maps')
    expect(run(collection, 'allow', UDP_FRAME).retval).toBe(DROP)
    map(collection, 'allowed').update(key(10, 0, 0, 1), new Uint8Array(8))
    expect(run(collection, 'allow', UDP_FRAME).retval).toBe(PASS)
  })
})
