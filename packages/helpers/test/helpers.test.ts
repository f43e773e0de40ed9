import { CPU_BLOCK } from '@bpfoundry/engine'
import { writeU64 } from '@bpfoundry/guest-memory'
import {
  ABSENT_KERNEL_FUNCTION,
  ERRNO,
  FIX_UP_FUNCTIONS,
  helperName,
  KERNEL_FUNCTION_NUMBERS,
  MAP_TYPE,
  MAX_HELPER_ID,
  PACKET_LOAD_HELPERS,
} from '@bpfoundry/kernel-abi'
import { type BpfMap, createMap } from '@bpfoundry/maps'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { createHelperTable, HELPER_IMPLEMENTED, nextRandom, progArrayTarget, seedRandom } from '../src/index.ts'
import { HelperBench } from './bench-cpu.ts'

let bench: HelperBench
beforeEach(() => {
  bench = new HelperBench()
})

const negative = (errno: number): bigint => BigInt.asUintN(64, -BigInt(errno))
const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

function makeMap(type: number, valueSizeBytes = 8): BpfMap {
  const attributes = { name: 'm', type, keySizeBytes: 4, valueSizeBytes, maxEntries: 4, flags: 0 }
  const map = createMap(bench.memory, attributes, { id: 5, cpus: 3 })
  bench.maps.push(map)
  return map
}

/** Guest address of a u32 key. */
function key(value: number): number {
  bench.memory.u32[bench.scratch >>> 2] = value
  return bench.scratch
}

describe('the table', () => {
  it('has a function for every number that is listed, but bpf_tail_call, which engines make', () => {
    const table = createHelperTable({ memory: bench.memory, mapAt: () => makeMap(MAP_TYPE.ARRAY) })
    const made = table.flatMap((helper, n) => (helper === undefined ? [] : [n]))
    const ofFixUps = [...Object.values(PACKET_LOAD_HELPERS), ...Object.values(FIX_UP_FUNCTIONS)]
    const ofKernel = [ABSENT_KERNEL_FUNCTION, ...KERNEL_FUNCTION_NUMBERS]
    expect(made.filter((n) => n > MAX_HELPER_ID)).toEqual([...ofFixUps, ...ofKernel])
    expect([...made.filter((n) => n <= MAX_HELPER_ID), 12].sort((a, b) => a - b)).toEqual(HELPER_IMPLEMENTED)
    expect(HELPER_IMPLEMENTED.map(helperName)).not.toContain('unknown')
  })
})

describe('spin locks', () => {
  it('are 1 while they are held, and 0 when they are not', () => {
    const lock = bench.scratch + 64
    bench.call('spin_lock', lock)
    expect(bench.memory.u32[lock >>> 2]).toBe(1)
    bench.call('spin_unlock', lock)
    expect(bench.memory.u32[lock >>> 2]).toBe(0)
  })
})

describe('map helpers', () => {
  it('look up, update and delete, and hand on the map’s errno sign-extended', () => {
    const map = makeMap(MAP_TYPE.HASH)
    const value = bench.scratch + 64
    bench.memory.u32[value >>> 2] = 4711
    expect(bench.call('map_lookup_elem', map.address, key(1))).toBe(0n)
    expect(bench.call('map_update_elem', map.address, key(1), value, 2)).toBe(negative(ERRNO.ENOENT))
    expect(bench.call('map_update_elem', map.address, key(1), value, 0)).toBe(0n)
    expect(bench.call('map_update_elem', map.address, key(1), value, 1)).toBe(negative(ERRNO.EEXIST))
    const found = Number(bench.call('map_lookup_elem', map.address, key(1)))
    expect(bench.memory.u32[found >>> 2]).toBe(4711)
    expect(bench.call('map_delete_elem', map.address, key(1))).toBe(0n)
    expect(bench.call('map_delete_elem', map.address, key(1))).toBe(negative(ERRNO.ENOENT))
  })

  it('see all 64 bits of the flags', () => {
    const map = makeMap(MAP_TYPE.ARRAY)
    expect(bench.call('map_update_elem', map.address, key(1), bench.scratch, 2n ** 32n)).toBe(negative(ERRNO.EINVAL))
    expect(bench.call('map_update_elem', map.address, key(1), bench.scratch, -1)).toBe(negative(ERRNO.EINVAL))
    expect(bench.call('map_update_elem', map.address, key(9), bench.scratch, 0)).toBe(negative(ERRNO.E2BIG))
  })

  it('give each CPU its own value of a per-CPU map, and another one’s when asked', () => {
    const map = makeMap(MAP_TYPE.PERCPU_ARRAY)
    const own = bench.call('map_lookup_elem', map.address, key(2))
    expect(bench.call('map_lookup_percpu_elem', map.address, key(2), bench.cpu.id)).toBe(own)
    const others = [0, 2].map((cpu) => bench.call('map_lookup_percpu_elem', map.address, key(2), cpu))
    expect(new Set([own, ...others]).size).toBe(3)
    expect(bench.call('map_lookup_percpu_elem', map.address, key(2), 3)).toBe(0n)
    expect(bench.call('map_lookup_percpu_elem', map.address, key(7), 0)).toBe(0n)
    expect(bench.call('map_lookup_percpu_elem', makeMap(MAP_TYPE.ARRAY).address, key(2), 0)).toBe(0n)
  })

  it('find the program of a tail call without a handle', () => {
    const programs = makeMap(MAP_TYPE.PROG_ARRAY, 4)
    programs.updateElement(Uint8Array.of(2, 0, 0, 0), Uint8Array.of(99, 0, 0, 0))
    expect([0, 2, 4, 2 ** 32 - 1].map((n) => progArrayTarget(bench.memory, programs.address, n))).toEqual([0, 99, 0, 0])
    expect(progArrayTarget(bench.memory, makeMap(MAP_TYPE.ARRAY).address, 2)).toBe(0)
  })
})

describe('clocks', () => {
  it('tell the CPU’s modelled time, exact below 2^53 ns', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (now) => {
        writeU64(bench.memory, bench.cpu.block + CPU_BLOCK.fields.nowNs.offsetBytes, now)
        for (const clock of ['ktime_get_ns', 'ktime_get_boot_ns', 'ktime_get_tai_ns']) {
          expect(bench.call(clock)).toBe(BigInt(now))
        }
        expect(bench.call('ktime_get_coarse_ns')).toBe((BigInt(now) / 4_000_000n) * 4_000_000n)
        expect(bench.call('jiffies64')).toBe(BigInt(now) / 4_000_000n)
      }),
    )
  })

  it('know the CPU', () => {
    expect(bench.call('get_smp_processor_id')).toBe(1n)
    expect(bench.call('get_numa_node_id')).toBe(0n)
  })
})

describe('random numbers', () => {
  // The kernel's self-test of the generator (lib/random32.c, test1): seed and first number.
  it.each([
    [1, 3_484_351_685],
    [2, 2_623_130_059],
    [3, 3_125_133_893],
    [4, 984_847_254],
  ])('seeded with %d start as in the kernel’s self-test', (seed, expected) => {
    seedRandom(bench.cpu, seed)
    expect(bench.call('get_prandom_u32')).toBe(BigInt(expected))
  })

  it('repeat for the same seed and fill all 32 bits', () => {
    seedRandom(bench.cpu, 7)
    const first = Array.from({ length: 1000 }, () => nextRandom(bench.cpu))
    seedRandom(bench.cpu, 7)
    expect(Array.from({ length: 1000 }, () => nextRandom(bench.cpu))).toEqual(first)
    expect(first.reduce((bits, value) => bits | value, 0) >>> 0).toBe(0xffff_ffff)
    expect(first.reduce((bits, value) => bits & value, -1) >>> 0).toBe(0)
  })
})

describe('redirects', () => {
  const field = (name: 'redirectMap' | 'redirectIndex' | 'redirectIfindex' | 'redirectFlags'): number =>
    bench.memory.u32[(bench.cpu.block + CPU_BLOCK.fields[name].offsetBytes) >>> 2] as number
  const all = (): number[] => [
    field('redirectMap'),
    field('redirectIndex'),
    field('redirectIfindex'),
    field('redirectFlags'),
  ]

  it('leave the target in the CPU’s block, and clear it when there is none', () => {
    const map = makeMap(MAP_TYPE.DEVMAP, 4)
    map.updateElement(Uint8Array.of(3, 0, 0, 0), Uint8Array.of(42, 0, 0, 0))
    expect(bench.call('redirect_map', map.address, 3, 0)).toBe(4n)
    expect(all()).toEqual([map.address, 3, 42, 0])
    expect(bench.call('redirect_map', map.address, 1, 2)).toBe(2n)
    expect(all()).toEqual([0, 0, 0, 0])
    expect(bench.call('redirect', 7, 0)).toBe(4n)
    expect(all()).toEqual([0, 7, 7, 0])
  })

  it('to all of a devmap keep the flags', () => {
    const map = makeMap(MAP_TYPE.DEVMAP_HASH, 4)
    expect(bench.call('redirect_map', map.address, 0, 8 | 16)).toBe(4n)
    expect(all()).toEqual([map.address, 0, 0, 24])
  })
})

describe('frames', () => {
  it('of a driver without metadata refuse it', () => {
    bench.receive(new Uint8Array(60))
    bench.setField('dataMeta', bench.field('data') + 1)
    expect(bench.call('xdp_adjust_meta', bench.ctx, -4)).toBe(negative(ERRNO.ENOTSUPP))
    expect(bench.call('xdp_adjust_head', bench.ctx, -216)).toBe(0n)
  })

  it('report offsets over 64 KiB as a bad address', () => {
    bench.receive(new Uint8Array(60))
    expect(bench.call('xdp_load_bytes', bench.ctx, 65_536, bench.scratch, 4)).toBe(negative(ERRNO.EFAULT))
    expect(bench.call('xdp_store_bytes', bench.ctx, 57, bench.scratch, 4)).toBe(negative(ERRNO.EINVAL))
  })
})

describe('bpf_csum_diff', () => {
  // RFC 1624, section 4: a header field changes from 0x5555 to 0x3285; the sum goes from ~0xdd2f to ~0x0000.
  it('updates a checksum as in RFC 1624', () => {
    const old = bench.scratch
    bench.memory.write(old, Uint8Array.of(0x55, 0x55, 0, 0, 0x32, 0x85, 0, 0))
    const seed = new DataView(Uint8Array.of(0x22, 0xd0, 0, 0).buffer).getUint32(0, true)
    const sum = Number(bench.call('csum_diff', old, 4, old + 4, 4, seed))
    const once = (sum & 0xffff) + (sum >>> 16)
    const folded = (once & 0xffff) + (once >>> 16)
    expect(~folded & 0xffff).toBe(0x0000)
  })

  it('refuses sizes that are no multiples of 4, or over 512 bytes together', () => {
    for (const [from, to] of [
      [3, 0],
      [0, 5],
      [256, 260],
      [2 ** 32 - 4, 8],
    ] as const) {
      expect(bench.call('csum_diff', bench.scratch, from, bench.scratch, to, 0)).toBe(negative(ERRNO.EINVAL))
    }
    expect(bench.call('csum_diff', 0, 0, bench.scratch, 512, 0)).toBe(0n)
  })
})

describe('bpf_trace_printk', () => {
  const print = (format: string, ...args: (number | bigint)[]): bigint => {
    bench.memory.write(bench.scratch, latin1(`${format}\0`))
    return bench.call('trace_printk', bench.scratch, format.length + 1, ...args)
  }

  // The lines of bpf_trace_printk in a trace of Linux 6.18.
  it('hands the text to the trace and answers its length', () => {
    expect(print('called proto=%d len=%d', 6, 54)).toBe(21n)
    expect(print('called proto=%d len=%d', 17, 47)).toBe(22n)
    expect(bench.traced).toEqual(['called proto=6 len=54', 'called proto=17 len=47'])
  })

  it('takes three arguments at most and needs a NUL', () => {
    expect(print('%d %d %d', 1, 2, 3)).toBe(5n)
    expect(print('%d %d %d %d', 1, 2, 3)).toBe(negative(ERRNO.EINVAL))
    bench.memory.write(bench.scratch, latin1('no end'))
    expect(bench.call('trace_printk', bench.scratch, 6)).toBe(negative(ERRNO.EINVAL))
  })

  it('cuts a line at 1023 characters, but not its length', () => {
    expect(print('%1500d', 1)).toBe(1500n)
    expect(bench.traced[0]?.length).toBe(1023)
  })

  it('shows strings that are UTF-8', () => {
    bench.memory.write(bench.scratch + 512, new TextEncoder().encode('größe\0'))
    print('%s', bench.scratch + 512)
    expect(bench.traced).toEqual(['größe'])
  })

  it('takes arguments from an array, too', () => {
    bench.memory.write(bench.scratch, latin1('%d %llx %d %d\0'))
    for (const [n, value] of [1n, 2n ** 63n, 3n, 4n].entries()) {
      bench.memory.view.setBigUint64(bench.scratch + 64 + 8 * n, value, true)
    }
    expect(bench.call('trace_vprintk', bench.scratch, 14, bench.scratch + 64, 32)).toBe(22n)
    expect(bench.traced).toEqual(['1 8000000000000000 3 4'])
    expect(bench.call('trace_vprintk', bench.scratch, 14, bench.scratch + 64, 33)).toBe(negative(ERRNO.EINVAL))
    expect(bench.call('trace_vprintk', bench.scratch, 14, 0, 32)).toBe(negative(ERRNO.EINVAL))
  })
})

describe('bpf_strncmp', () => {
  it('orders strings as C does, up to the size given', () => {
    const word = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', '\u00ff') })
    fc.assert(
      fc.property(word, word, fc.nat(8), (one, other, most) => {
        bench.memory.write(bench.scratch, latin1(`${one}\0\0\0`))
        bench.memory.write(bench.scratch + 64, latin1(`${other}\0`))
        const [a, b] = [one.slice(0, most), other.slice(0, most)]
        const result = bench.call('strncmp', bench.scratch, most, bench.scratch + 64)
        expect(BigInt.asIntN(64, result)).toBe(a === b ? 0n : a < b ? -1n : 1n)
      }),
    )
  })
})
