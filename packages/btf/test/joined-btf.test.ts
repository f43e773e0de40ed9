import { describe, expect, it } from 'vitest'
import {
  BTF_KIND,
  type Btf,
  BtfBuilder,
  type BtfError,
  type BtfType,
  JoinedBtf,
  type KernelTypeSource,
} from '../src/index.ts'

const INT = { kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 } as const

function kernelOf(btf: Btf): KernelTypeSource {
  return { find: (name, kind) => btf.find(name, kind as BtfType['kind'])?.id, type: (id) => btf.type(id) }
}

/** `struct task { int pid; int flags; }`, and a function of the kernel. */
function kernelTypes(): Btf {
  const builder = new BtfBuilder()
  const int = builder.add(INT)
  const member = (name: string, bitOffset: number) => ({ name, typeId: int, bitOffset, bitfieldBits: 0 })
  const members = [member('pid', 0), member('flags', 32)]
  builder.add({ kind: BTF_KIND.STRUCT, name: 'task', sizeBytes: 8, kindFlag: false, members })
  const prototype = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: 0, parameters: [] })
  builder.add({ kind: BTF_KIND.FUNC, name: 'known', typeId: prototype, linkage: 0 })
  return builder.build()
}

/** `struct own { struct task task; }` and `struct own *take(struct task *task)`; the task as the caller describes it. */
function moduleTypes(task: (builder: BtfBuilder, int: number) => number): Btf {
  const builder = new BtfBuilder()
  const int = builder.add(INT)
  const taskId = task(builder, int)
  const members = [{ name: 'task', typeId: taskId, bitOffset: 0, bitfieldBits: 0 }]
  const own = builder.add({ kind: BTF_KIND.STRUCT, name: 'own', sizeBytes: 8, kindFlag: false, members })
  const pointer = (typeId: number): number => builder.add({ kind: BTF_KIND.PTR, name: '', typeId })
  const parameters = [{ name: 'task', typeId: pointer(taskId) }]
  const prototype = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: pointer(own), parameters })
  builder.add({ kind: BTF_KIND.FUNC, name: 'take', typeId: prototype, linkage: 0 })
  return builder.build()
}

const DECLARED = moduleTypes((builder) => builder.add({ kind: BTF_KIND.FWD, name: 'task', isUnion: false }))

const sized = (sizeBytes: number, members: readonly string[]): Btf =>
  moduleTypes((builder, int) =>
    builder.add({
      kind: BTF_KIND.STRUCT,
      name: 'task',
      sizeBytes,
      kindFlag: false,
      members: members.map((name, index) => ({ name, typeId: int, bitOffset: 32 * index, bitfieldBits: 0 })),
    }),
  )

/** What the function's parameter points to, and what it gives a pointer to. */
function partsOf(joined: JoinedBtf): { readonly taken: BtfType; readonly given: BtfType } {
  const fn = joined.type(joined.find('take', BTF_KIND.FUNC) ?? 0)
  const prototype = fn.kind === BTF_KIND.FUNC ? joined.type(fn.typeId) : fn
  if (prototype.kind !== BTF_KIND.FUNC_PROTO) throw new Error('the function has no prototype')
  const pointee = (id: number): BtfType => {
    const pointer = joined.resolve(id)
    return pointer.kind === BTF_KIND.PTR ? joined.resolve(pointer.typeId) : pointer
  }
  return { taken: pointee(prototype.parameters[0]?.typeId ?? 0), given: pointee(prototype.returnTypeId) }
}

describe('types of a kernel and its modules', () => {
  const kernel = kernelTypes()
  const task = kernel.find('task', BTF_KIND.STRUCT)?.id

  it.each([
    ['is declared', DECLARED],
    ['is given by its size', sized(8, [])],
    ['is given in full', sized(8, ['pid', 'flags'])],
  ])('are the same where one of the kernel %s in the module', (_how, module) => {
    const joined = new JoinedBtf(kernelOf(kernel), [module])
    expect(partsOf(joined).taken.id).toBe(task)
    expect(joined.find('task', BTF_KIND.STRUCT)).toBe(task)
  })

  it('are the module’s own where the kernel has another of that name', () => {
    const joined = new JoinedBtf(kernelOf(kernel), [sized(12, ['pid', 'flags', 'more'])])
    const { taken } = partsOf(joined)
    expect([taken.name, joined.moduleOf(taken.id), joined.sizeOf(taken.id)]).toEqual(['task', 0, 12])
  })

  it('keep apart what several modules have by the same name', () => {
    const joined = new JoinedBtf(kernelOf(kernel), [DECLARED, DECLARED])
    const first = joined.find('own', BTF_KIND.STRUCT) ?? 0
    const { given } = partsOf(joined)
    expect([joined.moduleOf(first), given.id]).toEqual([0, first])
    const second = joined.type(first + (1 << 20))
    expect([second.name, joined.moduleOf(second.id), joined.sizeOf(second.id)]).toEqual(['own', 1, 8])
  })

  it('are those of the kernel first', () => {
    const joined = new JoinedBtf(kernelOf(kernel), [DECLARED])
    expect(joined.type(joined.find('known', BTF_KIND.FUNC) ?? 0)).toBe(kernel.find('known', BTF_KIND.FUNC))
    expect(joined.find('nothing', BTF_KIND.FUNC)).toBeUndefined()
  })

  it('are refused where the kernel has no struct of that size', () => {
    const wrong = (): unknown => new JoinedBtf(kernelOf(kernel), [sized(16, [])])
    expect(wrong).toThrow(expect.objectContaining<Partial<BtfError>>({ code: 'BTF_BASE' }))
  })

  it('refuse ids that nobody has', () => {
    const joined = new JoinedBtf(kernelOf(kernel), [DECLARED])
    for (const id of [(1 << 20) + 999, 5 << 20]) {
      expect(() => joined.type(id)).toThrow(expect.objectContaining<Partial<BtfError>>({ code: 'BTF_TYPE_ID' }))
    }
  })
})
