/** The stubs in x86-64 code. @see System V ABI for AMD64, 3.2; Microsoft's "x64 calling convention" */
import { GATE } from './gate-layout.ts'
import { type ListingRow, littleEndian, type StubListings } from './stub-listing.ts'

/** Callee-saved registers: name, bytes of push, bytes of pop. */
type Saved = readonly [name: string, push: readonly number[], pop: readonly number[]]

const SYSTEM_V_SAVED: readonly Saved[] = [
  ['rbx', [0x53], [0x5b]],
  ['rbp', [0x55], [0x5d]],
  ['r12', [0x41, 0x54], [0x41, 0x5c]],
  ['r13', [0x41, 0x55], [0x41, 0x5d]],
  ['r14', [0x41, 0x56], [0x41, 0x5e]],
  ['r15', [0x41, 0x57], [0x41, 0x5f]],
]

/** Windows also keeps rsi and rdi; xmm6 to xmm15, too, but no back end uses them. */
const WINDOWS_SAVED: readonly Saved[] = [['rsi', [0x56], [0x5e]], ['rdi', [0x57], [0x5f]], ...SYSTEM_V_SAVED]

/** What a calling convention decides: registers by name and, in ModRM, beside an operand `[rax + disp8]`. */
interface Convention {
  readonly first: readonly [name: string, name32: string, modrm: number]
  readonly second32: readonly [name: string, modrm: number]
  readonly saved: readonly Saved[]
}

const SYSTEM_V: Convention = { first: ['rdi', 'edi', 0x78], second32: ['esi', 0x70], saved: SYSTEM_V_SAVED }
const WINDOWS: Convention = { first: ['rcx', 'ecx', 0x48], second32: ['edx', 0x50], saved: WINDOWS_SAVED }

/** @param platform decides the calling convention */
export function x86Stubs(gate: number, platform: string = process.platform): StubListings {
  const convention = platform === 'win32' ? WINDOWS : SYSTEM_V
  return {
    enter: enter(gate, convention),
    callHelper: callHelper(gate, convention),
    resume: resume(gate, convention),
  }
}

const field = (offsetBytes: number): string =>
  offsetBytes === 0 ? '[rax]' : `[rax + ${offsetBytes < 10 ? offsetBytes : `0x${offsetBytes.toString(16)}`}]`
const gateToRax = (gate: number): ListingRow => [
  `movabs rax, 0x${gate.toString(16)}`,
  ...[0x48, 0xb8, ...littleEndian(gate, 8)],
]
const pushAll = (saved: readonly Saved[]): ListingRow[] => saved.map(([name, push]) => [`push ${name}`, ...push])
const popAll = (saved: readonly Saved[]): ListingRow[] =>
  saved.toReversed().map(([name, , pop]) => [`pop ${name}`, ...pop])
const storeRsp = (at: number): ListingRow => [`mov qword ptr ${field(at)}, rsp`, 0x48, 0x89, 0x60, at]
const loadRsp = (at: number): ListingRow => [`mov rsp, qword ptr ${field(at)}`, 0x48, 0x8b, 0x60, at]
const setWaiting = (value: 0 | 1): ListingRow => [
  `mov dword ptr ${field(GATE.waiting)}, ${value}`,
  ...[0xc7, 0x40, GATE.waiting, ...littleEndian(value, 4)],
]
const RET: ListingRow = ['ret', 0xc3]

/** Back to who called enter or resume. */
const leave = (saved: readonly Saved[]): ListingRow[] => [loadRsp(GATE.hostStack), ...popAll(saved), RET]

/** Back to JavaScript from anywhere, for a signal handler on System V: no register is expected to hold anything. */
export function leaveListing(gate: number): readonly ListingRow[] {
  return [gateToRax(gate), ...leave(SYSTEM_V.saved)]
}

// biome-ignore format: one instruction a line
const enter = (gate: number, { first, second32, saved }: Convention): ListingRow[] => [
  ...pushAll(saved),
  gateToRax(gate),
  storeRsp(GATE.hostStack),
  loadRsp(GATE.stack),
  // capstone leaves a displacement of 0 out, encoded or not.
  [`mov ${first[0]}, qword ptr ${field(GATE.context)}`,       0x48, 0x8b, first[2], GATE.context],
  [`mov ${second32[0]}, dword ptr ${field(GATE.argument)}`,   0x8b, second32[1], GATE.argument],
  [`call qword ptr ${field(GATE.entry)}`,                     0xff, 0x50, GATE.entry],
  gateToRax(gate),
  setWaiting(0),
  ...leave(saved),
]

// biome-ignore format: one instruction a line
const callHelper = (gate: number, { first, saved }: Convention): ListingRow[] => [
  gateToRax(gate),
  [`mov dword ptr ${field(GATE.helper)}, ${first[1]}`,        0x89, first[2], GATE.helper],
  ['mov rdx, qword ptr [rsp]',                                0x48, 0x8b, 0x14, 0x24],
  [`mov qword ptr ${field(GATE.helperReturn)}, rdx`,          0x48, 0x89, 0x50, GATE.helperReturn],
  setWaiting(1),
  ...pushAll(saved),
  storeRsp(GATE.machineStack),
  ...leave(saved),
]

const resume = (gate: number, { saved }: Convention): ListingRow[] => [
  ...pushAll(saved),
  gateToRax(gate),
  storeRsp(GATE.hostStack),
  loadRsp(GATE.machineStack),
  ...popAll(saved),
  RET,
]
