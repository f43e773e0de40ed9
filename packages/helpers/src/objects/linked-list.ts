/**
 * Lists of objects, linked as in the kernel: head and nodes are {u64 next, u64 previous}, a ring; a node also has its
 * owner, the list that it is in. A head of zeros is an empty list. Whoever calls holds the lock.
 *
 * @see struct bpf_list_node_kern in include/linux/bpf.h (6.12)
 */
import type { GuestMemory } from '@bpfoundry/guest-memory'

const NEXT = 0
const PREVIOUS = 2
const OWNER = 4

const get = ({ u32 }: GuestMemory, at: number, field: number): number => u32[(at >>> 2) + field] as number

function set({ u32 }: GuestMemory, at: number, field: number, value: number): void {
  u32[(at >>> 2) + field] = value
  u32[(at >>> 2) + field + 1] = 0
}

/** A ring of itself. */
function close(memory: GuestMemory, at: number): void {
  set(memory, at, NEXT, at)
  set(memory, at, PREVIOUS, at)
}

function open(memory: GuestMemory, head: number): void {
  if (get(memory, head, NEXT) === 0) close(memory, head)
}

/** Puts a node at the front or the back; false where it is in a list already. */
export function link(memory: GuestMemory, head: number, node: number, atBack: boolean): boolean {
  open(memory, head)
  if (get(memory, node, OWNER) !== 0) return false
  const before = atBack ? get(memory, head, PREVIOUS) : head
  const behind = get(memory, before, NEXT)
  set(memory, node, PREVIOUS, before)
  set(memory, node, NEXT, behind)
  set(memory, before, NEXT, node)
  set(memory, behind, PREVIOUS, node)
  set(memory, node, OWNER, head)
  return true
}

/** Takes the node at the front or the back out; 0 where the list is empty. */
export function unlink(memory: GuestMemory, head: number, atBack: boolean): number {
  open(memory, head)
  const node = get(memory, head, atBack ? PREVIOUS : NEXT)
  if (node === head) return 0
  const [before, behind] = [get(memory, node, PREVIOUS), get(memory, node, NEXT)]
  set(memory, before, NEXT, behind)
  set(memory, behind, PREVIOUS, before)
  close(memory, node)
  set(memory, node, OWNER, 0)
  return node
}

/**
 * Empties a list: its nodes, the first one first. They keep their owner, as what is being freed.
 *
 * @param isNode false for what can be none: user space may have written anything over the links
 */
export function takeAllLinked(memory: GuestMemory, head: number, isNode: (node: number) => boolean): readonly number[] {
  open(memory, head)
  const nodes = new Set<number>()
  for (let node = get(memory, head, NEXT); node !== head; node = get(memory, node, NEXT)) {
    if (nodes.has(node) || !isNode(node)) break
    nodes.add(node)
  }
  close(memory, head)
  return [...nodes]
}
