/** What BTF says of the values of the maps that have special fields. */
import { BTF_KIND, type Btf, BtfBuilder } from '@bpfoundry/btf'

/** A member of a value: a number of 32 or 64 bits, a special struct, or a tagged pointer: to `struct case_object`, which is the program's, or to the kernel's `prog_test_ref_kfunc`. */
export type ValueMember =
  | 'u32'
  | 'u64'
  | 'bpf_spin_lock'
  | 'bpf_timer'
  | 'bpf_wq'
  | 'kptr'
  | 'kptr_untrusted'
  | 'unknown_tag'
  | 'kernel kptr'
  | 'kernel kptr_untrusted'

/** Members one behind the other; a list in the list is a struct. */
export type ValueShape = readonly (ValueMember | readonly ValueMember[])[]

export interface ValueBtf {
  readonly btf: Btf
  readonly keyTypeId: number
  readonly valueTypeId: number
  readonly sizeBytes: number
}

const BYTES: Readonly<Record<ValueMember, number>> = {
  u32: 4,
  u64: 8,
  bpf_spin_lock: 4,
  bpf_timer: 16,
  bpf_wq: 16,
  kptr: 8,
  kptr_untrusted: 8,
  unknown_tag: 8,
  'kernel kptr': 8,
  'kernel kptr_untrusted': 8,
}

function bytesOf(shape: ValueShape): number {
  return shape.reduce((sum, one) => sum + (typeof one === 'string' ? BYTES[one] : bytesOf(one)), 0)
}

class ValueTypes {
  readonly builder = new BtfBuilder()
  readonly u32 = this.#int('u32', 4)
  readonly #u64 = this.#int('u64', 8)
  readonly #object = this.struct('case_object', ['u64'])
  readonly #kernelObject = this.struct('prog_test_ref_kfunc', ['u64'])

  #int(name: string, sizeBytes: number): number {
    const encoding = 0
    return this.builder.add({ kind: BTF_KIND.INT, name, sizeBytes, encoding, bitOffset: 0, bits: 8 * sizeBytes })
  }

  struct(name: string, shape: ValueShape): number {
    const rows = shape.map((one, index) => {
      const typeId = typeof one === 'string' ? this.#member(one) : this.struct(`part${index}`, one)
      return { name: `m${index}`, typeId, bitOffset: 8 * bytesOf(shape.slice(0, index)), bitfieldBits: 0 }
    })
    const sizeBytes = bytesOf(shape)
    return this.builder.add({ kind: BTF_KIND.STRUCT, name, sizeBytes, kindFlag: false, members: rows })
  }

  #member(member: ValueMember): number {
    if (member === 'u32') return this.u32
    if (member === 'u64') return this.#u64
    if (member === 'bpf_spin_lock') return this.struct(member, ['u32'])
    if (member === 'bpf_timer' || member === 'bpf_wq') return this.struct(member, ['u64', 'u64'])
    const typeId = member.startsWith('kernel ') ? this.#kernelObject : this.#object
    const name = member.replace('kernel ', '')
    const tag = this.builder.add({ kind: BTF_KIND.TYPE_TAG, name, typeId, attribute: false })
    return this.builder.add({ kind: BTF_KIND.PTR, name: '', typeId: tag })
  }
}

/** Types of a map whose keys are 32-bit numbers and whose values are a struct of that shape. */
export function describeValue(shape: ValueShape): ValueBtf {
  const types = new ValueTypes()
  const valueTypeId = types.struct('value', shape)
  return { btf: types.builder.build(), keyTypeId: types.u32, valueTypeId, sizeBytes: bytesOf(shape) }
}
