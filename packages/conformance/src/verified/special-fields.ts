import { BTF_KIND, type Btf, type BtfType } from '@bpfoundry/btf'

/** Types that the kernel has rules of its own for in the values of maps. @see btf_parse_fields in kernel/bpf/btf.c (6.12) */
const SPECIAL: ReadonlySet<string> = new Set([
  'bpf_spin_lock',
  'bpf_res_spin_lock',
  'bpf_timer',
  'bpf_wq',
  'bpf_list_head',
  'bpf_list_node',
  'bpf_rb_root',
  'bpf_rb_node',
  'bpf_refcount',
])

/** A field of the type that the emulated verifier has no rules for: `bpf_timer`, `kptr`; undefined where there is none. */
export function specialField(btf: Btf, typeId: number): string | undefined {
  const visited = new Set<number>()
  const waiting = [typeId]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const type = btf.types[id]
    if (type === undefined || visited.has(id)) continue
    visited.add(id)
    const found = specialType(btf, type)
    if (found !== undefined) return found
    waiting.push(...partsOf(type))
  }
  return undefined
}

function specialType(btf: Btf, type: BtfType): string | undefined {
  if (type.kind === BTF_KIND.STRUCT) return SPECIAL.has(type.name) ? type.name : undefined
  if (type.kind !== BTF_KIND.PTR) return undefined
  const tag = btf.types[type.typeId]
  return tag?.kind === BTF_KIND.TYPE_TAG && /kptr|^uptr$/.test(tag.name) ? tag.name : undefined
}

/** What lies inside a value of the type; what it points to does not. */
function partsOf(type: BtfType): readonly number[] {
  switch (type.kind) {
    case BTF_KIND.STRUCT:
    case BTF_KIND.UNION:
      return type.members.map((member) => member.typeId)
    case BTF_KIND.DATASEC:
      return type.entries.map((entry) => entry.typeId)
    case BTF_KIND.ARRAY:
      return [type.elementTypeId]
    case BTF_KIND.PTR:
    case BTF_KIND.FUNC:
    case BTF_KIND.DECL_TAG:
      return []
    default:
      return 'typeId' in type ? [type.typeId] : []
  }
}
