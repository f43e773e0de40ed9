import { BTF_KIND, type Btf, BtfBuilder } from '@bpfoundry/btf'
import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { kernelOracle, OracleError } from '@bpfoundry/kernel-oracle'
import { afterAll, expect, it } from 'vitest'
import { Kernel, KernelError, type MapRequest } from '../src/index.ts'

const number = { kind: BTF_KIND.INT, encoding: 0, bitOffset: 0 } as const

interface Types {
  readonly btf: Btf
  readonly btfKeyTypeId: number
  readonly btfValueTypeId: number
}

/** A value of 16 bytes that begins with a special structure, of one member of 32 or 64 bits. */
function describe(special: string, sizeBytes: number): Types {
  const types = new BtfBuilder()
  const u32 = types.add({ ...number, name: 'u32', sizeBytes: 4, bits: 32 })
  const u64 = types.add({ ...number, name: 'u64', sizeBytes: 8, bits: 64 })
  const struct = (name: string, bytes: number, typeId: number): number => {
    const members = [{ name: 'm', typeId, bitOffset: 0, bitfieldBits: 0 }]
    return types.add({ kind: BTF_KIND.STRUCT, name, sizeBytes: bytes, kindFlag: false, members })
  }
  const value = struct('value', 16, struct(special, sizeBytes, sizeBytes === 4 ? u32 : u64))
  return { btf: types.build(), btfKeyTypeId: u32, btfValueTypeId: value }
}

const { HASH, ARRAY, PERCPU_HASH, PERCPU_ARRAY, LRU_HASH, LRU_PERCPU_HASH } = MAP_TYPE
const TYPES = [HASH, ARRAY, PERCPU_HASH, PERCPU_ARRAY, LRU_HASH, LRU_PERCPU_HASH]
const SPECIAL = [
  ['bpf_spin_lock', 4],
  ['bpf_timer', 16],
  ['bpf_wq', 16],
  ['bpf_refcount', 4],
  ['anything', 8],
] as const

const REQUESTS: readonly MapRequest[] = SPECIAL.flatMap(([special, sizeBytes]) =>
  TYPES.flatMap((type) =>
    [0, MAP_FLAG.RDONLY_PROG].map((flags) => ({
      ...{ name: special, type, flags, keySizeBytes: 4, valueSizeBytes: 16, maxEntries: 2 },
      ...describe(special, sizeBytes),
    })),
  ),
)

function errnoOf(make: () => unknown): number {
  try {
    make()
    return 0
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return error.errno
  }
}

it('refuses special fields where Linux does', (ctx) => {
  const oracle = kernelOracle()
  if ('unavailable' in oracle) return ctx.skip(oracle.unavailable)
  afterAll(() => oracle.close())
  const kernel = Kernel.create()
  const ours = REQUESTS.map((request) => errnoOf(() => kernel.createMap(request)))
  const theirs = REQUESTS.map((asked) => {
    const { btf, inner: _, ...request } = asked
    const btfFd = oracle.loadBtf((btf as Btf).encode())
    try {
      oracle.createMap({ ...request, btfFd })
      return 0
    } catch (error) {
      if (!(error instanceof OracleError)) throw error
      return error.errno
    }
  })
  expect(ours).toEqual(theirs)
  expect(new Set(ours).size).toBe(3)
})
