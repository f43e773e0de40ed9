import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BTF_KIND, BtfBuilder, BtfError, decodeBtf, LazyBtf } from '../src/index.ts'

const VMLINUX = '/sys/kernel/btf/vmlinux'

function sample(): Uint8Array {
  const builder = new BtfBuilder()
  const int = builder.add({ kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
  const word = builder.add({ kind: BTF_KIND.TYPEDEF, name: 'word', typeId: int })
  const list = builder.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId: word, indexTypeId: int, length: 3 })
  const members = [{ name: 'list', typeId: list, bitOffset: 0, bitfieldBits: 0 }]
  builder.add({ kind: BTF_KIND.STRUCT, name: 'pair', sizeBytes: 12, members, kindFlag: false })
  return builder.build().encode()
}

describe('types that are decoded when asked for', () => {
  it('are those that decoding all gives', () => {
    const [lazy, whole] = [new LazyBtf(sample()), decodeBtf(sample())]
    for (const { id } of [...whole.types].reverse()) {
      expect(lazy.type(id)).toEqual(whole.type(id))
      expect(lazy.resolve(id)).toEqual(whole.resolve(id))
      expect(lazy.sizeOf(id)).toBe(whole.sizeOf(id))
    }
    expect(lazy.find('pair', BTF_KIND.STRUCT)).toBe(whole.find('pair', BTF_KIND.STRUCT)?.id)
  })

  it('are refused past the end', () => {
    expect(() => new LazyBtf(sample()).type(99)).toThrow(BtfError)
  })

  it('are missed where they are cut, or of an unknown kind', () => {
    expect(() => new LazyBtf(sample()).expectWhole()).not.toThrow()
    const unknown = sample()
    // The kind of type 3, behind INT and TYPEDEF.
    unknown[24 + 16 + 12 + 7] = 31
    expect(() => new LazyBtf(unknown).expectWhole()).toThrow(/of a kind that is not known/)
  })

  it("are the running kernel's", (ctx) => {
    if (!existsSync(VMLINUX)) return ctx.skip(`no ${VMLINUX}`)
    const lazy = new LazyBtf(readFileSync(VMLINUX))
    const task = lazy.type(lazy.find('task_struct', BTF_KIND.STRUCT) ?? 0)
    expect(task).toMatchObject({ kind: BTF_KIND.STRUCT, name: 'task_struct' })
    expect(lazy.sizeOf(task.id)).toBeGreaterThan(1000)
  })
})
