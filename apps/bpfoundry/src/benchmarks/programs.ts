import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { addressFrame, longFrame, vlanFrame } from './frames.ts'

/** A map of a benchmark, with its elements. */
export interface BenchMapSpec {
  readonly name: string
  readonly type: number
  readonly keySizeBytes: number
  readonly valueSizeBytes: number
  readonly maxEntries: number
  readonly flags: number
}

/** An element, named for the map that it goes to. */
export interface BenchElement {
  readonly map: string
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** A program whose run is measured, as XDP on one frame. */
export interface BenchProgram {
  readonly name: string
  readonly frame: Uint8Array
  /** What a run must answer; the running kernel said so. */
  readonly retval: number
  /** In LLVM's syntax, with r6 = start and r7 = end of the frame; where it needs no map, uBPF runs it, too. */
  readonly body?: string
  readonly map?: BenchMapSpec
  /** Instead of a body: a fixture and the function in it. */
  readonly object?: string
  readonly elements?: () => Iterable<BenchElement>
  /** It moves the frame's start, which is put back before each run. */
  readonly movesFrame?: boolean
}

const ALU_LOOP = `
  r0 = 0
  r1 = 10000
  r2 = 7
turn:
  r0 += r2
  r2 ^= r0
  r2 <<= 3
  r4 = r2
  r4 *= 31
  w4 &= 255
  r0 -= r4
  w2 += 5
  r1 += -1
  if r1 != 0 goto turn
  r0 &= 0x7fffffff
  exit`

/** Ethernet, up to two VLAN tags, IPv4 with its checksum or IPv6, UDP or TCP; answers a hash of the flow. */
const PARSER = `
  r0 = 0
  r8 = r6
  r8 += 14
  if r8 > r7 goto out
  r3 = *(u16 *)(r6 + 12)
  if r3 == 0x0081 goto tag1
  if r3 != 0xa888 goto network
tag1:
  r4 = r8
  r4 += 4
  if r4 > r7 goto out
  r3 = *(u16 *)(r8 + 2)
  r8 = r4
  if r3 != 0x0081 goto network
  r4 = r8
  r4 += 4
  if r4 > r7 goto out
  r3 = *(u16 *)(r8 + 2)
  r8 = r4
network:
  if r3 == 0x0008 goto ipv4
  if r3 == 0xdd86 goto ipv6
  goto out
ipv4:
  r4 = r8
  r4 += 20
  if r4 > r7 goto out
  r5 = *(u8 *)(r8 + 0)
  r2 = r5
  r2 >>= 4
  if r2 != 4 goto out
  r5 &= 15
  if r5 < 5 goto out
  r2 = *(u16 *)(r8 + 2)
  r2 = be16 r2
  if r2 < 20 goto out
  r2 = *(u16 *)(r8 + 6)
  r2 = be16 r2
  r2 &= 0x3fff
  if r2 != 0 goto out
  r2 = *(u8 *)(r8 + 8)
  if r2 == 0 goto out
  r1 = *(u16 *)(r8 + 0)
  r2 = *(u16 *)(r8 + 2)
  r1 += r2
  r2 = *(u16 *)(r8 + 4)
  r1 += r2
  r2 = *(u16 *)(r8 + 6)
  r1 += r2
  r2 = *(u16 *)(r8 + 8)
  r1 += r2
  r2 = *(u16 *)(r8 + 10)
  r1 += r2
  r2 = *(u16 *)(r8 + 12)
  r1 += r2
  r2 = *(u16 *)(r8 + 14)
  r1 += r2
  r2 = *(u16 *)(r8 + 16)
  r1 += r2
  r2 = *(u16 *)(r8 + 18)
  r1 += r2
  r2 = r1
  r2 >>= 16
  r1 &= 0xffff
  r1 += r2
  if r1 != 0xffff goto out
  r9 = *(u8 *)(r8 + 9)
  r0 = *(u32 *)(r8 + 12)
  r2 = *(u32 *)(r8 + 16)
  r0 ^= r2
  r5 <<= 2
  r8 += r5
  goto transport
ipv6:
  r4 = r8
  r4 += 40
  if r4 > r7 goto out
  r2 = *(u8 *)(r8 + 0)
  r2 >>= 4
  if r2 != 6 goto out
  r9 = *(u8 *)(r8 + 6)
  r0 = *(u32 *)(r8 + 8)
  r2 = *(u32 *)(r8 + 20)
  r0 ^= r2
  r2 = *(u32 *)(r8 + 24)
  r0 ^= r2
  r2 = *(u32 *)(r8 + 36)
  r0 ^= r2
  r8 = r4
transport:
  if r9 == 6 goto tcp
  if r9 != 17 goto out
  r4 = r8
  r4 += 8
  if r4 > r7 goto out
  r2 = *(u16 *)(r8 + 4)
  r2 = be16 r2
  if r2 < 8 goto out
  goto mix
tcp:
  r4 = r8
  r4 += 20
  if r4 > r7 goto out
  r2 = *(u8 *)(r8 + 12)
  r2 >>= 4
  if r2 < 5 goto out
mix:
  r2 = *(u32 *)(r8 + 0)
  r0 ^= r2
  w0 *= -1640531535
  w2 = w0
  w2 >>= 15
  w0 ^= w2
  w0 *= -1640531535
  w2 = w0
  w2 >>= 13
  w0 ^= w2
out:
  exit`

/** The Internet checksum of 1500 bytes behind the Ethernet header, a half-word a turn. */
const CHECKSUM = `
  r0 = 0
  r8 = r6
  r8 += 1514
  if r8 > r7 goto out
  r6 += 14
  r8 = 750
turn:
  r4 = *(u16 *)(r6 + 0)
  r0 += r4
  r6 += 2
  r8 += -1
  if r8 != 0 goto turn
  r4 = r0
  r4 >>= 16
  r0 &= 0xffff
  r0 += r4
  r4 = r0
  r4 >>= 16
  r0 += r4
  r0 &= 0xffff
out:
  exit`

/** Looks the source address up; its value is the answer. */
const lookup = (key: string): string => `
  r0 = 0
  r8 = r6
  r8 += 34
  if r8 > r7 goto out
  r2 = *(u32 *)(r6 + 26)
  ${key}
  r1 = 0 ll
  call 1
  if r0 == 0 goto out
  r0 = *(u32 *)(r0 + 0)
out:
  exit`

const HASH_KEY = `*(u32 *)(r10 - 4) = r2
  r2 = r10
  r2 += -4`
const LPM_KEY = `*(u32 *)(r10 - 4) = r2
  *(u32 *)(r10 - 8) = 32
  r2 = r10
  r2 += -8`

const HASH_ENTRIES = 60_000
const LPM_ENTRIES = 1000
const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)

/** 10.0.0.0 and the addresses behind it, in network order. */
const address = (n: number): number[] => [10, n >>> 16, (n >>> 8) & 0xff, n & 0xff]

function* hashElements(): Generator<BenchElement> {
  for (let n = 0; n < HASH_ENTRIES; n++) yield { map: 'table', key: Uint8Array.from(address(n)), value: u32(n + 1) }
}

/** Networks of 24 bits, neighbours in the tree, one of them the packet's. */
function* lpmElements(): Generator<BenchElement> {
  for (let n = 0; n < LPM_ENTRIES; n++) {
    const key = Uint8Array.from([24, 0, 0, 0, ...address(n << 8)])
    yield { map: 'table', key, value: u32(n + 1) }
  }
}

/** One service with one backend, which gets every packet. */
function* balancerElements(): Generator<BenchElement> {
  const service = Uint8Array.from([192, 0, 2, 1, 0, 80, 17, 0])
  yield { map: 'services', key: service, value: Uint8Array.from([2, 0, 0, 0, 1, 0, 0, 0]) }
  yield { map: 'backends', key: u32(32), value: Uint8Array.from([192, 168, 0, 9, 8, 8, 8, 8, 8, 8, 1, 0]) }
}

/** The source of {@link addressFrame}: 10.0.4.210, number 1234. */
const HOT = 1234
const table = (rest: Pick<BenchMapSpec, 'type' | 'keySizeBytes' | 'maxEntries' | 'flags'>): BenchMapSpec => ({
  name: 'table',
  valueSizeBytes: 4,
  ...rest,
})
const HASH = table({ type: MAP_TYPE.HASH, keySizeBytes: 4, maxEntries: HASH_ENTRIES, flags: 0 })
const LPM = table({ type: MAP_TYPE.LPM_TRIE, keySizeBytes: 8, maxEntries: LPM_ENTRIES, flags: MAP_FLAG.NO_PREALLOC })

/** What `bpfoundry bench engines` measures. */
// biome-ignore format: table
export const BENCH_PROGRAMS: readonly BenchProgram[] = [
  { name: 'trivial',         frame: addressFrame(HOT), retval: 2,          body: '\n  r0 = 2\n  exit' },
  { name: 'ALU loop',        frame: addressFrame(HOT), retval: 0x69be87fa, body: ALU_LOOP },
  { name: 'packet parser',   frame: vlanFrame(),       retval: 0x3dd0bfc6,          body: PARSER },
  { name: 'checksum 1500 B', frame: longFrame(),       retval: 0xd27c,          body: CHECKSUM },
  { name: 'hash lookup',     frame: addressFrame(HOT), retval: HOT + 1,    body: lookup(HASH_KEY), map: HASH, elements: hashElements },
  { name: 'LPM lookup',      frame: addressFrame(HOT), retval: (HOT >> 8) + 1, body: lookup(LPM_KEY), map: LPM, elements: lpmElements },
  { name: 'load balancer',   frame: addressFrame(HOT), retval: 3,          object: 'programs/l4lb/l4lb.v3.o', elements: balancerElements, movesFrame: true },
]
