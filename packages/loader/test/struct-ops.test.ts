import { BTF_KIND, BtfBuilder, type BtfType } from '@bpfoundry/btf'
import { describe, expect, test } from 'vitest'
import { loadCollectionSpec } from '../src/index.ts'
import { compile, hasProgram, withFolder } from './compile.ts'

const builder = new BtfBuilder()
const pointer = builder.add({ kind: BTF_KIND.PTR, name: '', typeId: 0 })

function struct(name: string, members: readonly string[]): number {
  return builder.add({
    kind: BTF_KIND.STRUCT,
    name,
    sizeBytes: 8 * members.length,
    kindFlag: false,
    members: members.map((member, index) => ({
      name: member,
      typeId: pointer,
      bitOffset: 64 * index,
      bitfieldBits: 0,
    })),
  })
}

const congestion = struct('tcp_congestion_ops', ['undo_cwnd', 'ssthresh', 'set_state', 'cong_avoid'])
const dummy = struct('bpf_dummy_ops', ['test_1'])
const btf = builder.build()

/** A kernel whose members are in another order than the object's. */
const kernelTypes = {
  find: (name: string, kind: number) => btf.find(name, kind as BtfType['kind'])?.id,
  findAll: (name: string, kind: number) =>
    btf.types.filter((type) => type.name === name && type.kind === kind).map(({ id }) => id),
  type: (id: number) => btf.type(id),
  resolve: (id: number) => btf.resolve(id),
  sizeOf: (id: number) => btf.sizeOf(id),
}

describe.skipIf(!hasProgram('clang-19'))('a program that stands in for a function of the kernel', () => {
  test.each([
    ['threshold', congestion, 1],
    ['avoid', congestion, 3],
    ['undo', congestion, 0],
    ['dummy', dummy, 0],
  ])('%s is bound to the member that its structure says', (name, attachBtfId, expectedAttachType) => {
    const { bytes } = withFolder((folder) => compile(folder, 'struct-ops'))
    const program = loadCollectionSpec(bytes, { kernelTypes }).programs.get(name)
    expect(program?.unsupported).toBeUndefined()
    expect([program?.attachBtfId, program?.expectedAttachType]).toEqual([attachBtfId, expectedAttachType])
  })

  test.each([
    ['nowhere', 'LOADER_UNSUPPORTED', "program 'nowhere', which no structure of functions refers to, is not supported"],
    ['absent', 'LOADER_KERNEL_SYMBOL', "the kernel has no structure 'no_such_ops'"],
  ])('%s is not loaded', (name, code, message) => {
    const { bytes } = withFolder((folder) => compile(folder, 'struct-ops'))
    expect(loadCollectionSpec(bytes, { kernelTypes }).programs.get(name)?.unsupported).toMatchObject({ code, message })
  })

  test('of either byte order', () => {
    const { bytes } = withFolder((folder) => compile(folder, 'struct-ops', 'bpfeb'))
    expect(loadCollectionSpec(bytes, { kernelTypes }).programs.get('avoid')?.expectedAttachType).toBe(3)
  })

  test('is listed by its names where those are asked for', () => {
    const { bytes } = withFolder((folder) => compile(folder, 'struct-ops'))
    const program = loadCollectionSpec(bytes, { externs: 'keep' }).programs.get('avoid')
    expect(program?.unsupported).toBeUndefined()
    expect(program?.structOps).toMatchObject({ struct: 'tcp_congestion_ops', member: 'cong_avoid' })
    expect(program?.expectedAttachType).toBe(program?.structOps?.index)
  })

  test("needs the kernel's types", () => {
    const { bytes } = withFolder((folder) => compile(folder, 'struct-ops'))
    expect(loadCollectionSpec(bytes).programs.get('avoid')?.unsupported?.code).toBe('LOADER_UNSUPPORTED')
  })
})
