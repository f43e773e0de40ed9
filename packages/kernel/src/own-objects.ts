/**
 * What programs need to make objects of their own: the heap that they lie on, and for each structure a description in
 * guest memory of what such an object holds. Both stay as long as the kernel, for objects outlive programs in maps.
 */
import { BTF_KIND, type Btf } from '@bpfoundry/btf'
import { CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { descriptionBytes, dropHeld, type HoldingField, ObjectHeap, writeDescription } from '@bpfoundry/helpers'
import { type KernelBtf, type MapField, mapFields } from '@bpfoundry/verifier'

/** Room for all objects of all programs. Guest memory takes pages only as they are written. */
const HEAP_BYTES = 16 * 2 ** 20

// biome-ignore format: table
const KINDS: Readonly<Partial<Record<MapField['kind'], HoldingField['kind']>>> = {
  bpf_list_head: 'list',
  bpf_rb_root:   'tree',
  kptr:          'pointer',
  percpu_kptr:   'perCpuPointer',
}

/** Objects of the programs of one kernel. */
export class OwnObjects {
  readonly #memory: GuestMemory
  readonly #cpus: readonly Cpu[]
  readonly #kernelBtf: KernelBtf | undefined
  readonly #described = new Map<Btf, Map<number, number>>()
  #heap: ObjectHeap | undefined

  constructor(memory: GuestMemory, cpus: readonly Cpu[], kernelBtf: KernelBtf | undefined) {
    this.#memory = memory
    this.#cpus = cpus
    this.#kernelBtf = kernelBtf
  }

  /** Objects that programs made, and nobody gave up. */
  get live(): number {
    return this.#heap?.live ?? 0
  }

  /** Makes sure that there is a heap, and that all CPUs know it. */
  prepare(): ObjectHeap {
    this.#heap ??= this.#makeHeap()
    return this.#heap
  }

  #makeHeap(): ObjectHeap {
    const { address } = this.#memory.allocate('objects of programs', 'map', HEAP_BYTES)
    for (const { block } of this.#cpus) {
      this.#memory.u32[(block + CPU_BLOCK.fields.objects.offsetBytes) >>> 2] = address
    }
    return ObjectHeap.create(this.#memory, address, HEAP_BYTES, this.#cpus.length)
  }

  /** Address of the description of a structure. */
  structureAddress(btf: Btf, typeId: number): number {
    const known = this.#described.get(btf) ?? new Map<number, number>()
    this.#described.set(btf, known)
    const address = known.get(typeId)
    if (address !== undefined) return address
    const type = btf.type(typeId)
    const sizeBytes = btf.sizeOf(typeId) ?? 0
    const fields = type.kind === BTF_KIND.STRUCT ? mapFields(btf, typeId, sizeBytes) : []
    return this.#describe(btf, `struct ${type.name}`, sizeBytes, fields, (at) => known.set(typeId, at))
  }

  /** Address of the description of a map's values; undefined where they hold no objects. */
  valueAddress(btf: Btf, sizeBytes: number, fields: readonly MapField[]): number | undefined {
    if (!fields.some(({ kind }) => KINDS[kind] !== undefined)) return undefined
    this.prepare()
    return this.#describe(btf, 'map value', sizeBytes, fields)
  }

  /** Gives up what the special fields of a value hold. @param description {@link valueAddress} */
  dropHeld(value: number, description: number): void {
    dropHeld({ memory: this.#memory, heap: this.prepare() }, value, description)
  }

  /** @param known told the address before the structures are looked at that it holds: one may hold its like */
  #describe(
    btf: Btf,
    name: string,
    sizeBytes: number,
    fields: readonly MapField[],
    known?: (address: number) => void,
  ): number {
    const holding = fields.filter((field) => KINDS[field.kind] !== undefined && this.#isOwn(field))
    const { address } = this.#memory.allocate(name, 'cpu', descriptionBytes(holding.length))
    known?.(address)
    const refcount = fields.find(({ kind }) => kind === 'bpf_refcount')
    const rows = holding.map((field) => ({
      kind: KINDS[field.kind] as HoldingField['kind'],
      offsetBytes: field.offsetBytes,
      nodeOffsetBytes: field.linked?.offsetBytes ?? 0,
      description: this.structureAddress(btf, (field.linked?.type ?? field.targetType)?.id ?? 0),
    }))
    writeDescription(this.#memory, address, {
      sizeBytes,
      ...(refcount === undefined ? {} : { refcountOffsetBytes: refcount.offsetBytes }),
      fields: rows,
    })
    return address
  }

  /** There are no objects of the kernel's structures. */
  #isOwn({ target }: MapField): boolean {
    return target === undefined || this.#kernelBtf?.find(target, BTF_KIND.STRUCT) === undefined
  }
}
