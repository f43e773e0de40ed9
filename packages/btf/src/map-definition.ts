import { type Btf, describeType } from './btf.ts'
import { BtfError } from './btf-error.ts'
import { BTF_KIND } from './btf-kind.ts'
import type { BtfComposite, BtfMember, BtfType } from './btf-type.ts'

/** A map as `SEC(".maps")` declares it. What the struct leaves out is 0. */
export interface BtfMapDefinition {
  readonly name: string
  /** BPF_MAP_TYPE_* */
  readonly type: number
  readonly keySizeBytes: number
  readonly valueSizeBytes: number
  /** 0 when only the size was given. */
  readonly keyTypeId: number
  readonly valueTypeId: number
  readonly maxEntries: number
  readonly flags: number
  readonly mapExtra: number
  readonly numaNode: number
  /** LIBBPF_PIN_NONE or LIBBPF_PIN_BY_NAME. */
  readonly pinning: number
  /** The members that were written, to tell 0 from absent. */
  readonly fields: ReadonlySet<string>
  /** `__array(values, ...)`: what each slot holds. */
  readonly values?: BtfMapValues
}

/** What the slots of a map of maps or of programs hold, and where their initial values lie in the variable. */
export interface BtfMapValues {
  readonly offsetBytes: number
  /** The template of the inner maps; undefined for a map of programs. */
  readonly inner?: BtfMapDefinition
}

/** Bytes of a file descriptor: the value of maps of maps and of programs. */
const FD_BYTES = 4

/** BPF_MAP_TYPE_* that hold other maps. */
const MAP_OF_MAPS: readonly number[] = [12, 13]

const PIN_BY_NAME = 1

/**
 * The maps that the section's DATASEC lists, in its order; none when there is no such DATASEC.
 *
 * @throws {BtfError} BTF_MAP_DEFINITION, BTF_TYPE_ID, BTF_CYCLE
 */
export function btfMapDefinitions(btf: Btf, section = '.maps'): BtfMapDefinition[] {
  const datasec = btf.find(section, BTF_KIND.DATASEC)
  return datasec === undefined ? [] : datasec.entries.map(({ typeId }) => btfMapDefinition(btf, typeId))
}

/**
 * The map that a variable of section `.maps` declares.
 *
 * @param variableId the VAR
 * @throws {BtfError} BTF_MAP_DEFINITION with the map and member at fault, BTF_TYPE_ID, BTF_CYCLE
 */
export function btfMapDefinition(btf: Btf, variableId: number): BtfMapDefinition {
  const variable = btf.type(variableId)
  if (variable.kind !== BTF_KIND.VAR) {
    throw problem(variable.name, 'is no variable', describeType(variable), 'a VAR')
  }
  const struct = btf.resolve(variable.typeId)
  if (struct.kind !== BTF_KIND.STRUCT) {
    const hint = 'declare it as `struct { __uint(type, ...); ... } name SEC(".maps");`'
    throw problem(variable.name, 'is no struct', describeType(struct), 'a STRUCT', hint)
  }
  return readStruct(btf, variable.name, struct, false)
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The definition so far, and its surroundings. */
interface Draft {
  readonly btf: Btf
  readonly map: Mutable<BtfMapDefinition>
  readonly isInner: boolean
}

/** One member that a definition may have. */
type Field = (draft: Draft, member: BtfMember) => void

const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['type', number('type')],
  ['max_entries', number('maxEntries')],
  ['map_flags', number('flags')],
  ['numa_node', number('numaNode')],
  ['map_extra', number('mapExtra')],
  ['key_size', (draft, member) => setSize(draft, 'keySizeBytes', member, readInt(draft, member))],
  ['value_size', (draft, member) => setSize(draft, 'valueSizeBytes', member, readInt(draft, member))],
  ['key', (draft, member) => readType(draft, member, 'keySizeBytes', 'keyTypeId')],
  ['value', (draft, member) => readType(draft, member, 'valueSizeBytes', 'valueTypeId')],
  ['values', readValues],
  ['pinning', readPinning],
])

function number(field: 'type' | 'maxEntries' | 'flags' | 'numaNode' | 'mapExtra'): Field {
  return (draft, member) => {
    draft.map[field] = readInt(draft, member)
  }
}

function readStruct(btf: Btf, name: string, struct: BtfComposite, isInner: boolean): BtfMapDefinition {
  const fields = new Set<string>()
  const map: Mutable<BtfMapDefinition> = {
    name,
    type: 0,
    keySizeBytes: 0,
    valueSizeBytes: 0,
    keyTypeId: 0,
    valueTypeId: 0,
    maxEntries: 0,
    flags: 0,
    mapExtra: 0,
    numaNode: 0,
    pinning: 0,
    fields,
  }
  for (const member of struct.members) {
    const field = FIELDS.get(member.name)
    if (field === undefined) {
      const known = [...FIELDS.keys()].join(', ')
      throw problem(name, 'has an unknown member', `'${member.name}'`, `one of ${known}`)
    }
    fields.add(member.name)
    field({ btf, map, isInner }, member)
  }
  if (!fields.has('type')) throw problem(name, "has no member 'type'", 'no map type', '__uint(type, BPF_MAP_TYPE_...)')
  return map
}

/** `__uint(name, value)` is `int (*name)[value]`; `__ulong(name, value)` an enum of that one value. */
function readInt({ btf, map }: Draft, member: BtfMember): number {
  const type = btf.resolve(member.typeId)
  if ((type.kind === BTF_KIND.ENUM || type.kind === BTF_KIND.ENUM64) && type.values.length === 1) {
    return Number(type.values[0]?.value)
  }
  const array = type.kind === BTF_KIND.PTR ? btf.resolve(type.typeId) : type
  if (type.kind === BTF_KIND.PTR && array.kind === BTF_KIND.ARRAY) return array.length
  throw problem(
    map.name,
    `has a member '${member.name}' that is no number`,
    describeType(array),
    `__uint(${member.name}, ...)`,
  )
}

/** `__type(name, T)` is `T *name`. */
function readType(
  draft: Draft,
  member: BtfMember,
  sizeField: 'keySizeBytes' | 'valueSizeBytes',
  idField: 'keyTypeId' | 'valueTypeId',
): void {
  const { btf, map } = draft
  const pointer = pointee(draft, member)
  const sizeBytes = btf.sizeOf(pointer)
  if (sizeBytes === undefined) {
    throw problem(map.name, `has a ${member.name} without a size`, describeType(btf.type(pointer)), 'a complete type')
  }
  setSize(draft, sizeField, member, sizeBytes)
  map[idField] = pointer
}

function pointee({ btf, map }: Draft, member: BtfMember): number {
  const type = btf.resolve(member.typeId)
  if (type.kind === BTF_KIND.PTR) return type.typeId
  throw problem(
    map.name,
    `has a member '${member.name}' that is no pointer`,
    describeType(type),
    `__type(${member.name}, ...)`,
  )
}

function setSize({ map }: Draft, field: 'keySizeBytes' | 'valueSizeBytes', member: BtfMember, sizeBytes: number): void {
  if (map[field] !== 0 && map[field] !== sizeBytes) {
    throw problem(
      map.name,
      `gives two sizes by '${member.name}'`,
      `${sizeBytes} bytes`,
      `${map[field]} bytes as before`,
    )
  }
  map[field] = sizeBytes
}

function readPinning(draft: Draft, member: BtfMember): void {
  const pinning = readInt(draft, member)
  const allowed = draft.isInner ? 0 : PIN_BY_NAME
  if (pinning > allowed) {
    const expected = draft.isInner ? 'no pinning of an inner map' : 'LIBBPF_PIN_NONE or LIBBPF_PIN_BY_NAME'
    throw problem(draft.map.name, 'asks for an unknown pinning', String(pinning), expected)
  }
  draft.map.pinning = pinning
}

/** `__array(values, T)` is `T *values[]`: a struct for inner maps, a function for programs. */
function readValues(draft: Draft, member: BtfMember): void {
  const { btf, map, isInner } = draft
  const target = valuesTarget(draft, member)
  if (isInner)
    throw problem(map.name, 'is an inner map with values of its own', "a member 'values'", 'one level of maps')
  setSize(draft, 'valueSizeBytes', member, FD_BYTES)
  const offsetBytes = member.bitOffset / 8
  if (!MAP_OF_MAPS.includes(map.type)) {
    if (target.kind !== BTF_KIND.FUNC_PROTO) {
      throw problem(map.name, 'has values that are no functions', describeType(target), '__array(values, int (void *))')
    }
    map.values = { offsetBytes }
    return
  }
  if (target.kind !== BTF_KIND.STRUCT) {
    throw problem(map.name, 'has values that are no maps', describeType(target), '__array(values, struct { ... })')
  }
  map.values = { offsetBytes, inner: readStruct(btf, `${map.name}.inner`, target, true) }
}

function valuesTarget({ btf, map }: Draft, member: BtfMember): BtfType {
  const array = btf.resolve(member.typeId)
  const expected = '__array(values, ...), of no fixed length'
  if (array.kind !== BTF_KIND.ARRAY || array.length !== 0) {
    throw problem(map.name, "has 'values' that are no open array", describeType(array), expected)
  }
  const pointer = btf.resolve(array.elementTypeId)
  if (pointer.kind !== BTF_KIND.PTR)
    throw problem(map.name, "has 'values' that are no pointers", describeType(pointer), expected)
  return btf.resolve(pointer.typeId)
}

function problem(map: string, message: string, got: string, expected: string, hint?: string): BtfError {
  return new BtfError({
    code: 'BTF_MAP_DEFINITION',
    message: `map '${map}' ${message}`,
    where: { section: '.maps', map },
    got,
    expected,
    ...(hint === undefined ? {} : { hint }),
  })
}
