import { BTF_KIND, type Btf, BtfBuilder } from '@bpfoundry/btf'
import { expect, test } from 'vitest'
import { specialField } from '../../src/verified/special-fields.ts'

const { ARRAY, DATASEC, INT, PTR, STRUCT, TYPE_TAG, TYPEDEF, VAR } = BTF_KIND

/** A value with a member of a struct of that name, in an array, behind a typedef; or a pointer to an int with that tag. */
function build(make: 'struct' | 'pointer' | 'pointee', name: string): readonly [btf: Btf, typeId: number] {
  const builder = new BtfBuilder()
  const int = builder.add({ kind: INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
  const struct = (title: string, typeId: number): number => {
    const members = [{ name: 'a', typeId, bitOffset: 0, bitfieldBits: 0 }]
    return builder.add({ kind: STRUCT, name: title, sizeBytes: 4, kindFlag: false, members })
  }
  const inner =
    make === 'pointer'
      ? builder.add({
          kind: PTR,
          name: '',
          typeId: builder.add({ kind: TYPE_TAG, name, typeId: int, attribute: false }),
        })
      : struct(name, int)
  const part = make === 'pointee' ? builder.add({ kind: PTR, name: '', typeId: inner }) : inner
  const alias = builder.add({ kind: TYPEDEF, name: 'alias', typeId: part })
  const array = builder.add({ kind: ARRAY, name: '', elementTypeId: alias, indexTypeId: int, length: 1 })
  const value = struct('value', array)
  const variable = builder.add({ kind: VAR, name: 'v', typeId: value, linkage: 0 })
  const entries = [{ typeId: variable, offsetBytes: 0, sizeBytes: 4 }]
  return [builder.build('little'), builder.add({ kind: DATASEC, name: '.data', sizeBytes: 4, entries }) - 1]
}

// biome-ignore format: table
const FIELDS = [
  ['struct',  'bpf_spin_lock',  'bpf_spin_lock'],
  ['struct',  'bpf_rb_root',    'bpf_rb_root'],
  ['struct',  'spin_lock',      undefined],
  ['pointer', 'kptr',           'kptr'],
  ['pointer', 'kptr_untrusted', 'kptr_untrusted'],
  ['pointer', 'user',           undefined],
  ['pointee', 'bpf_spin_lock',  undefined],
] as const

test.each(FIELDS)('a %s %s is told apart', (make, name, found) => {
  const [btf, typeId] = build(make, name)
  expect(specialField(btf, typeId)).toBe(found)
})

test('a type that there is not has none', () => {
  expect(specialField(build('struct', 'x')[0], 1000)).toBeUndefined()
})
