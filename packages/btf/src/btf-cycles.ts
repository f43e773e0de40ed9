import { BtfError } from './btf-error.ts'
import { BTF_KIND } from './btf-kind.ts'
import { isModifier, visitReferences } from './btf-references.ts'
import type { BtfType } from './btf-type.ts'

/** Which types a walk goes through; all others end it. */
type Walk = (type: BtfType) => boolean

/** `T **`, modifiers between: a pointer that is a pointer to itself has no end. */
const throughPointers: Walk = (type) => isModifier(type) || type.kind === BTF_KIND.PTR

/** What lies inside a value: elements and members. A struct that contains itself has no size. */
const throughValues: Walk = (type) =>
  isModifier(type) || type.kind === BTF_KIND.ARRAY || type.kind === BTF_KIND.STRUCT || type.kind === BTF_KIND.UNION

/**
 * Refuses types that are, or contain, themselves. A pointer inside a struct ends the walk, so lists and trees are fine.
 * Linear in the number of references; no recursion.
 *
 * @param types by id, index 0 is void; all ids are in range
 * @throws {BtfError} BTF_CYCLE
 */
export function checkCycles(types: readonly BtfType[], placeOf: (id: number) => number): void {
  for (const walk of [throughPointers, throughValues]) {
    const id = findCycle(types, walk)
    if (id === undefined) continue
    const name = types[id]?.name ?? ''
    throw new BtfError({
      code: 'BTF_CYCLE',
      message: `type [${id}]${name === '' ? '' : ` '${name}'`} contains itself`,
      where: { offsetBytes: placeOf(id) },
      expected: 'a type that ends',
      hint: 'only a pointer may lead back to the type it is part of',
    })
  }
}

/** Depth-first with an explicit stack; a type met again while still open closes a cycle. */
function findCycle(types: readonly BtfType[], walk: Walk): number | undefined {
  const [unseen, open, done] = [0, 1, 2]
  const states = new Uint8Array(types.length)
  const stack: { id: number; next: number[] }[] = []
  const enter = (id: number): void => {
    const next: number[] = []
    const type = types[id]
    if (type !== undefined) visitReferences(type, (typeId) => next.push(typeId))
    states[id] = open
    stack.push({ id, next })
  }
  for (let root = 1; root < types.length; root++) {
    if (states[root] !== unseen || !walk(types[root] as BtfType)) continue
    enter(root)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.next.pop()
      if (next === undefined) {
        states[top.id] = done
        stack.pop()
      } else if (states[next] === open) {
        return next
      } else if (states[next] === unseen && walk(types[next] as BtfType)) {
        enter(next)
      }
    }
  }
  return undefined
}
