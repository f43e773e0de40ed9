import type { Btf } from './btf.ts'
import { BTF_KIND } from './btf-kind.ts'
import { encodingName, linkageName, shownKind } from './btf-raw-format.ts'
import type { BtfEnum, BtfType } from './btf-type.ts'
import { JsonText } from './json-text.ts'

/**
 * The types as `bpftool -j btf dump` prints them, one line, or with `pretty` as `-p` does.
 *
 * @param types those to print; all by default
 */
export function formatBtfJson(
  btf: Btf,
  types: readonly BtfType[] = btf.types.slice(1),
  options: { readonly pretty?: boolean } = {},
): string {
  const json = new JsonText(options)
  json.object(() => {
    json.name('types')
    json.array(() => {
      for (const type of types) json.object(() => putType(json, type))
    })
  })
  return json.toString()
}

const shown = (name: string): string => (name === '' ? '(anon)' : name)

function putType(json: JsonText, type: BtfType): void {
  json.member('id', type.id)
  json.member('kind', shownKind(type))
  json.member('name', shown(type.name))
  putDetails(json, type)
}

function putDetails(json: JsonText, type: BtfType): void {
  switch (type.kind) {
    case BTF_KIND.VOID:
      break
    case BTF_KIND.INT:
      putMembers(json, { size: type.sizeBytes, bits_offset: type.bitOffset, nr_bits: type.bits })
      json.member('encoding', encodingName(type.encoding))
      break
    case BTF_KIND.ARRAY:
      putMembers(json, { type_id: type.elementTypeId, index_type_id: type.indexTypeId, nr_elems: type.length })
      break
    case BTF_KIND.STRUCT:
    case BTF_KIND.UNION:
      json.member('size', type.sizeBytes)
      putItems(json, 'members', type.members, ({ name, typeId, bitOffset, bitfieldBits }) => ({
        name: shown(name),
        type_id: typeId,
        bits_offset: bitOffset,
        ...(bitfieldBits === 0 ? {} : { bitfield_size: bitfieldBits }),
      }))
      break
    case BTF_KIND.ENUM:
    case BTF_KIND.ENUM64:
      json.member('encoding', type.signed ? 'SIGNED' : 'UNSIGNED')
      json.member('size', type.sizeBytes)
      putItems(json, 'values', type.values, ({ name, value }) => ({ name: shown(name), val: printed(type, value) }))
      break
    case BTF_KIND.FWD:
      json.member('fwd_kind', type.isUnion ? 'union' : 'struct')
      break
    case BTF_KIND.FUNC:
    case BTF_KIND.VAR:
      putMembers(json, { type_id: type.typeId, linkage: linkageName(type.linkage) })
      break
    case BTF_KIND.FUNC_PROTO:
      json.member('ret_type_id', type.returnTypeId)
      putItems(json, 'params', type.parameters, ({ name, typeId }) => ({ name: shown(name), type_id: typeId }))
      break
    case BTF_KIND.DATASEC:
      json.member('size', type.sizeBytes)
      putItems(json, 'vars', type.entries, ({ typeId, offsetBytes, sizeBytes }) => ({
        type_id: typeId,
        offset: offsetBytes,
        size: sizeBytes,
      }))
      break
    case BTF_KIND.FLOAT:
      json.member('size', type.sizeBytes)
      break
    case BTF_KIND.DECL_TAG:
      putMembers(json, { type_id: type.typeId, component_idx: type.componentIndex })
      break
    default:
      json.member('type_id', type.typeId)
  }
}

/** bpftool extends the sign of what has none, from 2^31 on. */
function printed({ kind, signed }: BtfEnum, value: bigint): bigint {
  return kind === BTF_KIND.ENUM && !signed ? BigInt.asUintN(64, BigInt.asIntN(32, value)) : value
}

type Members = Readonly<Record<string, number | bigint | string>>

function putMembers(json: JsonText, members: Members): void {
  for (const [name, value] of Object.entries(members)) json.member(name, value)
}

/** How many there are, and each as an object. */
function putItems<T>(json: JsonText, name: string, items: readonly T[], describe: (item: T) => Members): void {
  json.member('vlen', items.length)
  json.name(name)
  json.array(() => {
    for (const item of items) json.object(() => putMembers(json, describe(item)))
  })
}
