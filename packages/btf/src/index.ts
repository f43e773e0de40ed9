export type { FoundMember } from './btf.ts'
export { Btf, decodeBtf, describeType } from './btf.ts'
export type { BtfTypeDescription } from './btf-builder.ts'
export { BtfBuilder } from './btf-builder.ts'
export type { BtfCheckOptions } from './btf-check.ts'
export { checkBtf } from './btf-check.ts'
export type { UniqueTypes } from './btf-dedup.ts'
export { uniqueTypes } from './btf-dedup.ts'
export type { BtfErrorCode } from './btf-error.ts'
export { BtfError } from './btf-error.ts'
export { formatBtfJson } from './btf-json-format.ts'
export type { BtfKind } from './btf-kind.ts'
export { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE, btfKindName } from './btf-kind.ts'
export { formatBtfRaw, formatTypeRaw } from './btf-raw-format.ts'
export { isModifier, visitReferences, withReferences } from './btf-references.ts'
export { BtfStrings } from './btf-strings.ts'
export type {
  BtfArray,
  BtfComposite,
  BtfDatasec,
  BtfDatasecEntry,
  BtfDeclTag,
  BtfEnum,
  BtfEnumerator,
  BtfFloat,
  BtfFunc,
  BtfFuncProto,
  BtfFwd,
  BtfInt,
  BtfMember,
  BtfModifier,
  BtfParameter,
  BtfPtr,
  BtfType,
  BtfTypeOf,
  BtfTypeTag,
  BtfVar,
  BtfVoid,
} from './btf-type.ts'
export { type COutputOptions, formatBtfC } from './c-output/c-output.ts'
export { decodeBtfExt } from './ext-decode.ts'
export { encodeBtfExt } from './ext-encode.ts'
export type { BtfExt, CoreRelocation, FunctionInfo, LineInfo, SectionInfo } from './ext-info.ts'
export { CORE_RELOCATION, coreRelocationName } from './ext-info.ts'
export type { KernelTypeSource } from './joined-btf.ts'
export { JoinedBtf } from './joined-btf.ts'
export { JsonText } from './json-text.ts'
export { LazyBtf } from './lazy-btf.ts'
export type { BtfMapDefinition, BtfMapValues } from './map-definition.ts'
export { btfMapDefinition, btfMapDefinitions } from './map-definition.ts'
export type { SplitBtf } from './split-btf.ts'
export { decodeSplitBtf } from './split-btf.ts'
export { BtfTypeIds } from './type-ids.ts'
export type { TypedCodec } from './typed/typed-codec.ts'
export { typedCodec } from './typed/typed-codec.ts'
export type { CompositeShape, MemberShape, ValueShape } from './typed/value-shape.ts'
export { ValueShapes } from './typed/value-shape.ts'
export type { BtfValue } from './value-codec.ts'
export { decodeValue, encodeValue } from './value-codec.ts'
export { ValueJson } from './value-json.ts'
