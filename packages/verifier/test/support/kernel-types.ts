/** A structure of the kernel that it has for tests, as its own BTF tells of it. */
import { BTF_INT_ENCODING, BTF_KIND, BtfBuilder, type BtfType } from '@bpfoundry/btf'
import type { KernelBtf } from '../../src/index.ts'

const builder = new BtfBuilder()
const int = builder.add({
  kind: BTF_KIND.INT,
  name: 'int',
  sizeBytes: 4,
  encoding: BTF_INT_ENCODING.SIGNED,
  bitOffset: 0,
  bits: 32,
})

type Members = readonly (readonly [name: string, typeId: number, offsetBytes: number])[]

function struct(name: string, sizeBytes: number, rows: Members): number {
  const members = rows.map(([member, typeId, at]) => ({ name: member, typeId, bitOffset: 8 * at, bitfieldBits: 0 }))
  return builder.add({ kind: BTF_KIND.STRUCT, name, sizeBytes, kindFlag: false, members })
}

const member1 = struct('prog_test_member1', 4, [['a', int, 0]])
// biome-ignore format: table
const member = struct('prog_test_member', 8, [['m', member1, 0], ['c', int, 4]])
const count = struct('refcount_struct', 4, [['refs', int, 0]])
const next = builder.add({ kind: BTF_KIND.PTR, name: '', typeId: builder.nextId + 1 })
// biome-ignore format: table
struct('prog_test_ref_kfunc', 32, [['a', int, 0], ['b', int, 4], ['memb', member, 8], ['next', next, 16], ['cnt', count, 24]])

const btf = builder.build()

/** struct prog_test_ref_kfunc, from net/bpf/test_run.c of Linux. */
export const CASE_KERNEL_BTF: KernelBtf = {
  find: (name, kind) => btf.find(name, kind as BtfType['kind'])?.id,
  type: (id) => btf.type(id),
  resolve: (id) => btf.resolve(id),
  sizeOf: (id) => btf.sizeOf(id),
}
