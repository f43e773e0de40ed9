export { JitNfpError, type JitNfpErrorCode } from './jit-nfp-error.ts'
export { isTranslatedOpcode } from './lower/dispatch.ts'
export type {
  NfpAddend,
  NfpCallFact,
  NfpEntryPoints,
  NfpEventDataKind,
  NfpInsnFact,
  NfpOperandRanges,
  NfpPlacement,
  NfpPointer,
  NfpPointerKind,
  NfpProgram,
  NfpRefusal,
  NfpRelocation,
  NfpRelocationKind,
  NfpResult,
  NfpTarget,
  NfpTranslation,
} from './nfp-program.ts'
export { relocate } from './relocate.ts'
export { translateNfp } from './translate.ts'
