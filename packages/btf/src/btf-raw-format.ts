import type { Btf } from './btf.ts'
import { BTF_INT_ENCODING, BTF_KIND, btfKindName } from './btf-kind.ts'
import type { BtfComposite, BtfDatasec, BtfEnum, BtfFuncProto, BtfType } from './btf-type.ts'

const ENCODINGS: readonly [number, string][] = [
  [0, '(none)'],
  [BTF_INT_ENCODING.SIGNED, 'SIGNED'],
  [BTF_INT_ENCODING.CHAR, 'CHAR'],
  [BTF_INT_ENCODING.BOOL, 'BOOL'],
]

const LINKAGES: readonly string[] = ['static', 'global', 'extern']

/**
 * The text of `bpftool btf dump ... format raw`: every type in order of its id, items on lines of their own.
 *
 * @param types those to print; all by default
 */
export function formatBtfRaw(btf: Btf, types: readonly BtfType[] = btf.types.slice(1)): string {
  return types.map((type) => `${formatTypeRaw(btf, type)}\n`).join('')
}

/** One type as in {@link formatBtfRaw}, without the last line break. */
export function formatTypeRaw(btf: Btf, type: BtfType): string {
  const [details, ...items] = describe(btf, type)
  const head = `[${type.id}] ${shownKind(type)} ${quote(type.name)}${details === '' ? '' : ` ${details}`}`
  return [head, ...items.map((item) => `\t${item}`)].join('\n')
}

/** `void`, which is no type of its own, is UNKNOWN for bpftool. */
export const shownKind = ({ kind }: BtfType): string => (kind === BTF_KIND.VOID ? 'UNKNOWN' : btfKindName(kind))

const quote = (name: string): string => `'${name === '' ? '(anon)' : name}'`

/** `SIGNED` for 1, of {@link BTF_INT_ENCODING}. */
export const encodingName = (encoding: number): string => ENCODINGS.find(([value]) => value === encoding)?.[1] ?? 'UNKN'
/** `global` for 1, of {@link BTF_LINKAGE}. */
export const linkageName = (value: number): string => LINKAGES[value] ?? '(unknown)'

/** What stands after the name, then the lines below it. */
function describe(btf: Btf, type: BtfType): string[] {
  switch (type.kind) {
    case BTF_KIND.VOID:
      return ['']
    case BTF_KIND.INT: {
      const encoding = encodingName(type.encoding)
      return [`size=${type.sizeBytes} bits_offset=${type.bitOffset} nr_bits=${type.bits} encoding=${encoding}`]
    }
    case BTF_KIND.ARRAY:
      return [`type_id=${type.elementTypeId} index_type_id=${type.indexTypeId} nr_elems=${type.length}`]
    case BTF_KIND.STRUCT:
    case BTF_KIND.UNION:
      return describeComposite(type)
    case BTF_KIND.ENUM:
    case BTF_KIND.ENUM64:
      return describeEnum(type)
    case BTF_KIND.FWD:
      return [`fwd_kind=${type.isUnion ? 'union' : 'struct'}`]
    case BTF_KIND.FUNC:
      return [`type_id=${type.typeId} linkage=${linkageName(type.linkage)}`]
    case BTF_KIND.FUNC_PROTO:
      return describeFuncProto(type)
    case BTF_KIND.VAR:
      return [`type_id=${type.typeId}, linkage=${linkageName(type.linkage)}`]
    case BTF_KIND.DATASEC:
      return describeDatasec(btf, type)
    case BTF_KIND.FLOAT:
      return [`size=${type.sizeBytes}`]
    case BTF_KIND.DECL_TAG:
      return [`type_id=${type.typeId} component_idx=${type.componentIndex}`]
    default:
      return [`type_id=${type.typeId}`]
  }
}

function describeComposite({ sizeBytes, members, kindFlag }: BtfComposite): string[] {
  const lines = members.map(({ name, typeId, bitOffset, bitfieldBits }) => {
    const bitfield = kindFlag && bitfieldBits !== 0 ? ` bitfield_size=${bitfieldBits}` : ''
    return `${quote(name)} type_id=${typeId} bits_offset=${bitOffset}${bitfield}`
  })
  return [`size=${sizeBytes} vlen=${members.length}`, ...lines]
}

function describeEnum({ kind, sizeBytes, signed, values }: BtfEnum): string[] {
  const suffix = kind === BTF_KIND.ENUM ? '' : signed ? 'LL' : 'ULL'
  const lines = values.map(({ name, value }) => `${quote(name)} val=${value}${suffix}`)
  return [`encoding=${signed ? 'SIGNED' : 'UNSIGNED'} size=${sizeBytes} vlen=${values.length}`, ...lines]
}

function describeFuncProto({ returnTypeId, parameters }: BtfFuncProto): string[] {
  const lines = parameters.map(({ name, typeId }) => `${quote(name)} type_id=${typeId}`)
  return [`ret_type_id=${returnTypeId} vlen=${parameters.length}`, ...lines]
}

function describeDatasec(btf: Btf, { sizeBytes, entries }: BtfDatasec): string[] {
  const lines = entries.map((entry) => {
    const variable = btf.types[entry.typeId]
    const name = variable === undefined ? '' : ` (${btfKindName(variable.kind)} ${quote(variable.name)})`
    return `type_id=${entry.typeId} offset=${entry.offsetBytes} size=${entry.sizeBytes}${name}`
  })
  return [`size=${sizeBytes} vlen=${entries.length}`, ...lines]
}
