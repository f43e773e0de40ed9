/** Objects of a program's own: made, counted, given up with all that they hold. @see kernel/bpf/helpers.c (6.12) */
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { takeAllLinked } from './linked-list.ts'
import type { ObjectHeap } from './object-heap.ts'
import { takeAllInTree } from './red-black-tree.ts'
import { HELD, type Held, heldBy, refcountOf } from './structure-description.ts'

/** Where objects are given back to. */
export interface ObjectRoom {
  readonly memory: GuestMemory
  readonly heap: ObjectHeap
}

/** Counts an object that was just made as held once. */
export function beginObject(memory: GuestMemory, object: number, description: number): void {
  const count = refcountOf(memory, description, object)
  if (count !== 0) Atomics.store(memory.i32, count >>> 2, 1)
}

/** One more holder of the object; false where the last one is gone already. */
export function holdObject(memory: GuestMemory, object: number, description: number): boolean {
  const index = refcountOf(memory, description, object) >>> 2
  for (;;) {
    const seen = Atomics.load(memory.i32, index)
    if (seen === 0) return false
    if (Atomics.compareExchange(memory.i32, index, seen, seen + 1) === seen) return true
  }
}

/** One holder less: the last one gives it back, and what it holds. */
export function dropObject(room: ObjectRoom, object: number, description: number): void {
  const count = refcountOf(room.memory, description, object)
  if (count !== 0 && Atomics.sub(room.memory.i32, count >>> 2, 1) !== 1) return
  dropHeld(room, object, description)
  room.heap.give(object)
}

/** Gives up what the special fields at `address` hold: of an object, or of a map's value. */
export function dropHeld(room: ObjectRoom, address: number, description: number): void {
  for (const held of heldBy(room.memory, description, address)) DROPS.get(held.kind)?.(room, held)
}

function dropNodes(room: ObjectRoom, nodes: readonly number[], { nodeOffsetBytes, description }: Held): void {
  for (const node of nodes) dropObject(room, node - nodeOffsetBytes, description)
}

/** Empties the pointer. */
function takePointer({ memory }: ObjectRoom, address: number): number {
  return Atomics.exchange(memory.i32, address >>> 2, 0) >>> 0
}

const isNodeOf =
  ({ heap }: ObjectRoom, { nodeOffsetBytes }: Held) =>
  (node: number): boolean =>
    heap.isOut(node - nodeOffsetBytes)

function dropPointed(room: ObjectRoom, { address, description }: Held): void {
  const object = takePointer(room, address)
  if (room.heap.isOut(object)) dropObject(room, object, description)
}

function dropPerCpu(room: ObjectRoom, { address }: Held): void {
  const object = takePointer(room, address)
  if (room.heap.isOut(object)) room.heap.give(object)
}

function dropList(room: ObjectRoom, held: Held): void {
  dropNodes(room, takeAllLinked(room.memory, held.address, isNodeOf(room, held)), held)
}

function dropTree(room: ObjectRoom, held: Held): void {
  dropNodes(room, takeAllInTree(room.memory, held.address, isNodeOf(room, held)), held)
}

// biome-ignore format: table
const DROPS: ReadonlyMap<number, (room: ObjectRoom, held: Held) => void> = new Map([
  [HELD.list,          dropList],
  [HELD.tree,          dropTree],
  [HELD.pointer,       dropPointed],
  [HELD.perCpuPointer, dropPerCpu],
])
