import { BTF_KIND, type Btf, type BtfType } from '@bpfoundry/btf'
import type { CollectionSpec, MapSpec, ProgramSpec } from '@bpfoundry/loader'

const WHOLE = 4

/** A type in words that do not depend on ids; what is behind a struct's pointers by name alone. */
export function describeBtf(btf: Btf, id: number, depth = WHOLE): string {
  const type = btf.type(id)
  if (type.kind === BTF_KIND.VOID) return 'void'
  const isNested = type.kind === BTF_KIND.STRUCT || type.kind === BTF_KIND.UNION
  const describe = (inner: number): string => describeBtf(btf, inner, isNested ? depth - 1 : depth)
  const name = `${kindOf(type)} '${type.name}'`
  switch (type.kind) {
    case BTF_KIND.STRUCT:
    case BTF_KIND.UNION: {
      if (depth <= 0 && type.name !== '') return name
      const members = type.members.map(
        ({ name, typeId, bitOffset, bitfieldBits }) =>
          `${name}@${bitOffset}${bitfieldBits === 0 ? '' : `:${bitfieldBits}`} ${describe(typeId)}`,
      )
      return `${name} ${type.sizeBytes} { ${members.join('; ')} }`
    }
    case BTF_KIND.ENUM:
    case BTF_KIND.ENUM64: {
      const values = type.values.map(({ name, value }) => `${name}=${value}`)
      // __ulong() numbers its enumerators by __COUNTER__, which other headers move on.
      return `${name} ${type.sizeBytes} ${type.signed} ${values.join(',').replaceAll(/__unique_value\d+/g, '')}`
    }
    case BTF_KIND.ARRAY:
      return `${describe(type.elementTypeId)} [${type.length}]`
    case BTF_KIND.FUNC_PROTO: {
      const parameters = type.parameters.map((each) => `${each.name} ${describe(each.typeId)}`)
      return `(${parameters.join(', ')}) -> ${describe(type.returnTypeId)}`
    }
    case BTF_KIND.FUNC:
    case BTF_KIND.VAR:
      return `${name} linkage ${type.linkage} ${describe(type.typeId)}`
    case BTF_KIND.INT:
      return `${name} ${type.sizeBytes} ${type.encoding} ${type.bits}`
    case BTF_KIND.FWD:
      return `STRUCT '${type.name}'`
    case BTF_KIND.PTR:
      // Inside a struct, what is described and what declared depends on everything else in the object.
      return `* ${describeBtf(btf, type.typeId, depth < WHOLE ? 0 : depth)}`
    default:
      return 'typeId' in type ? `${name} ${describe(type.typeId)}` : name
  }
}

const kindOf = (type: BtfType): string => Object.entries(BTF_KIND).find(([, kind]) => kind === type.kind)?.[0] ?? '?'

const idOf = (spec: CollectionSpec, id: number): string =>
  spec.btf === undefined || id === 0 ? 'none' : describeBtf(spec.btf, id)

/** A program in words that do not depend on the object it is in. */
export function describeProgram(spec: CollectionSpec, program: ProgramSpec): object {
  const { functionInfo, lineInfo, insns, unsupported, ...rest } = program
  return {
    ...rest,
    insns: insns.map(({ opcode, dst, src, off, imm }) => `${opcode} ${dst} ${src} ${off} ${imm}`),
    unsupported: unsupported?.message,
    functionInfo: functionInfo.map(({ pc, typeId }) => `${pc}: ${idOf(spec, typeId)}`),
    tags: functionInfo.map(({ typeId }) => tagsOf(spec, typeId)),
    lineInfo: lineInfo.map(({ pc, file, line, column, text }) => {
      return `${pc}: ${file.replace(/^.*\//, '')}:${line}:${column} ${text}`
    }),
  }
}

/** Without the numbers that keep equal tags apart. */
function tagsOf({ btf }: CollectionSpec, typeId: number): string[] {
  return (btf?.types ?? []).flatMap((type) => {
    if (type.kind !== BTF_KIND.DECL_TAG || type.typeId !== typeId) return []
    return [type.name.replace(/^(comment:test_\w+=)\d+=/, '$1')]
  })
}

/** A map in words that do not depend on the object it is in. */
export function describeMap(spec: CollectionSpec, map: MapSpec): object {
  const { btfKeyTypeId, btfValueTypeId, inner, contents, ...rest } = map
  return {
    ...rest,
    key: idOf(spec, btfKeyTypeId),
    // A data section's type lists its variables: of those some are for C functions only.
    value: map.section.startsWith('.maps') ? idOf(spec, btfValueTypeId) : '',
    contents: contents.map(({ key, value }) => ({
      key: Buffer.from(key).toString('hex'),
      value: value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    })),
    inner: inner === undefined ? undefined : describeMap(spec, inner),
  }
}
