import { CPU_BLOCK } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { helperByName, MAP_TYPE, mapTypeName } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BpfMap, createMap, inlineMapCall } from '../../src/index.ts'
import type { MapTuple } from '../kernel-maps.ts'
import { InlineRun } from './inline-run.ts'

const CPUS = 2
const CPU_FIELDS = { cpuIdOffsetBytes: CPU_BLOCK.fields.cpuId.offsetBytes }
const [LOOKUP, UPDATE] = ['map_lookup_elem', 'map_update_elem'].map((name) => helperByName(name)?.id as number)
const NUM_RUNS = Number(process.env['PROGRAMS'] ?? 400) / 40

interface Step {
  readonly name: 'lookup' | 'update' | 'delete'
  readonly key: number
  readonly value: number
  readonly flags: bigint
  readonly cpu: number
  readonly shift: number
}

// biome-ignore format: table
const MAPS: readonly MapTuple[] = [
  [MAP_TYPE.ARRAY,            4,  8,   5, 0],
  [MAP_TYPE.ARRAY,            4, 13,   5, 0],
  [MAP_TYPE.ARRAY,            4, 300,  3, 0],
  [MAP_TYPE.PERCPU_ARRAY,     4,  8,   5, 0],
  [MAP_TYPE.PERCPU_ARRAY,     4, 21,   5, 0],
  [MAP_TYPE.HASH,             4,  8,   6, 0],
  [MAP_TYPE.HASH,             4,  1,   1, 0],
  [MAP_TYPE.HASH,             4,  8,  30, 0],
  [MAP_TYPE.HASH,             8,  8,   6, 0],
  [MAP_TYPE.HASH,             1,  8,   6, 0],
  [MAP_TYPE.HASH,             2,  3,   6, 0],
  [MAP_TYPE.HASH,             7, 16,   6, 0],
  [MAP_TYPE.HASH,            12,  8,   6, 0],
  [MAP_TYPE.HASH,            13, 64,   6, 1],
  [MAP_TYPE.HASH,            16, 100,  6, 0],
  [MAP_TYPE.HASH,            40, 129,  6, 1],
  [MAP_TYPE.HASH,            64, 1024, 6, 0],
  [MAP_TYPE.PERCPU_HASH,      4,  8,   6, 0],
  [MAP_TYPE.PERCPU_HASH,     16, 12,   6, 0],
  [MAP_TYPE.LRU_HASH,         4,  8,   6, 0],
  [MAP_TYPE.LRU_HASH,        16,  8,   6, 0],
  [MAP_TYPE.LRU_PERCPU_HASH,  4,  8,   6, 0],
]

const flagValues = fc.oneof(
  { arbitrary: fc.constantFrom(0n, 1n, 2n), weight: 4 },
  fc.constantFrom(3n, 4n, 5n, 6n, 7n, 8n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 64n - 1n),
)
const steps = fc.array(
  fc.record<Step>({
    name: fc.constantFrom('lookup', 'update', 'update', 'delete'),
    key: fc.oneof({ arbitrary: fc.nat({ max: 11 }), weight: 4 }, fc.nat({ max: 255 })),
    value: fc.nat({ max: 255 }),
    flags: flagValues,
    cpu: fc.nat({ max: CPUS - 1 }),
    shift: fc.constantFrom(0, 0, 1, 2, 3),
  }),
  { minLength: 20, maxLength: 80 },
)

/** The same map, twice at the same address: one for the JavaScript, one for the instructions. */
class Twin {
  readonly memory: GuestMemory = GuestMemory.create()
  readonly run: InlineRun = InlineRun.create(this.memory, CPUS)
  readonly map: BpfMap

  constructor(tuple: MapTuple, hashSeed: number) {
    const [type, keySizeBytes, valueSizeBytes, maxEntries, flags] = tuple
    const attributes = { name: 'm', type, keySizeBytes, valueSizeBytes, maxEntries, flags }
    this.map = createMap(this.memory, attributes, { id: 1, cpus: CPUS, hashSeed })
  }

  /** Puts the arguments in place; answers their addresses, which may be odd. */
  place(step: Step): { key: number; value: number } {
    const { keySizeBytes, valueSizeBytes } = this.map.attributes
    const [key, value] = [this.run.key + step.shift, this.run.value + step.shift]
    this.memory.u8.fill(0, key, key + keySizeBytes)
    // The number stands at the end too, so that keys differ there.
    this.memory.u8[key] = step.key
    if (keySizeBytes > 4) this.memory.u8[key + keySizeBytes - 1] = step.key
    for (let n = 0; n < valueSizeBytes; n++) this.memory.u8[value + n] = step.value + n
    return { key, value }
  }

  bytes(): Uint8Array {
    return this.memory.read(this.map.address, this.map.memoryBytes)
  }
}

describe.each(MAPS.map((tuple) => [`${mapTypeName(tuple[0])} ${tuple.slice(1).join(' ')}`, tuple] as const))(
  'inlined operations on a map %s',
  (_name, tuple) => {
    it('leave the same results and the same bytes as the helpers', () => {
      fc.assert(
        fc.property(steps, fc.integer(), (all, seed) => {
          const [plain, inlined] = [new Twin(tuple, seed), new Twin(tuple, seed)]
          const lookup = inlineMapCall(inlined.map, LOOKUP as number, CPU_FIELDS)
          const update = inlineMapCall(inlined.map, UPDATE as number, CPU_FIELDS)
          for (const step of all) {
            expect(doInlined(inlined, step, lookup, update)).toBe(doPlain(plain, step))
          }
          expect(inlined.run.slowPaths).toBe(0)
          expect(Buffer.compare(inlined.bytes(), plain.bytes()), 'bytes of the map').toBe(0)
        }),
        { numRuns: NUM_RUNS },
      )
    })
  },
)

type Insns = ReturnType<typeof inlineMapCall>

function doPlain(twin: Twin, step: Step): bigint {
  const { key, value } = twin.place(step)
  const { map } = twin
  if (step.name === 'lookup') return BigInt(map.lookup(key, step.cpu))
  if (step.name === 'delete') return BigInt(map.delete(key, step.cpu))
  return BigInt(map.update(key, value, Number(step.flags), step.cpu))
}

function doInlined(twin: Twin, step: Step, lookup: Insns, update: Insns): bigint {
  const body = { lookup, update, delete: undefined }[step.name]
  if (body === undefined) return doPlain(twin, step)
  const { key, value } = twin.place(step)
  return twin.run.call(body, step.cpu, step.flags, key, value)
}
