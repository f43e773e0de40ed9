/** A module with a structure that nothing else has, and functions that give it out and take it back. */
import { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE, type Btf, BtfBuilder } from '@bpfoundry/btf'
import { type KernelFunctionTrait, type ModuleFunctionSet, PROG_TYPE } from '@bpfoundry/kernel-abi'

const INT = {
  kind: BTF_KIND.INT,
  name: 'int',
  sizeBytes: 4,
  encoding: BTF_INT_ENCODING.SIGNED,
  bitOffset: 0,
  bits: 32,
} as const

/** Function, traits, what it takes, and whether it gives an object out. */
// biome-ignore format: table
const FUNCTIONS = [
  ['mod_object_get',  ['acquire', 'ret_null'], 'none',   true],
  ['mod_object_put',  ['release'],             'object', false],
  ['mod_object_look', ['trusted_args'],        'object', false],
  ['mod_other_look',  ['trusted_args'],        'other',  false],
  ['mod_kernel_look', ['rcu'],                 'kernel', false],
] as const

/** Types of the module, complete by themselves: of the kernel's structure only the size is known. */
export function moduleTypes(): Btf {
  const builder = new BtfBuilder()
  const int = builder.add(INT)
  const struct = (name: string, sizeBytes: number, members: readonly string[]): number =>
    builder.add({
      kind: BTF_KIND.STRUCT,
      name,
      sizeBytes,
      kindFlag: false,
      members: members.map((member, index) => ({ name: member, typeId: int, bitOffset: 32 * index, bitfieldBits: 0 })),
    })
  const pointer = (typeId: number): number => builder.add({ kind: BTF_KIND.PTR, name: '', typeId })
  const object = pointer(struct('mod_object', 8, ['count', 'state']))
  const taken = {
    object,
    other: pointer(struct('mod_other', 4, ['count'])),
    kernel: pointer(struct('prog_test_ref_kfunc', 32, [])),
  }
  for (const [name, , takes, gives] of FUNCTIONS) {
    const parameters = takes === 'none' ? [] : [{ name: 'p', typeId: taken[takes] }]
    const returnTypeId = gives ? object : 0
    const typeId = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId, parameters })
    builder.add({ kind: BTF_KIND.FUNC, name, typeId, linkage: BTF_LINKAGE.STATIC })
  }
  return builder.build()
}

/** For programs of TC. */
export const MODULE_FUNCTIONS: readonly ModuleFunctionSet[] = [
  {
    programTypes: [PROG_TYPE.SCHED_CLS],
    functions: new Map(FUNCTIONS.map(([name, traits]) => [name, new Set<KernelFunctionTrait>(traits)])),
  },
]

/** Values of a map: `struct value { struct mod_object __kptr *object; }`, the structure only declared with that many bytes. */
export function objectValue(structName: string): { readonly btf: Btf; readonly valueTypeId: number } {
  const builder = new BtfBuilder()
  const int = builder.add(INT)
  const members = [{ name: 'count', typeId: int, bitOffset: 0, bitfieldBits: 0 }]
  const target = builder.add({ kind: BTF_KIND.STRUCT, name: structName, sizeBytes: 4, kindFlag: false, members })
  const tag = builder.add({ kind: BTF_KIND.TYPE_TAG, name: 'kptr', typeId: target, attribute: false })
  const typeId = builder.add({ kind: BTF_KIND.PTR, name: '', typeId: tag })
  const field = [{ name: 'object', typeId, bitOffset: 0, bitfieldBits: 0 }]
  const valueTypeId = builder.add({
    kind: BTF_KIND.STRUCT,
    name: 'value',
    sizeBytes: 8,
    kindFlag: false,
    members: field,
  })
  return { btf: builder.build(), valueTypeId }
}
