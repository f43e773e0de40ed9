/**
 * Fields of a map's values that the kernel keeps to itself: locks, timers, kernel pointers. They are found by the map's
 * BTF; a type that the kernel can't make sense of has none, and all of its bytes are the program's.
 *
 * @see btf_parse_fields in kernel/bpf/btf.c
 */
import { BTF_KIND, type Btf, BtfError } from '@bpfoundry/btf'
import { DEFAULT_PROFILE } from '@bpfoundry/kernel-abi'
import { type OlderRules, rulesOf } from '../portability/older-rules.ts'
import { areApart, areGuarded, FieldSearch, type FieldShape, type SpecialField, Unfit } from './field-search.ts'

export type MapFieldKind =
  | 'bpf_spin_lock'
  | 'bpf_res_spin_lock'
  | 'bpf_timer'
  | 'bpf_wq'
  | 'bpf_task_work'
  | 'bpf_refcount'
  | 'bpf_list_head'
  | 'bpf_rb_root'
  | 'kptr_untrusted'
  | 'kptr'
  | 'percpu_kptr'
  | 'uptr'

export type MapField = SpecialField<MapFieldKind>

// biome-ignore format: table
const STRUCTS: ReadonlyMap<string, FieldShape> = new Map<MapFieldKind, FieldShape>([
  ['bpf_spin_lock',     { sizeBytes: 4,  alignBytes: 4, count: 'one' }],
  ['bpf_res_spin_lock', { sizeBytes: 4,  alignBytes: 4, count: 'one' }],
  ['bpf_timer',         { sizeBytes: 16, alignBytes: 8, count: 'one' }],
  ['bpf_wq',            { sizeBytes: 16, alignBytes: 8, count: 'one' }],
  ['bpf_task_work',     { sizeBytes: 8,  alignBytes: 8, count: 'one' }],
  ['bpf_refcount',      { sizeBytes: 4,  alignBytes: 4, count: 'one' }],
  ['bpf_list_head',     { sizeBytes: 16, alignBytes: 8, count: 'any', node: 'bpf_list_node' }],
  ['bpf_rb_root',       { sizeBytes: 16, alignBytes: 8, count: 'any', node: 'bpf_rb_node' }],
])

/** What tags say of pointers, by the one that says they are counted: before 6.4 the plain one said that they are not. */
// biome-ignore format: table
const POINTER_TAGS: Readonly<Record<OlderRules['countedPointerTag'], ReadonlyMap<string, MapFieldKind>>> = {
  kptr: new Map<string, MapFieldKind>([
    ['kptr_untrusted', 'kptr_untrusted'], ['kptr', 'kptr'], ['percpu_kptr', 'percpu_kptr'], ['uptr', 'uptr'],
  ]),
  kptr_ref: new Map<string, MapFieldKind>([['kptr', 'kptr_untrusted'], ['kptr_ref', 'kptr']]),
}

/**
 * The special fields of a map's values, by offset; none where the type is not one that has fields, or is unfit.
 *
 * @param valueTypeId the type of a value in `btf`
 * @param release whose tags of pointers they are
 */
export function mapFields(
  btf: Btf,
  valueTypeId: number,
  valueSizeBytes: number,
  release: string = DEFAULT_PROFILE,
): readonly MapField[] {
  try {
    const type = btf.resolve(valueTypeId)
    const pointerTags = POINTER_TAGS[rulesOf(release).countedPointerTag]
    const search = new FieldSearch<MapFieldKind>(btf, { structs: STRUCTS, pointerTags })
    const found =
      type.kind === BTF_KIND.STRUCT
        ? search.inStruct(type)
        : type.kind === BTF_KIND.DATASEC
          ? search.inSection(type)
          : []
    return areApart(found, valueSizeBytes) && areGuarded(found) ? found : []
  } catch (error) {
    if (error instanceof Unfit || error instanceof BtfError) return []
    throw error
  }
}

/** The field of a kind that values have one of at most. */
export function fieldOfKind(fields: readonly MapField[] | undefined, kind: MapFieldKind): MapField | undefined {
  return fields?.find((field) => field.kind === kind)
}
