/** Trees of objects stay sorted and balanced, whatever goes in and out; a heap gives out what is free. */
import { GuestMemory } from '@bpfoundry/guest-memory'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ObjectHeap } from '../../src/objects/object-heap.ts'
import { firstInTree, removeFromTree, stepIntoTree, takeAllInTree } from '../../src/objects/red-black-tree.ts'

const NODE_BYTES = 40
const KEY_WORD = 8

/** A tree of numbers in guest memory. */
class NumberTree {
  readonly memory: GuestMemory = GuestMemory.create()
  readonly root: number = this.memory.allocate('root', 'map', 16).address
  readonly #room: number = this.memory.allocate('nodes', 'map', 64 * NODE_BYTES).address
  #made = 0

  make(key: number): number {
    const node = this.#room + NODE_BYTES * this.#made++
    this.memory.u32[(node >>> 2) + KEY_WORD] = key
    return node
  }

  key(node: number): number {
    return this.memory.u32[(node >>> 2) + KEY_WORD] as number
  }

  insert(node: number): void {
    let [parent, isLess] = [0, false]
    for (;;) {
      const next = stepIntoTree(this.memory, this.root, node, parent, isLess)
      if (next === 0) return
      parent = next
      isLess = this.key(node) < this.key(parent)
    }
  }

  /** Numbers in order; undefined where some way down has more black nodes than another, or two red ones in a row. */
  sorted(): readonly number[] | undefined {
    const top = this.memory.u32[this.root >>> 2] as number
    const keys: number[] = []
    return this.#blackHeight(top, true, keys) === undefined ? undefined : keys
  }

  #blackHeight(node: number, belowRed: boolean, keys: number[]): number | undefined {
    if (node === 0) return 1
    const [colour = 0, , right = 0, , left = 0] = this.memory.u32.subarray(node >>> 2, (node >>> 2) + 5)
    const isBlack = (colour & 1) === 1
    if (belowRed && !isBlack) return undefined
    const leftHeight = this.#blackHeight(left, !isBlack, keys)
    keys.push(this.key(node))
    const rightHeight = this.#blackHeight(right, !isBlack, keys)
    return leftHeight === rightHeight && leftHeight !== undefined ? leftHeight + (isBlack ? 1 : 0) : undefined
  }
}

const step = fc.oneof(
  { arbitrary: fc.record({ put: fc.nat(20) }), weight: 3 },
  { arbitrary: fc.record({ take: fc.nat(63) }), weight: 2 },
)

describe('a tree of objects', () => {
  it('is sorted and balanced after each insertion and removal', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const tree = new NumberTree()
        const inside: number[] = []
        for (const one of steps) {
          if ('put' in one) {
            inside.push(tree.make(one.put))
            tree.insert(inside.at(-1) as number)
          } else if (inside.length > 0) {
            const [node] = inside.splice(one.take % inside.length, 1)
            expect(removeFromTree(tree.memory, tree.root, node as number)).toBe(true)
            expect(removeFromTree(tree.memory, tree.root, node as number)).toBe(false)
          }
          const keys = inside.map((node) => tree.key(node)).sort((a, b) => a - b)
          expect(tree.sorted()).toEqual(keys)
          const first = firstInTree(tree.memory, tree.root)
          expect(first === 0 ? undefined : tree.key(first)).toBe(keys[0])
        }
        expect([...takeAllInTree(tree.memory, tree.root, () => true)].sort()).toEqual(inside.sort())
        expect(tree.sorted()).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})

describe('the heap of objects', () => {
  const heapOf = (sizeBytes: number): ObjectHeap => {
    const memory = GuestMemory.create()
    return ObjectHeap.create(memory, memory.allocate('heap', 'map', sizeBytes).address, sizeBytes, 3)
  }

  it('never gives out the same bytes twice, and counts what is out', () => {
    const heap = heapOf(1 << 16)
    const out = [8, 40, 200, 17, 1000].map((bytes) => [heap.take(bytes), bytes] as const)
    expect(heap.live).toBe(5)
    const ranges = out.map(([at, bytes]) => [at, at + bytes] as const).sort(([a], [b]) => a - b)
    for (const [n, [start]] of ranges.entries()) expect(start).toBeGreaterThanOrEqual(ranges[n - 1]?.[1] ?? 1)
    for (const [at] of out) heap.give(at)
    expect(heap.live).toBe(0)
  })

  it('answers 0 when it is full, and for what is too large', () => {
    const heap = heapOf(4096)
    expect(heap.take(1 << 17)).toBe(0)
    const taken: number[] = []
    for (let at = heap.take(100); at !== 0; at = heap.take(100)) taken.push(at)
    expect(taken.length).toBeGreaterThan(20)
    expect(heap.live).toBe(taken.length)
  })

  it('lets what was given back wait behind 64 others, and gives it out as zeros', () => {
    const heap = heapOf(1 << 20)
    const taken = Array.from({ length: 65 }, () => heap.take(50))
    for (const at of taken) heap.give(at)
    expect(heap.take(50)).toBe(taken[0])
    expect(taken).not.toContain(heap.take(50))
  })
})
