import { CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { helperByName, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { inlineMapCall, openMap } from '../../src/index.ts'
import type { KeyedMap } from '../../src/keyed-map.ts'
import { makeMap } from '../map-under-test.ts'
import { InlineRun } from './inline-run.ts'

const CPU_FIELDS = { cpuIdOffsetBytes: CPU_BLOCK.fields.cpuId.offsetBytes }
const [LOOKUP, UPDATE] = ['map_lookup_elem', 'map_update_elem'].map((name) => helperByName(name)?.id as number)

/** A map, and a run whose helpers give the lock back that a test holds before they do what they are for. */
function heldMap(keySizeBytes: number, lockOf: (map: KeyedMap) => number, valueSizeBytes = 8, maxEntries = 1) {
  const memory = GuestMemory.create()
  const map = makeMap([MAP_TYPE.HASH, keySizeBytes, valueSizeBytes, maxEntries, 0], 1, memory) as KeyedMap
  let lock = 0
  const run = InlineRun.create(memory, 1, (helper: number, { regs }: Cpu) => {
    memory.u32[lock >>> 2]!++
    const [address, key, value, flags] = [1, 2, 3, 4].map((n) => (regs[2 * n] as number) >>> 0)
    const found = openMap(memory, address as number)
    const operation = { [LOOKUP as number]: 'lookup', [UPDATE as number]: 'update' }[helper]
    if (operation === undefined) throw new Error(`helper ${helper}`)
    regs[0] =
      operation === 'lookup'
        ? found.lookup(key as number, 0)
        : found.update(key as number, value as number, flags as number, 0)
    regs[1] = (regs[0] as number) < 0 ? -1 : 0
  })
  const hold = (): void => {
    lock = lockOf(map)
    memory.u32[lock >>> 2]!++
  }
  const body = (helper: number) => inlineMapCall(map, helper, CPU_FIELDS) ?? []
  return { memory, map, run, hold, lookup: body(LOOKUP as number), update: body(UPDATE as number) }
}

const stripe = ({ table }: KeyedMap): number => table.geometry.stripes

it.each([4, 8])(
  'an update waits for the stripe in the helper, with its own arguments (%d-byte key)',
  (keySizeBytes) => {
    const { memory, map, run, hold, update } = heldMap(keySizeBytes, stripe)
    memory.u32[run.key >>> 2] = 7
    memory.u32[run.value >>> 2] = 70
    hold()
    expect(run.call(update, 0, 1n)).toBe(0n)
    expect(run.slowPaths).toBe(1)
    expect(memory.u32[map.lookup(run.key, 0) >>> 2]).toBe(70)
    expect(run.call(update, 0, 1n), 'BPF_NOEXIST, by the instructions').toBe(-17n)
    expect(run.slowPaths).toBe(1)
  },
)

it.each([
  [4, 8, 16],
  [8, 8, 16],
  [4, 16, 1],
  [8, 16, 1],
])(
  "a miss at the end of a chain that may be changing is the helper's to judge (%d-byte key, %d-byte value)",
  (keySizeBytes, valueSizeBytes, maxEntries) => {
    const { memory, map, run, hold, lookup, update } = heldMap(keySizeBytes, stripe, valueSizeBytes, maxEntries)
    const setKey = (key: number): number => {
      memory.u32[run.key >>> 2] = key
      return map.table.hashOf(run.key) & (maxEntries - 1)
    }
    // Eleven elements of one bucket: its two lines hold ten at most, so that there is a chain. Without lines one would do.
    for (let [key, put] = [1000, 0]; put < 11; key++)
      if (setKey(key) === 0) put += Math.abs(Number(run.call(update, 0))) + 1
    let [met, empty] = [0, 0]
    for (let key = 1; key <= 60; key++) {
      setKey(key)
      const before = run.slowPaths
      hold()
      expect(run.call(lookup, 0)).toBe(0n)
      const asked = run.slowPaths - before
      met += asked
      empty += 1 - asked
      if (asked === 0) memory.u32[stripe(map) >>> 2]!++
    }
    expect(met > 0).toBe(true)
    // Other chains are empty, and a miss at once.
    expect(empty > 0).toBe(true)
  },
)

it('a hit needs no lock', () => {
  const { memory, run, hold, lookup, update } = heldMap(4, stripe)
  memory.u32[run.key >>> 2] = 9
  run.call(update, 0)
  hold()
  expect(run.call(lookup, 0)).not.toBe(0n)
  expect(run.slowPaths).toBe(0)
})

/** Slots of a line, and bytes of a key. */
const LINES: readonly (readonly [slots: number, keySizeBytes: number])[] = [
  [5, 4],
  [3, 8],
]

describe.each(LINES)('lines of %d slots (%d-byte key)', (slots, keySizeBytes) => {
  it('a look-up finds what is replaced meanwhile, before any of its instructions', () => {
    const { memory, map, run, lookup } = heldMap(keySizeBytes, stripe, 8, 8)
    const [key, value] = [run.key, run.value]
    memory.u32[key >>> 2] = 9
    const found = new Set<string>()
    // From every slot it moves one or several places to the right: further slots, the chain, within the chain.
    for (let start = 0; start <= slots; start++)
      for (let moves = 1; moves <= slots + 1; moves++) {
        for (let [at, count] = [0, 0]; at <= count; at++) {
          map.delete(key)
          for (let n = 0; n <= start; n++) expect(map.update(key, value, 0, 0)).toBe(0)
          const first = map.lookup(key, 0)
          run.before = (done) => {
            count = Math.max(count, done)
            for (let n = 0; done === at && n < moves; n++) map.update(key, value, 0, 0)
          }
          const there = Number(run.call(lookup, 0))
          expect([start, moves, at, there === 0]).toEqual([start, moves, at, false])
          run.before = undefined
          found.add(`${start} ${there === first}`)
        }
      }
    expect(found.size, 'moved before it was found, and after').toBe(2 * (slots + 1))
    expect(run.slowPaths, 'no writer holds them up').toBe(0)
  })

  it('look-ups see no element half done, before any instruction of an update', () => {
    const { memory, map, run, lookup, update } = heldMap(keySizeBytes, stripe, 8, 8)
    const reader = InlineRun.create(memory, 1)
    const [key, value] = [run.key, run.value]
    const state = (): number => {
      const found = Number(reader.call(lookup, 0, 0n, key))
      if (found === 0) return 0
      const [low, high] = [memory.u32[found >>> 2] as number, memory.u32[(found >>> 2) + 1] as number]
      return low === high ? low : -1
    }
    const [absent, old, fresh] = [0, 0x1111_1111, 0x2222_2222]
    // Memory that was never written to looks like key 0, and in a map of 8 elements some of the others share its line.
    for (let word = 0; word < 10; word++) {
      memory.u32[key >>> 2] = word
      for (let start = -1; start <= slots + 1; start++) {
        map.delete(key)
        memory.u32.fill(old, value >>> 2, (value >>> 2) + 2)
        for (let n = 0; n <= start; n++) map.update(key, value, 0, 0)
        memory.u32.fill(fresh, value >>> 2, (value >>> 2) + 2)
        const seen: number[] = []
        run.before = () => seen.push(state())
        expect(run.call(update, 0)).toBe(0n)
        run.before = undefined
        const changes = [...seen, state()].filter((one, n) => one !== seen[n - 1])
        expect(changes, `key ${word}, ${start + 1} updates before`).toEqual([start < 0 ? absent : old, fresh])
        map.delete(key)
        expect(state()).toBe(absent)
      }
    }
    expect(reader.slowPaths).toBe(0)
  })
})

it('an update that finds a free list held gives the stripe back and has the helper do it', () => {
  const { memory, map, run, hold, update } = heldMap(4, ({ table }) => table.geometry.slots)
  memory.u32[run.key >>> 2] = 5
  expect(run.call(update, 0)).toBe(0n)
  expect(map.delete(run.key, 0)).toBe(0)
  hold()
  expect(run.call(update, 0)).toBe(0n)
  expect(run.slowPaths).toBe(1)
  expect(map.count).toBe(1)
})
