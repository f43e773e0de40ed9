export type { AttachSymbol } from './attach-symbols.ts'
export { attachSymbol } from './attach-symbols.ts'
export type { AttachTypeName } from './attach-types.ts'
export { ATTACH_TYPE, attachTypeName } from './attach-types.ts'
export type { AttrField, AttrLayout } from './bpf-attr.ts'
export {
  BPF_ATTR_BYTES,
  BPF_CMD,
  BTF_LOAD_ATTR,
  GET_ID_ATTR,
  MAP_BATCH_ATTR,
  MAP_CREATE_ATTR,
  MAP_ELEM_ATTR,
  OBJ_INFO_ATTR,
  PROG_LOAD_ATTR,
  PROG_TEST_RUN_ATTR,
} from './bpf-attr.ts'
export type { ContextValue } from './context-rows.ts'
export type { ContextAccess, ContextField, ContextLayout, ContextScope, SocketKind } from './contexts.ts'
export { contextField, contextLayout, socketLayout } from './contexts.ts'
export type { ErrnoName } from './errno.ts'
export { ERRNO, errnoName, errnoText } from './errno.ts'
export { FIX_UP_FUNCTIONS } from './fix-up-functions.ts'
export type { ArgumentType, HelperPrototype, HelperValue, ReturnType, TypeFlagName } from './helper-prototypes.ts'
export { HELPER_PROTOTYPES, TYPE_FLAG } from './helper-prototypes.ts'
export type { HelperCapability } from './helper-sets.ts'
export type { Helper, HelperScope } from './helpers.ts'
export {
  HELPERS,
  helperAllowed,
  helperByName,
  helperName,
  helperPrototype,
  helperSince,
  MAX_HELPER_ID,
} from './helpers.ts'
export { inlinedCallInsns } from './inlined-calls.ts'
export type { IteratorArgument } from './iterators.ts'
export { isKnownIterator, iteratorArgument } from './iterators.ts'
export type { KernelOption, Sysctl, SysctlName } from './kernel-config.ts'
export { kernelOptions, sysctls } from './kernel-config.ts'
export { hasKernelDestructor } from './kernel-destructors.ts'
export type { KernelFunction, KernelFunctionTrait, ModuleFunctionSet } from './kernel-functions.ts'
export {
  ABSENT_KERNEL_FUNCTION,
  isKernelFunctionKnown,
  KERNEL_FUNCTION_NUMBERS,
  KERNEL_FUNCTION_TRAITS,
  kernelFunction,
  kernelFunctionNumber,
  moduleFunction,
  numberedKernelFunction,
} from './kernel-functions.ts'
export { LINK_TYPES } from './link-types.ts'
export type { LsmHook } from './lsm-hooks.ts'
export { lsmHook } from './lsm-hooks.ts'
export { mapHelperCompatible } from './map-helpers.ts'
export type { MapAttributes } from './map-types.ts'
export { BPF_ANY, BPF_EXIST, BPF_NOEXIST, MAP_FLAG, MAP_TYPE, mapTypeName } from './map-types.ts'
export type { Conversion, ConversionKind, FormatPart } from './printk-format.ts'
export { parsePrintkFormat } from './printk-format.ts'
export type { KernelLimits, KernelProfile } from './profiles.ts'
export { DEFAULT_PROFILE, KERNEL_PROFILES, kernelProfile, profileFor } from './profiles.ts'
export type { ReturnRange } from './program-load.ts'
export {
  contextNames,
  effectiveAttachType,
  LOG_LEVEL,
  loadAttachTypeAllowed,
  PROG_FLAG,
  returnRange,
} from './program-load.ts'
export { PROG_TYPE, programTypeName } from './program-types.ts'
export { rawTracepointArgument } from './raw-tracepoints.ts'
export type { KernelAbility } from './releases.ts'
export { ABILITY_SINCE, compareReleases, isReleasedBy, mapTypeSince, programTypeSince } from './releases.ts'
export { PACKET_LOAD_HELPERS, SK_BUFF } from './sk-buff.ts'
export { type StructOps, structOps, type WritableField, type WriteWords } from './struct-ops.ts'
export { isModifiable, maySleepIn } from './traced-functions.ts'
export {
  MAX_SKB_FRAGS,
  NET_DEVICE,
  XDP_ACTION,
  XDP_BUFF,
  XDP_BUFF_HAS_FRAGS,
  XDP_MD,
  XDP_RXQ_INFO,
  XDP_SHARED_INFO,
} from './xdp.ts'
