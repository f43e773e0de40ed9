/** The stubs in x86-64 code. @see System V ABI for AMD64, 3.2; Microsoft's "x64 calling convention" */
import { HOST_CONTEXT, savedAt } from './context-layout.ts'
import { type ListingRow, littleEndian, type StubListings } from './stub-listing.ts'

/** `register -> REX.W prefix and ModRM byte without its base` for `mov [base + disp32], register`. */
type SavedRegister = readonly [name: string, rex: number, modrm: number]

// biome-ignore format: one row a line
const SYSTEM_V_SAVED: readonly SavedRegister[] = [
  ['rbx', 0x48, 0x98],
  ['rbp', 0x48, 0xa8],
  ['r12', 0x4c, 0xa0],
  ['r13', 0x4c, 0xa8],
  ['r14', 0x4c, 0xb0],
  ['r15', 0x4c, 0xb8],
  ['rsp', 0x48, 0xa0],
]

/** Windows also keeps rsi and rdi; xmm6 to xmm15, too, but no back end uses them. */
const WINDOWS_SAVED: readonly SavedRegister[] = [['rsi', 0x48, 0xb0], ['rdi', 0x48, 0xb8], ...SYSTEM_V_SAVED]

/** What a calling convention decides: argument registers by number and the bytes a caller leaves below its frame. */
interface Convention {
  readonly first: readonly [name: string, number: number]
  /** `mov second, [first + disp32]`, 32 bits, and `mov [rax + disp32], first`. */
  readonly second: readonly [name: string, modrm: number]
  readonly helper: readonly [name: string, modrm: number]
  readonly shadowBytes: number
  readonly saved: readonly SavedRegister[]
}

const RAX = ['rax', 0] as const
const SYSTEM_V: Convention = {
  first: ['rdi', 7],
  second: ['esi', 0xb7],
  helper: ['edi', 0xb8],
  // Keeps the stack aligned to 16.
  shadowBytes: 8,
  saved: SYSTEM_V_SAVED,
}
const WINDOWS: Convention = {
  first: ['rcx', 1],
  second: ['edx', 0x91],
  helper: ['ecx', 0x88],
  // Room for the callee's four register arguments, and alignment.
  shadowBytes: 40,
  saved: WINDOWS_SAVED,
}

const hex = (value: number): string => `0x${value.toString(16)}`
const at = (offsetBytes: number): number[] => littleEndian(offsetBytes, 4)

export function x86Stubs(context: number, platform: string = process.platform): StubListings {
  const convention = platform === 'win32' ? WINDOWS : SYSTEM_V
  return { enter: enter(context, convention), callHelper: callHelper(context, convention) }
}

function enter(context: number, { first, second, saved }: Convention): ListingRow[] {
  const [name, number] = first
  const { argument, entry } = HOST_CONTEXT
  return [
    [`movabs ${name}, ${hex(context)}`, 0x48, 0xb8 | number, ...littleEndian(context, 8)],
    [`mov ${second[0]}, dword ptr [${name} + ${hex(argument)}]`, 0x8b, second[1], ...at(argument)],
    ...saved.map(([register, rex, modrm], index): ListingRow => {
      const offset = savedAt(index)
      return [`mov qword ptr [${name} + ${hex(offset)}], ${register}`, rex, 0x89, modrm | number, ...at(offset)]
    }),
    [`jmp qword ptr [${name} + ${hex(entry)}]`, 0xff, 0xa0 | number, ...at(entry)],
  ]
}

// biome-ignore format: one row a line
function callHelper(context: number, { helper, shadowBytes, saved }: Convention): ListingRow[] {
  const { abandoned, callback, helperReturn } = HOST_CONTEXT
  const number = HOST_CONTEXT.helper
  const contextToRax: ListingRow = [`movabs rax, ${hex(context)}`, 0x48, 0xb8, ...littleEndian(context, 8)]
  return [
    contextToRax,
    [`mov dword ptr [rax + ${hex(number)}], ${helper[0]}`,    0x89, helper[1], ...at(number)],
    ['mov rdx, qword ptr [rsp]', 0x48, 0x8b, 0x14, 0x24],
    [`mov qword ptr [rax + ${hex(helperReturn)}], rdx`, 0x48, 0x89, 0x90, ...at(helperReturn)],
    [`mov dword ptr [rax + ${hex(abandoned)}], 1`, 0xc7, 0x80, ...at(abandoned), ...at(1)],
    [`sub rsp, ${shadowBytes < 10 ? shadowBytes : hex(shadowBytes)}`, 0x48, 0x83, 0xec, shadowBytes],
    [`call qword ptr [rax + ${hex(callback)}]`, 0xff, 0x90, ...at(callback)],
    [`add rsp, ${shadowBytes < 10 ? shadowBytes : hex(shadowBytes)}`, 0x48, 0x83, 0xc4, shadowBytes],
    contextToRax,
    [`cmp dword ptr [rax + ${hex(abandoned)}], 0`, 0x83, 0xb8, ...at(abandoned), 0],
    // Over the next instruction, which is one byte long.
    ['jne 0x47', 0x75, 0x01],
    ['ret', 0xc3],
    ...saved.map(([register, rex, modrm], index): ListingRow => {
      const offset = savedAt(index)
      return [`mov ${register}, qword ptr [${RAX[0]} + ${hex(offset)}]`, rex, 0x8b, modrm | RAX[1], ...at(offset)]
    }),
    ['xor eax, eax', 0x31, 0xc0],
    ['ret', 0xc3],
  ]
}
