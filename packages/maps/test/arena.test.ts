/** Arenas as user space sees them, and from another thread. What programs do with them stands in the kernel's tests. */
import { GuestMemory } from '@bpfoundry/guest-memory'
import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { expect, it } from 'vitest'
import { ArenaMap, createMap, openMap } from '../src/index.ts'

const PAGE = 4096
const START = 2 ** 44
const { MMAPABLE, SEGV_ON_FAULT } = MAP_FLAG

function arenaIn(memory: GuestMemory, flags: number = MMAPABLE, mapExtra: number = START): ArenaMap {
  const sizes = { keySizeBytes: 0, valueSizeBytes: 0, maxEntries: 4 }
  const map = createMap(memory, { name: 'arena', type: MAP_TYPE.ARENA, ...sizes, flags, mapExtra }, { id: 1, cpus: 2 })
  if (!(map instanceof ArenaMap)) throw new Error('not an arena')
  return map
}

const FAULT = expect.objectContaining({ code: 'MAP_ARENA_FAULT' })

it('brings the pages that user space touches, empty', () => {
  const arena = arenaIn(GuestMemory.create())
  expect([...arena.read(START + PAGE - 2, 4)]).toEqual([0, 0, 0, 0])
  expect(arena.count).toBe(2)
  arena.write(START + PAGE - 2, Uint8Array.of(1, 2, 3, 4))
  expect([...arena.read(START + PAGE, 2)]).toEqual([3, 4])
  expect(arena.allocatePages(START, 1)).toBe(0)
  expect(arena.allocatePages(0, 2)).toBe(START + 2 * PAGE)
})

it('faults outside of its pages, and where a flag says so at those that are not there', () => {
  const arena = arenaIn(GuestMemory.create())
  expect(() => arena.read(START - 1, 1)).toThrow(FAULT)
  expect(() => arena.read(START + 4 * PAGE - 1, 2)).toThrow(FAULT)
  const strict = arenaIn(GuestMemory.create(), MMAPABLE | SEGV_ON_FAULT)
  expect(() => strict.write(START, Uint8Array.of(1))).toThrow(FAULT)
  expect(strict.allocatePages(0, 1)).toBe(START)
  strict.write(START, Uint8Array.of(1))
  expect([...strict.read(START, 1)]).toEqual([1])
})

it('lies nowhere in user space where no address was chosen', () => {
  const arena = arenaIn(GuestMemory.create(), MMAPABLE, 0)
  expect(arena.layout.userAddress).toBe(0)
  expect(() => arena.read(0, 1)).toThrow(FAULT)
})

it('is the same in another thread', () => {
  const memory = GuestMemory.create()
  const arena = arenaIn(memory)
  arena.write(START + 8, Uint8Array.of(7))
  const worker = openMap(GuestMemory.attach(memory.memory), arena.address)
  expect(worker).toBeInstanceOf(ArenaMap)
  expect((worker as ArenaMap).layout).toEqual(arena.layout)
  expect([...(worker as ArenaMap).read(START + 8, 1)]).toEqual([7])
})

it('has no elements', () => {
  const arena = arenaIn(GuestMemory.create())
  expect(arena.lookupElement(new Uint8Array())).toBeUndefined()
  expect(arena.updateElement(new Uint8Array(), new Uint8Array())).toBe(-95)
  expect([...arena.entries()]).toEqual([])
})
