import { GuestMemory } from '@bpfoundry/guest-memory'
import { MAP_FLAG, MAP_TYPE, mapTypeName } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kernel, kernelPerforms, type MapCase, type MapTuple } from './kernel-maps.ts'
import { hexBytes, operations, performCase, wordHex } from './map-under-test.ts'

const SEQUENCES = 60
const { NO_PREALLOC, ZERO_SEED } = MAP_FLAG

const round8 = (size: number): number => Math.ceil(size / 8) * 8
/** Bytes of a value on the syscall side of the running kernel. */
function valueBytes([type, , size]: MapTuple): number {
  const perCpu = [MAP_TYPE.PERCPU_ARRAY, MAP_TYPE.PERCPU_HASH, MAP_TYPE.LRU_PERCPU_HASH] as readonly number[]
  return perCpu.includes(type) ? round8(size) * kernel.cpus : size
}

/** A few keys of this size. */
function someKeys(size: number, count: number): fc.Arbitrary<string> {
  return fc.constantFrom(...fc.sample(hexBytes(size), { numRuns: count, seed: size }))
}

const indices = fc.constantFrom(0, 1, 2, 3, 4, 5, 2 ** 31, 2 ** 32 - 1).map(wordHex)
/** Prefixes of few bits, so that they nest; some longer than the key. */
const prefixes = (dataBytes: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.nat(dataBytes * 8 + 1),
      fc.array(fc.constantFrom('00', '80', 'c0', 'ff'), { minLength: dataBytes, maxLength: dataBytes }),
    )
    .map(([length, data]) => wordHex(length) + data.join(''))
const devices = fc.constantFrom(0, 1, 1, 1, 99_999).map(wordHex)
/** Fds that name no program; 0 or less is no program at all to a devmap. */
const badFds = fc.constantFrom(-1, 1_000_000).map(wordHex)
const fds = fc.constantFrom(0, 0, -1, 1_000_000).map(wordHex)

/** Lengths of a cpumap's queues. */
const queues = fc.constantFrom(0, 1, 192, 16_384, 16_385).map(wordHex)

interface Row {
  readonly map: MapTuple
  readonly keys: fc.Arbitrary<string>
  readonly values?: fc.Arbitrary<string>
}

// biome-ignore format: table
const ROWS: readonly Row[] = [
  { map: [MAP_TYPE.ARRAY,           4,   5, 4, 0],                       keys: indices },
  { map: [MAP_TYPE.ARRAY,           4,   8, 1, MAP_FLAG.MMAPABLE],       keys: indices },
  { map: [MAP_TYPE.PERCPU_ARRAY,    4,   5, 4, 0],                       keys: indices },
  { map: [MAP_TYPE.PROG_ARRAY,      4,   4, 4, 0],                       keys: indices, values: fc.constant('prog') },
  { map: [MAP_TYPE.PROG_ARRAY,      4,   4, 4, 0],                       keys: indices, values: badFds },
  { map: [MAP_TYPE.HASH,            1,   1, 4, ZERO_SEED],               keys: someKeys(1, 6) },
  { map: [MAP_TYPE.HASH,            3,   2, 4, ZERO_SEED],               keys: someKeys(3, 6) },
  { map: [MAP_TYPE.HASH,            4,   8, 9, ZERO_SEED],               keys: someKeys(4, 12) },
  { map: [MAP_TYPE.HASH,            4,   8, 4, ZERO_SEED | NO_PREALLOC], keys: someKeys(4, 6) },
  { map: [MAP_TYPE.HASH,            7,   4, 5, ZERO_SEED],               keys: someKeys(7, 8) },
  { map: [MAP_TYPE.HASH,            8,   4, 5, ZERO_SEED],               keys: someKeys(8, 8) },
  { map: [MAP_TYPE.HASH,           11,   4, 5, ZERO_SEED],               keys: someKeys(11, 8) },
  { map: [MAP_TYPE.HASH,           12,   4, 5, ZERO_SEED],               keys: someKeys(12, 8) },
  { map: [MAP_TYPE.HASH,           13,  70, 5, ZERO_SEED],               keys: someKeys(13, 8) },
  { map: [MAP_TYPE.HASH,           16,  16, 5, ZERO_SEED],               keys: someKeys(16, 8) },
  { map: [MAP_TYPE.HASH,           40,   4, 5, ZERO_SEED],               keys: someKeys(40, 8) },
  { map: [MAP_TYPE.HASH,           77,   4, 5, ZERO_SEED],               keys: someKeys(77, 8) },
  { map: [MAP_TYPE.PERCPU_HASH,     4,   8, 5, ZERO_SEED],               keys: someKeys(4, 8) },
  { map: [MAP_TYPE.PERCPU_HASH,     6,   3, 5, ZERO_SEED | NO_PREALLOC], keys: someKeys(6, 8) },
  { map: [MAP_TYPE.LRU_HASH,        4,   8, 64, ZERO_SEED],              keys: someKeys(4, 8) },
  { map: [MAP_TYPE.LRU_PERCPU_HASH, 9,   8, 64, ZERO_SEED],              keys: someKeys(9, 8) },
  { map: [MAP_TYPE.LPM_TRIE,        5,   2, 6, NO_PREALLOC],             keys: prefixes(1) },
  { map: [MAP_TYPE.LPM_TRIE,        6,   2, 6, NO_PREALLOC],             keys: prefixes(2) },
  { map: [MAP_TYPE.LPM_TRIE,        8,   4, 9, NO_PREALLOC],             keys: prefixes(4) },
  { map: [MAP_TYPE.LPM_TRIE,       13,   8, 9, NO_PREALLOC],             keys: prefixes(9) },
  { map: [MAP_TYPE.LPM_TRIE,       20,   8, 9, NO_PREALLOC],             keys: prefixes(16) },
  { map: [MAP_TYPE.DEVMAP,          4,   4, 4, 0],                       keys: indices, values: devices },
  { map: [MAP_TYPE.DEVMAP,          4,   8, 4, 0],                       keys: indices, values: fc.tuple(devices, fds).map(([a, b]) => a + b) },
  { map: [MAP_TYPE.CPUMAP,          4,   4, 4, 0],                       keys: indices, values: queues },
  { map: [MAP_TYPE.CPUMAP,          4,   8, 4, 0],                       keys: indices, values: fc.tuple(queues, fds).map(([a, b]) => a + b) },
  { map: [MAP_TYPE.DEVMAP_HASH,     4,   4, 4, 0],                       keys: indices, values: devices },
  { map: [MAP_TYPE.DEVMAP_HASH,     4,   8, 4, 0],                       keys: indices, values: fc.tuple(devices, fds).map(([a, b]) => a + b) },
]

/** A prog array answers program ids, which are the kernel's to choose. */
function comparable(map: MapTuple, result: number | string): number | string {
  return map[0] === MAP_TYPE.PROG_ARRAY && typeof result === 'string' && result !== '' ? 'id or key' : result
}

const results = (map: MapTuple, all: readonly (number | string)[]): (number | string)[] =>
  all.map((result) => comparable(map, result))

const casesOf = (row: Row): MapCase[] =>
  fc
    .sample(operations(row.keys, row.values ?? hexBytes(valueBytes(row.map))), { numRuns: SEQUENCES, seed: 11 })
    .map((ops) => ({ map: row.map, ops }))

describe('the same operations give the same results as on the running kernel', () => {
  const memory = GuestMemory.create()
  const rows = ROWS.map((row, n) => [`${n}: ${mapTypeName(row.map[0])} ${row.map.slice(1).join(', ')}`, n] as const)

  it.for(rows)('%s', ([, row], ctx) => {
    if (kernel.refusal !== undefined) ctx.skip(kernel.refusal)
    for (const one of casesOf(ROWS[row] as Row)) {
      const ours = results(one.map, performCase(one, kernel.cpus, memory))
      const theirs = results(one.map, kernelPerforms(one))
      const at = ours.findIndex((result, index) => result !== theirs[index])
      expect({ operations: one.ops.slice(0, at + 1), ours: ours[at] }).toEqual({ operations: [], ours: undefined })
      expect(ours.length).toBe(theirs.length)
    }
  })
})
