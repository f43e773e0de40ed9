import type { Btf } from './btf.ts'
import { describeType } from './btf.ts'
import { BtfError, type BtfErrorCode } from './btf-error.ts'
import { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE } from './btf-kind.ts'
import { checkMember, isRegularInt } from './btf-member-check.ts'
import { isModifier } from './btf-references.ts'
import { checkResolution } from './btf-resolve-check.ts'
import type {
  BtfArray,
  BtfComposite,
  BtfDatasec,
  BtfDeclTag,
  BtfEnum,
  BtfFloat,
  BtfFunc,
  BtfFuncProto,
  BtfInt,
  BtfModifier,
  BtfPtr,
  BtfType,
  BtfTypeTag,
  BtfVar,
} from './btf-type.ts'

const U32_MAX = 2 ** 32 - 1

/** Names as C has them, and with dots as compilers make them; at most 512 characters. */
const IDENTIFIER = /^[A-Za-z_.][A-Za-z0-9_.]{0,511}$/
const SECTION_NAME = /^[\x20-\x7e]{1,512}$/

/** Options of {@link checkBtf}. */
export interface BtfCheckOptions {
  /** Allow the kind flag of tags, as kernels from 6.14 on do; false by default. */
  readonly tagAttributes?: boolean
}

/**
 * Refuses types that `BPF_BTF_LOAD` of Linux 6.12 refuses, beyond what {@link decodeBtf} already demands: names, sizes,
 * offsets, and which kinds may refer to which.
 *
 * @throws {BtfError} BTF_NAME, BTF_SIZE, BTF_TYPE_ID, BTF_INFO, BTF_CYCLE
 */
export function checkBtf(btf: Btf, options: BtfCheckOptions = {}): void {
  if (btf.types.length === 1) throw new BtfError({ code: 'BTF_SIZE', message: 'there is no type' })
  for (const type of btf.types) (RULES[type.kind] as Rule | undefined)?.(btf, type)
  checkResolution(btf)
  for (const type of btf.types) (LATE_RULES[type.kind] as Rule | undefined)?.(btf, type)
  checkTypeTags(btf)
  if (options.tagAttributes !== true) checkTagAttributes(btf)
}

type Rule<T extends BtfType = BtfType> = (btf: Btf, type: T) => void

function fail(code: BtfErrorCode, type: BtfType, message: string, got?: string | number): BtfError {
  return new BtfError({ code, message: `${describeType(type)}: ${message}`, ...(got === undefined ? {} : { got }) })
}

function requireIdentifier(type: BtfType, name: string, what = 'name'): void {
  if (!IDENTIFIER.test(name)) throw fail('BTF_NAME', type, `${what} is no identifier`, `'${name}'`)
}

function requireIdentifierOrNone(type: BtfType, item: { name: string; nameOffset: number }, what = 'name'): void {
  if (item.nameOffset !== 0) requireIdentifier(type, item.name, what)
}

function requireNoName(type: BtfType): void {
  if (type.nameOffset !== 0) throw fail('BTF_NAME', type, 'this kind has no name')
}

/** Variables, tags and sections may refer to types, but nothing refers to them. */
function isSourceOnly({ kind }: BtfType): boolean {
  return kind === BTF_KIND.VAR || kind === BTF_KIND.DECL_TAG || kind === BTF_KIND.DATASEC
}

/** Size of the type a type refers to. @throws {BtfError} BTF_TYPE_ID when it has none */
function requireSize(btf: Btf, type: BtfType, typeId: number, what: string): number {
  const sizeBytes = isSourceOnly(btf.type(typeId)) ? undefined : btf.sizeOf(typeId)
  if (sizeBytes === undefined) throw fail('BTF_TYPE_ID', type, `${what} has no size`, describeType(btf.type(typeId)))
  return sizeBytes
}

/** A pointer or modifier may lead to something without a size, but not to everything. */
function requireTarget(btf: Btf, type: BtfType, typeId: number): void {
  const target = btf.type(typeId)
  const resolved = btf.resolve(typeId)
  if (isSourceOnly(target) || isSourceOnly(resolved) || resolved.kind === BTF_KIND.FUNC) {
    throw fail('BTF_TYPE_ID', type, 'refers to what is no type of a value', describeType(resolved))
  }
}

function checkInt(_btf: Btf, type: BtfInt): void {
  const bits = type.bits + type.bitOffset
  if (bits > 128 || Math.ceil(bits / 8) > type.sizeBytes) {
    throw fail('BTF_SIZE', type, `more bits than fit ${type.sizeBytes} bytes`, bits)
  }
  const { SIGNED, CHAR, BOOL } = BTF_INT_ENCODING
  if (![0, SIGNED, CHAR, BOOL].includes(type.encoding as 0)) {
    throw fail('BTF_INFO', type, 'unknown encoding', type.encoding)
  }
}

function checkReference(_btf: Btf, type: BtfPtr | BtfModifier | BtfTypeTag): void {
  if (type.kind === BTF_KIND.TYPEDEF) requireIdentifier(type, type.name)
  else if (type.kind !== BTF_KIND.TYPE_TAG) requireNoName(type)
  else if (type.name === '') throw fail('BTF_NAME', type, 'tag has no text')
}

function checkArray(btf: Btf, type: BtfArray): void {
  requireNoName(type)
  const index = btf.resolve(type.indexTypeId)
  if (index.kind !== BTF_KIND.INT || !isRegularInt(index)) {
    throw fail('BTF_TYPE_ID', type, 'index is no plain integer', describeType(index))
  }
  const element = btf.resolve(type.elementTypeId)
  if (element.kind === BTF_KIND.INT && !isRegularInt(element)) {
    throw fail('BTF_TYPE_ID', type, 'elements are bit-fields', describeType(element))
  }
  const elementBytes = requireSize(btf, type, type.elementTypeId, 'element')
  if (elementBytes * type.length > U32_MAX) throw fail('BTF_SIZE', type, 'longer than 4 GiB', type.length)
}

function checkComposite(_btf: Btf, type: BtfComposite): void {
  requireIdentifierOrNone(type, type)
  let last = 0
  for (const member of type.members) {
    requireIdentifierOrNone(type, member, 'member name')
    const { bitOffset } = member
    const isMisplaced = type.kind === BTF_KIND.UNION ? bitOffset !== 0 : bitOffset < last
    if (isMisplaced || Math.ceil(bitOffset / 8) > type.sizeBytes) {
      throw fail('BTF_SIZE', type, `member '${member.name}' is out of place`, `bit ${bitOffset}`)
    }
    last = bitOffset
  }
}

function checkMembers(btf: Btf, type: BtfComposite): void {
  for (const member of type.members) {
    const memberType = btf.type(member.typeId)
    if (isSourceOnly(memberType)) throw fail('BTF_TYPE_ID', type, `member '${member.name}' has no size`)
    const problem = checkMember(btf, type, member)
    if (problem !== undefined) throw fail('BTF_SIZE', type, `member '${member.name}' ${problem}`)
  }
}

function checkEnum(_btf: Btf, type: BtfEnum): void {
  if (![1, 2, 4, 8].includes(type.sizeBytes))
    throw fail('BTF_SIZE', type, 'size is no power of 2 up to 8', type.sizeBytes)
  requireIdentifierOrNone(type, type)
  for (const { name } of type.values) requireIdentifier(type, name, 'enumerator')
}

function checkFunc(btf: Btf, type: BtfFunc): void {
  requireIdentifier(type, type.name)
  if (type.linkage > BTF_LINKAGE.GLOBAL)
    throw fail('BTF_INFO', type, 'linkage is neither static nor global', type.linkage)
  const proto = btf.type(type.typeId)
  if (proto.kind !== BTF_KIND.FUNC_PROTO) throw fail('BTF_TYPE_ID', type, 'has no prototype', describeType(proto))
  const unnamed = proto.parameters.findIndex(({ nameOffset, typeId }) => nameOffset === 0 && typeId !== 0)
  if (unnamed >= 0) throw fail('BTF_NAME', type, `parameter ${unnamed + 1} has no name`)
}

function checkFuncProto(btf: Btf, type: BtfFuncProto): void {
  requireNoName(type)
  if (type.returnTypeId !== 0) requireSize(btf, type, type.returnTypeId, 'returned type')
  const last = type.parameters.at(-1)
  if (last !== undefined && last.typeId === 0 && last.nameOffset !== 0) throw fail('BTF_NAME', type, "'...' has a name")
  const named = last?.typeId === 0 ? type.parameters.slice(0, -1) : type.parameters
  named.forEach((parameter, index) => {
    requireIdentifierOrNone(type, parameter, `name of parameter ${index + 1}`)
    requireSize(btf, type, parameter.typeId, `parameter ${index + 1}`)
  })
}

function checkVar(btf: Btf, type: BtfVar): void {
  requireIdentifier(type, type.name)
  if (type.linkage > BTF_LINKAGE.GLOBAL)
    throw fail('BTF_INFO', type, 'linkage is neither static nor global', type.linkage)
  requireSize(btf, type, type.typeId, 'its type')
}

function checkDatasec(btf: Btf, type: BtfDatasec): void {
  if (type.sizeBytes === 0) throw fail('BTF_SIZE', type, 'has no size')
  if (!SECTION_NAME.test(type.name)) throw fail('BTF_NAME', type, 'name is no section name', `'${type.name}'`)
  let end = 0
  for (const { typeId, offsetBytes, sizeBytes } of type.entries) {
    const variable = btf.type(typeId)
    if (variable.kind !== BTF_KIND.VAR) throw fail('BTF_TYPE_ID', type, 'entry is no variable', describeType(variable))
    if (offsetBytes < end || sizeBytes === 0 || offsetBytes + sizeBytes > type.sizeBytes) {
      throw fail('BTF_SIZE', type, `'${variable.name}' is out of place`, `${sizeBytes} bytes at ${offsetBytes}`)
    }
    if (sizeBytes < requireSize(btf, type, variable.typeId, `'${variable.name}'`)) {
      throw fail('BTF_SIZE', type, `'${variable.name}' is larger than its entry`, sizeBytes)
    }
    end = offsetBytes + sizeBytes
  }
}

function checkFloat(_btf: Btf, type: BtfFloat): void {
  if (![2, 4, 8, 12, 16].includes(type.sizeBytes)) throw fail('BTF_SIZE', type, 'no such size', type.sizeBytes)
}

function checkDeclTag(btf: Btf, type: BtfDeclTag): void {
  if (type.name === '') throw fail('BTF_NAME', type, 'tag has no text')
  const target = btf.type(type.typeId)
  const components = componentsOf(btf, target)
  if (components === undefined) throw fail('BTF_TYPE_ID', type, 'can not tag that', describeType(target))
  const index = type.componentIndex
  if (index !== -1 && (index < 0 || index >= components)) throw fail('BTF_SIZE', type, 'no such component', index)
}

/** How many members or parameters can be tagged; undefined when the type can't be tagged at all. */
function componentsOf(btf: Btf, target: BtfType): number | undefined {
  switch (target.kind) {
    case BTF_KIND.STRUCT:
    case BTF_KIND.UNION:
      return target.members.length
    case BTF_KIND.FUNC: {
      const proto = btf.type(target.typeId)
      return proto.kind === BTF_KIND.FUNC_PROTO ? proto.parameters.length : 0
    }
    case BTF_KIND.VAR:
    case BTF_KIND.TYPEDEF:
      return 0
    default:
      return undefined
  }
}

/** Modifiers in a row, at most. */
const MAX_MODIFIERS = 32

/**
 * Type tags come before const, volatile and restrict on the way from a pointer to what it points to. A chain is followed
 * until it reaches types that were followed before, as the kernel does.
 */
function checkTypeTags(btf: Btf): void {
  for (const start of btf.types) {
    let inTags = start.kind === BTF_KIND.TYPE_TAG
    let type = start
    for (let length = 0; isModifier(type); length++) {
      if (length === MAX_MODIFIERS)
        throw fail('BTF_CYCLE', start, 'too many modifiers in a row', `over ${MAX_MODIFIERS}`)
      if (type.kind !== BTF_KIND.TYPE_TAG) inTags = false
      else if (!inTags) throw fail('BTF_INFO', start, 'type tags do not precede modifiers')
      if (type.id < start.id) break
      type = btf.type(type.typeId)
    }
  }
}

function checkTagAttributes(btf: Btf): void {
  for (const type of btf.types) {
    if ('attribute' in type && type.attribute) throw fail('BTF_INFO', type, 'kind flag is set')
  }
}

/** What can be told of a type before its references are known to end. */
const RULES: { readonly [kind: number]: Rule<never> } = {
  [BTF_KIND.INT]: checkInt,
  [BTF_KIND.PTR]: checkReference,
  [BTF_KIND.TYPEDEF]: checkReference,
  [BTF_KIND.VOLATILE]: checkReference,
  [BTF_KIND.CONST]: checkReference,
  [BTF_KIND.RESTRICT]: checkReference,
  [BTF_KIND.TYPE_TAG]: checkReference,
  [BTF_KIND.STRUCT]: checkComposite,
  [BTF_KIND.UNION]: checkComposite,
  [BTF_KIND.ENUM]: checkEnum,
  [BTF_KIND.ENUM64]: checkEnum,
  [BTF_KIND.FWD]: (_btf: Btf, type: BtfType) => requireIdentifier(type, type.name),
  [BTF_KIND.FLOAT]: checkFloat,
  [BTF_KIND.DECL_TAG]: checkDeclTag,
}

const checkTarget: Rule<BtfPtr | BtfModifier | BtfTypeTag> = (btf, type) => requireTarget(btf, type, type.typeId)

/** What follows references. */
const LATE_RULES: { readonly [kind: number]: Rule<never> } = {
  [BTF_KIND.PTR]: checkTarget,
  [BTF_KIND.TYPEDEF]: checkTarget,
  [BTF_KIND.VOLATILE]: checkTarget,
  [BTF_KIND.CONST]: checkTarget,
  [BTF_KIND.RESTRICT]: checkTarget,
  [BTF_KIND.TYPE_TAG]: checkTarget,
  [BTF_KIND.ARRAY]: checkArray,
  [BTF_KIND.STRUCT]: checkMembers,
  [BTF_KIND.UNION]: checkMembers,
  [BTF_KIND.FUNC]: checkFunc,
  [BTF_KIND.FUNC_PROTO]: checkFuncProto,
  [BTF_KIND.VAR]: checkVar,
  [BTF_KIND.DATASEC]: checkDatasec,
}
