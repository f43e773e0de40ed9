/** What BTF says of the values of the maps that have special fields. */
import { BTF_KIND, type Btf, BtfBuilder } from '@bpfoundry/btf'

/** A member of a value: a number of 32 or 64 bits, a special struct, or a tagged pointer to `struct case_object`. */
export type ValueMember = 'u32' | 'u64' | 'bpf_spin_lock' | 'bpf_timer' | 'bpf_wq' | 'kptr' | 'kptr_untrusted'

export interface ValueBtf {
  readonly btf: Btf
  readonly keyTypeId: number
  readonly valueTypeId: number
}

const BYTES: Readonly<Record<ValueMember, number>> = {
  u32: 4,
  u64: 8,
  bpf_spin_lock: 4,
  bpf_timer: 16,
  bpf_wq: 16,
  kptr: 8,
  kptr_untrusted: 8,
}

class ValueTypes {
  readonly builder = new BtfBuilder()
  readonly u32 = this.#int('u32', 4)
  readonly #u64 = this.#int('u64', 8)
  readonly #object = this.#struct('case_object', 8, ['u64'])

  value(members: readonly ValueMember[], sizeBytes: number): number {
    return this.#struct('value', sizeBytes, members)
  }

  #int(name: string, sizeBytes: number): number {
    const encoding = 0
    return this.builder.add({ kind: BTF_KIND.INT, name, sizeBytes, encoding, bitOffset: 0, bits: 8 * sizeBytes })
  }

  #struct(name: string, sizeBytes: number, members: readonly ValueMember[]): number {
    let offset = 0
    const rows = members.map((member, index) => {
      const row = { name: `m${index}`, typeId: this.#member(member), bitOffset: 8 * offset, bitfieldBits: 0 }
      offset += BYTES[member]
      return row
    })
    return this.builder.add({ kind: BTF_KIND.STRUCT, name, sizeBytes, kindFlag: false, members: rows })
  }

  #member(member: ValueMember): number {
    if (member === 'u32') return this.u32
    if (member === 'u64') return this.#u64
    if (member === 'bpf_spin_lock') return this.#struct(member, 4, ['u32'])
    if (member === 'bpf_timer' || member === 'bpf_wq') return this.#struct(member, 16, ['u64', 'u64'])
    const tag = this.builder.add({ kind: BTF_KIND.TYPE_TAG, name: member, typeId: this.#object })
    return this.builder.add({ kind: BTF_KIND.PTR, name: '', typeId: tag })
  }
}

/** Types of a map whose keys are 32-bit numbers and whose values are a struct of `members`, one behind the other. */
export function describeValue(members: readonly ValueMember[]): ValueBtf {
  const types = new ValueTypes()
  const sizeBytes = members.reduce((sum, member) => sum + BYTES[member], 0)
  const valueTypeId = types.value(members, sizeBytes)
  return { btf: types.builder.build(), keyTypeId: types.u32, valueTypeId }
}
