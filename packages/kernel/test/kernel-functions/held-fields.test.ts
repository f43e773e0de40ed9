/** What user space writes over fields that hold objects does no harm, and loses none. */
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { expect, it } from 'vitest'
import { Kernel, type KernelMap } from '../../src/index.ts'
import { OWN } from './own-types.ts'

const KEY = new Uint8Array(4)
/** Lists, tree and kernel pointers of a value lie there. */
const HELD = { start: 8, end: 80 }

function mapOf(kernel: Kernel, type: number): KernelMap {
  const types = { btf: OWN.btf, btfKeyTypeId: OWN.keyTypeId, btfValueTypeId: OWN.valueTypeId }
  const shape = { name: 'objects', keySizeBytes: 4, valueSizeBytes: OWN.valueSizeBytes, maxEntries: 2, flags: 0 }
  return kernel.createMap({ ...shape, ...types, type })
}

it.each([
  ['array', MAP_TYPE.ARRAY],
  ['hash', MAP_TYPE.HASH],
])('updates of system calls leave them empty in a map of type %s', (_name, type) => {
  const kernel = Kernel.create()
  const map = mapOf(kernel, type)
  const bytes = new Uint8Array(OWN.valueSizeBytes).fill(0x41)
  map.update(KEY, bytes)
  const kept = map.lookup(KEY) as Uint8Array
  expect([...kept.subarray(HELD.start, HELD.end)].every((byte) => byte === 0)).toBe(true)
  expect(kept.subarray(HELD.end)).toEqual(bytes.subarray(HELD.end))
  map.updateMany(KEY, bytes, 1)
  expect(map.lookup(KEY)).toEqual(kept)
  map.close()
})

it('a map that was written over in memory can be freed', () => {
  const kernel = Kernel.create()
  const map = mapOf(kernel, MAP_TYPE.ARRAY)
  const at = map.storage.valueBase as number
  for (const word of [0x41414141, 0, at, at + 8, 0xffff_fff0]) {
    kernel.memory.u32.fill(word, at >>> 2, (at + OWN.valueSizeBytes) >>> 2)
    kernel.memory.u32[at >>> 2] = 0
  }
  map.close()
  expect(kernel.liveObjects).toBe(0)
})
