export type { AncillaryName, AncillaryRow } from './ancillary-data.ts'
export { ANCILLARY, ancillaryOf } from './ancillary-data.ts'
export type { AssembledClassic, ClassicAsmWarning, ClassicAssembleOptions } from './assembler/assemble.ts'
export { assembleClassic } from './assembler/assemble.ts'
export type { ClassicBlock } from './basic-blocks.ts'
export { classicBlocks } from './basic-blocks.ts'
export type { CbpfErrorCode } from './cbpf-error.ts'
export { CbpfError } from './cbpf-error.ts'
export type { ClassicProblem, ClassicProblemReason } from './checker.ts'
export { checkClassic } from './checker.ts'
export type { ClassicInsn } from './classic-insn.ts'
export { BPF_JUMP, BPF_STMT } from './classic-insn.ts'
export {
  BPF_A,
  BPF_LEN,
  BPF_MAXINSNS,
  BPF_MEMWORDS,
  BPF_MISC,
  BPF_MSH,
  BPF_RET,
  BPF_TAX,
  BPF_TXA,
  SKF_AD_OFF,
  SKF_LL_OFF,
  SKF_NET_OFF,
} from './classic-opcodes.ts'
export type { ClassicState } from './classic-state.ts'
export { CLASSIC_INSN_BYTES, decodeClassic, encodeClassic } from './codec.ts'
export type { BytecodeAnswer } from './debugger/bytecode-text.ts'
export { readBytecode } from './debugger/bytecode-text.ts'
export type { ClassicDebuggerOptions, DebuggerRun, DebuggerStop } from './debugger/classic-debugger.ts'
export { ClassicDebugger } from './debugger/classic-debugger.ts'
export type { DebuggerFiles, FileAnswer } from './debugger/debugger-files.ts'
export type { DebuggerShellOptions, ShellAnswer, ShellState } from './debugger/debugger-shell.ts'
export { DebuggerShell, debuggerCompletions } from './debugger/debugger-shell.ts'
export type { DebuggerPacket } from './debugger/packet-cursor.ts'
export { formatDecimal, readDecimal } from './decimal-text.ts'
export { disassembleClassic, formatClassic } from './disassembler.ts'
export type { FilterOptions } from './filter/compile-filter.ts'
export { compileFilter, DEFAULT_SNAP_LENGTH_BYTES } from './filter/compile-filter.ts'
export { describeFilter } from './filter/language/tree-text.ts'
export type { LinkType, LinkTypeName } from './filter/link-types.ts'
export { LINK_TYPES } from './filter/link-types.ts'
export type {
  ClassicInstructionKind,
  ClassicInstructionName,
  ClassicInstructionRow,
  ClassicMnemonic,
  ClassicOperand,
  ClassicRule,
} from './instruction-table.ts'
export { CLASSIC_INSTRUCTIONS, lookupClassic } from './instruction-table.ts'
export type { ClassicResult } from './machine.ts'
export { ClassicMachine } from './machine.ts'
export type { ClassicForm } from './program-text.ts'
export { CLASSIC_FORMS, formatClassicProgram } from './program-text.ts'
export type { ClassicHost, NetworkDevice, SocketBuffer } from './socket-buffer.ts'
export { frameBuffer, linearBytes, packetBytes } from './socket-buffer.ts'
export { checkAttach } from './translate/check-attach.ts'
export type { ClassicHelper, HelperCall } from './translate/classic-helpers.ts'
export { CLASSIC_HELPERS } from './translate/classic-helpers.ts'
export type { AncillaryAccess, ContextField, ContextLayout, PacketAccess } from './translate/context-layout.ts'
export { GUEST_CONTEXT, guestBufferBytes, readGuestBuffer, writeGuestBuffer } from './translate/guest-socket-buffer.ts'
export { SK_BUFF_CONTEXT } from './translate/sk-buff-layout.ts'
export type { EbpfTranslation } from './translate/to-ebpf.ts'
export { toEbpf } from './translate/to-ebpf.ts'
