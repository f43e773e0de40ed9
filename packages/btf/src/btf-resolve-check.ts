import type { Btf } from './btf.ts'
import { BtfError } from './btf-error.ts'
import { BTF_KIND } from './btf-kind.ts'
import { isModifier, visitReferences } from './btf-references.ts'
import type { BtfType } from './btf-type.ts'

/** Types on one path, at most. */
const MAX_DEPTH = 32

/** What ends a path depends on what it has gone through: a pointer in a struct is no part of the struct's layout. */
type Mode = 'any' | 'pointers' | 'values'

interface Frame {
  readonly type: BtfType
  readonly children: readonly number[]
  next: number
}

/**
 * Walks the types in the kernel's order and refuses what it refuses for depth or loops. Order matters to the depth:
 * a type that was walked before costs one step.
 *
 * @throws {BtfError} BTF_CYCLE
 */
export function checkResolution(btf: Btf): void {
  const walker = new Walker(btf)
  for (const type of btf.types) {
    if (needsResolve(type)) walker.walk(type)
    if (type.kind === BTF_KIND.FUNC_PROTO) {
      visitReferences(type, (typeId) => {
        const used = btf.type(typeId)
        if (needsResolve(used)) walker.walk(used)
      })
    }
  }
}

class Walker {
  readonly #btf: Btf
  readonly #open = new Set<number>()
  readonly #done = new Set<number>()
  readonly #stack: Frame[] = []
  #mode: Mode = 'any'

  constructor(btf: Btf) {
    this.#btf = btf
  }

  walk(root: BtfType): void {
    if (this.#done.has(root.id)) return
    this.#mode = 'any'
    this.#push(root)
    for (let frame = this.#stack.at(-1); frame !== undefined; frame = this.#stack.at(-1)) {
      if (frame.type.kind === BTF_KIND.DATASEC) this.#mode = 'any'
      const child = this.#nextChild(frame)
      if (child !== undefined) {
        this.#push(child)
        continue
      }
      this.#open.delete(frame.type.id)
      this.#done.add(frame.type.id)
      this.#stack.pop()
    }
  }

  #nextChild(frame: Frame): BtfType | undefined {
    while (frame.next < frame.children.length) {
      const child = this.#btf.type(frame.children[frame.next++] as number)
      if (this.#mustWalk(child)) return child
    }
    return this.#pointerBehind(frame)
  }

  /** A modifier that was walked inside a struct stopped at its pointer; a pointer to it has to go on from there. */
  #pointerBehind({ type, children }: Frame): BtfType | undefined {
    if (type.kind !== BTF_KIND.PTR && type.kind !== BTF_KIND.VAR) return undefined
    const target = this.#btf.type(children[0] as number)
    if (!isModifier(target)) return undefined
    const resolved = this.#btf.resolve(target.id)
    return resolved.kind === BTF_KIND.PTR && this.#mustWalk(resolved) ? resolved : undefined
  }

  #mustWalk(type: BtfType): boolean {
    return !isSink(this.#mode, type) && !this.#done.has(type.id)
  }

  #push(type: BtfType): void {
    const loops = this.#open.has(type.id)
    if (loops || this.#stack.length === MAX_DEPTH) {
      throw new BtfError({
        code: 'BTF_CYCLE',
        message: `type [${type.id}] ${loops ? 'contains itself' : 'is nested too deeply'}`,
        ...(loops ? {} : { expected: `${MAX_DEPTH} levels at most` }),
      })
    }
    this.#open.add(type.id)
    this.#stack.push({ type, children: childrenOf(type), next: 0 })
    if (this.#mode !== 'any') return
    if (type.kind === BTF_KIND.PTR) this.#mode = 'pointers'
    else if (isValueContainer(type)) this.#mode = 'values'
  }
}

/** What is walked below a type: of an array, the index before the element. */
function childrenOf(type: BtfType): readonly number[] {
  if (type.kind === BTF_KIND.ARRAY) return [type.indexTypeId, type.elementTypeId]
  if (type.kind === BTF_KIND.FUNC) return []
  const children: number[] = []
  visitReferences(type, (typeId) => children.push(typeId))
  return children
}

function isValueContainer({ kind }: BtfType): boolean {
  return kind === BTF_KIND.STRUCT || kind === BTF_KIND.UNION || kind === BTF_KIND.ARRAY
}

function isSink(mode: Mode, type: BtfType): boolean {
  if (mode === 'any') return !needsResolve(type)
  if (isModifier(type)) return false
  return mode === 'pointers' ? type.kind !== BTF_KIND.PTR : !isValueContainer(type)
}

const RESOLVED_KINDS: ReadonlySet<number> = new Set([
  BTF_KIND.PTR,
  BTF_KIND.ARRAY,
  BTF_KIND.STRUCT,
  BTF_KIND.UNION,
  BTF_KIND.VAR,
  BTF_KIND.FUNC,
  BTF_KIND.DECL_TAG,
  BTF_KIND.DATASEC,
])

function needsResolve(type: BtfType): boolean {
  return isModifier(type) || RESOLVED_KINDS.has(type.kind)
}
