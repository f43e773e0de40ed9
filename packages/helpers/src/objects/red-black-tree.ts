/**
 * Trees of objects, balanced: a root is {u64 top, u64 leftmost}, a node {u64 parent and colour, u64 right, u64 left, u64
 * owner}, the root that it is in. Whoever calls holds the lock. Insertion and removal are those of the textbook, so that a
 * tree has the shape that the kernel's has, and asks the program as often which of two nodes comes first.
 *
 * @see Cormen, Leiserson, Rivest, Stein: Introduction to Algorithms, chapter 13
 * @see struct bpf_rb_node_kern in include/linux/bpf.h, struct rb_root_cached in include/linux/rbtree_types.h (6.12)
 */
import type { GuestMemory } from '@bpfoundry/guest-memory'

/** Fields of a node, in words. */
const PARENT = 0
const RIGHT = 2
const LEFT = 4
const OWNER = 6
/** Fields of a root. */
const TOP = 0
const LEFTMOST = 2

const BLACK = 1

type Side = typeof LEFT | typeof RIGHT

/** One tree under the lock. */
class Tree {
  readonly #u32: Uint32Array
  readonly #root: number

  constructor({ u32 }: GuestMemory, root: number) {
    this.#u32 = u32
    this.#root = root
  }

  #get(at: number, field: number): number {
    return this.#u32[(at >>> 2) + field] as number
  }

  #set(at: number, field: number, value: number): void {
    this.#u32[(at >>> 2) + field] = value
    this.#u32[(at >>> 2) + field + 1] = 0
  }

  get top(): number {
    return this.#get(this.#root, TOP)
  }

  get leftmost(): number {
    return this.#get(this.#root, LEFTMOST)
  }

  set leftmost(node: number) {
    this.#set(this.#root, LEFTMOST, node)
  }

  owner(node: number): number {
    return this.#get(node, OWNER)
  }

  setOwner(node: number, owner: number): void {
    this.#set(node, OWNER, owner)
  }

  child(node: number, side: Side): number {
    return this.#get(node, side)
  }

  #parent(node: number): number {
    return (this.#get(node, PARENT) & ~BLACK) >>> 0
  }

  /** Nothing is black. */
  #isBlack(node: number): boolean {
    return node === 0 || (this.#get(node, PARENT) & BLACK) !== 0
  }

  #setParent(node: number, parent: number): void {
    this.#set(node, PARENT, (parent | (this.#get(node, PARENT) & BLACK)) >>> 0)
  }

  #paint(node: number, isBlack: boolean): void {
    this.#set(node, PARENT, (this.#parent(node) | (isBlack ? BLACK : 0)) >>> 0)
  }

  /** Puts `node` (or nothing) in the place of `old` below `parent`. */
  #replaceBelow(parent: number, old: number, node: number): void {
    if (parent === 0) this.#set(this.#root, TOP, node)
    else this.#set(parent, this.child(parent, LEFT) === old ? LEFT : RIGHT, node)
    if (node !== 0) this.#setParent(node, parent)
  }

  /** `node` goes down to `side`, and its child on the other side comes up. */
  #rotate(node: number, side: Side): void {
    const other = opposite(side)
    const up = this.child(node, other)
    const inner = this.child(up, side)
    this.#set(node, other, inner)
    if (inner !== 0) this.#setParent(inner, node)
    this.#replaceBelow(this.#parent(node), node, up)
    this.#set(up, side, node)
    this.#setParent(node, up)
  }

  /** Hangs a node below `parent`, at a side where there is none; with parent 0 it is the first one. */
  insert(node: number, parent: number, side: Side): void {
    if (parent === 0 || (parent === this.leftmost && side === LEFT)) this.leftmost = node
    this.#set(node, PARENT, parent)
    this.#set(node, LEFT, 0)
    this.#set(node, RIGHT, 0)
    if (parent === 0) this.#set(this.#root, TOP, node)
    else this.#set(parent, side, node)
    this.#mendInsertion(node)
    this.#paint(this.top, true)
  }

  #mendInsertion(inserted: number): void {
    let node = inserted
    let parent = this.#parent(node)
    while (!this.#isBlack(parent)) {
      const grandparent = this.#parent(parent)
      const side: Side = this.child(grandparent, LEFT) === parent ? LEFT : RIGHT
      const uncle = this.child(grandparent, opposite(side))
      if (!this.#isBlack(uncle)) {
        this.#paint(parent, true)
        this.#paint(uncle, true)
        this.#paint(grandparent, false)
        node = grandparent
      } else {
        if (this.child(parent, opposite(side)) === node) {
          node = parent
          this.#rotate(node, side)
          parent = this.#parent(node)
        }
        this.#paint(parent, true)
        this.#paint(grandparent, false)
        this.#rotate(grandparent, opposite(side))
      }
      parent = this.#parent(node)
    }
  }

  remove(node: number): void {
    if (this.leftmost === node) this.leftmost = this.#after(node)
    const [left, right] = [this.child(node, LEFT), this.child(node, RIGHT)]
    if (left === 0 || right === 0) {
      const wasBlack = this.#isBlack(node)
      const [child, parent] = [left || right, this.#parent(node)]
      this.#replaceBelow(parent, node, child)
      if (wasBlack) this.#mendRemoval(child, parent)
    } else {
      this.#removeInner(node, left, right)
    }
  }

  /** The next node, which has none to its left, takes the place of one with two children. */
  #removeInner(node: number, left: number, right: number): void {
    const next = this.#first(right)
    const wasBlack = this.#isBlack(next)
    const child = this.child(next, RIGHT)
    const isChild = next === right
    const parent = isChild ? next : this.#parent(next)
    if (!isChild) {
      this.#replaceBelow(parent, next, child)
      this.#set(next, RIGHT, right)
      this.#setParent(right, next)
    }
    this.#replaceBelow(this.#parent(node), node, next)
    this.#set(next, LEFT, left)
    this.#setParent(left, next)
    this.#paint(next, this.#isBlack(node))
    if (wasBlack) this.#mendRemoval(child, parent)
  }

  /** The way to `node` below `parent` has one black node too few. */
  #mendRemoval(short: number, above: number): void {
    let [node, parent] = [short, above]
    while (parent !== 0 && this.#isBlack(node)) {
      const side: Side = this.child(parent, LEFT) === node ? LEFT : RIGHT
      const other = opposite(side)
      let sibling = this.child(parent, other)
      if (!this.#isBlack(sibling)) {
        this.#paint(sibling, true)
        this.#paint(parent, false)
        this.#rotate(parent, side)
        sibling = this.child(parent, other)
      }
      if (this.#isBlack(this.child(sibling, LEFT)) && this.#isBlack(this.child(sibling, RIGHT))) {
        this.#paint(sibling, false)
        node = parent
        parent = this.#parent(node)
      } else {
        this.#mendBySibling(parent, sibling, side)
        node = this.top
        parent = 0
      }
    }
    if (node !== 0) this.#paint(node, true)
  }

  #mendBySibling(parent: number, sibling: number, side: Side): void {
    const other = opposite(side)
    let up = sibling
    if (this.#isBlack(this.child(sibling, other))) {
      this.#paint(this.child(sibling, side), true)
      this.#paint(sibling, false)
      this.#rotate(sibling, other)
      up = this.child(parent, other)
    }
    this.#paint(up, this.#isBlack(parent))
    this.#paint(parent, true)
    this.#paint(this.child(up, other), true)
    this.#rotate(parent, side)
  }

  #first(node: number): number {
    let first = node
    while (this.child(first, LEFT) !== 0) first = this.child(first, LEFT)
    return first
  }

  /** The next one in order; 0 behind the last. */
  #after(node: number): number {
    const right = this.child(node, RIGHT)
    if (right !== 0) return this.#first(right)
    let [below, parent] = [node, this.#parent(node)]
    while (parent !== 0 && this.child(parent, RIGHT) === below) {
      below = parent
      parent = this.#parent(below)
    }
    return parent
  }

  /** Adds all nodes to `found`, children before their parents, the left ones first. */
  findUpwards(node: number, isNode: (node: number) => boolean, found: Set<number>): void {
    if (node === 0 || found.has(node) || !isNode(node)) return
    // Before its children, too, so that a ring comes to an end.
    found.add(node)
    this.findUpwards(this.child(node, LEFT), isNode, found)
    this.findUpwards(this.child(node, RIGHT), isNode, found)
    found.delete(node)
    found.add(node)
  }

  clear(): void {
    this.#set(this.#root, TOP, 0)
    this.leftmost = 0
  }
}

function opposite(side: Side): Side {
  return side === LEFT ? RIGHT : LEFT
}

/** The node that comes first; 0 in an empty tree. */
export function firstInTree(memory: GuestMemory, root: number): number {
  return new Tree(memory, root).leftmost
}

/** Whether the node is in some tree, this one or another. */
export function isInTree(memory: GuestMemory, node: number): boolean {
  return new Tree(memory, 0).owner(node) !== 0
}

/**
 * One step of an insertion: the node to be compared next, or 0 once the node is in the tree. `parent` is the one that was
 * compared last, 0 before the first, and `isLess` what came of it.
 */
export function stepIntoTree(memory: GuestMemory, root: number, node: number, parent: number, isLess: boolean): number {
  const tree = new Tree(memory, root)
  const side = isLess ? LEFT : RIGHT
  const next = parent === 0 ? tree.top : tree.child(parent, side)
  if (next !== 0) return next
  tree.insert(node, parent, side)
  tree.setOwner(node, root)
  return 0
}

/** Takes a node out; false where it is not in this tree. */
export function removeFromTree(memory: GuestMemory, root: number, node: number): boolean {
  const tree = new Tree(memory, root)
  if (tree.owner(node) !== root) return false
  tree.remove(node)
  tree.setOwner(node, 0)
  return true
}

/**
 * Empties a tree: its nodes, in the order in which the kernel frees them.
 *
 * @param isNode false for what can be none: user space may have written anything over the root
 */
export function takeAllInTree(memory: GuestMemory, root: number, isNode: (node: number) => boolean): readonly number[] {
  const tree = new Tree(memory, root)
  const nodes = new Set<number>()
  tree.findUpwards(tree.top, isNode, nodes)
  for (const node of nodes) tree.setOwner(node, 0)
  tree.clear()
  return [...nodes]
}
