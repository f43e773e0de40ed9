/** What the host's CPU can do beyond the baseline, for back ends that choose better instructions. */
import { freeCode, placeCode } from './executable-memory.ts'
import { addressOf, functionAt, loadKoffi } from './foreign-functions.ts'
import { assembleListing, type ListingRow } from './stub-listing.ts'

/** Instruction sets by the names of their CPUID bits. */
export type X86Feature = 'bmi1' | 'bmi2' | 'lzcnt' | 'movbe' | 'popcnt'

type Register = 'eax' | 'ebx' | 'ecx' | 'edx'
const REGISTERS: readonly Register[] = ['eax', 'ebx', 'ecx', 'edx']

/** @see Intel SDM volume 2A, CPUID, tables 3-8 and following */
// biome-ignore format: one row a line
const FEATURE_BITS: readonly {
  readonly name: X86Feature
  readonly leaf: number
  readonly register: Register
  readonly bit: number
}[] = [
  { name: 'movbe',  leaf: 0x1,         register: 'ecx', bit: 22 },
  { name: 'popcnt', leaf: 0x1,         register: 'ecx', bit: 23 },
  { name: 'bmi1',   leaf: 0x7,         register: 'ebx', bit: 3 },
  { name: 'bmi2',   leaf: 0x7,         register: 'ebx', bit: 8 },
  { name: 'lzcnt', leaf: 0x8000_0001, register: 'ecx', bit: 5 },
]

/** `void (u32 leaf, u32 subleaf, u32 *out)`: the four registers that CPUID answers in. rbx is the caller's. */
const REST: readonly ListingRow[] = [
  ['push rbx', 0x53],
  ['cpuid', 0x0f, 0xa2],
  ['mov dword ptr [r8], eax', 0x41, 0x89, 0x00],
  ['mov dword ptr [r8 + 4], ebx', 0x41, 0x89, 0x58, 0x04],
  ['mov dword ptr [r8 + 8], ecx', 0x41, 0x89, 0x48, 0x08],
  ['mov dword ptr [r8 + 0xc], edx', 0x41, 0x89, 0x50, 0x0c],
  ['pop rbx', 0x5b],
  ['ret', 0xc3],
]

export const CPUID_LISTINGS: Readonly<Record<'systemV' | 'windows', readonly ListingRow[]>> = {
  systemV: [['mov eax, edi', 0x89, 0xf8], ['mov ecx, esi', 0x89, 0xf1], ['mov r8, rdx', 0x49, 0x89, 0xd0], ...REST],
  // The third argument comes in r8.
  windows: [['mov eax, ecx', 0x89, 0xc8], ['mov ecx, edx', 0x89, 0xd1], ...REST],
}

let known: ReadonlySet<X86Feature> | undefined

/** The features of this host's CPU; empty on other architectures. @throws NativeExecError when code can't be placed */
export function x86Features(): ReadonlySet<X86Feature> {
  known ??= process.arch === 'x64' ? detect() : new Set()
  return known
}

function detect(): ReadonlySet<X86Feature> {
  const code = placeCode(assembleListing(CPUID_LISTINGS[process.platform === 'win32' ? 'windows' : 'systemV']))
  try {
    const call = functionAt(code.address, 'void', ['uint32_t', 'uint32_t', 'uint64_t'])
    const cpuid = (leaf: number): Readonly<Record<Register, number>> => {
      const out = new Uint32Array(new ArrayBuffer(4 * REGISTERS.length))
      call(leaf, 0, addressOf(out.buffer))
      const [eax, ebx, ecx, edx] = out as unknown as [number, number, number, number]
      return { eax, ebx, ecx, edx }
    }
    const highest = { standard: cpuid(0).eax, extended: cpuid(0x8000_0000).eax }
    const exists = (leaf: number): boolean => leaf <= (leaf < 0x8000_0000 ? highest.standard : highest.extended)
    const present = ({ leaf, register, bit }: (typeof FEATURE_BITS)[number]): boolean =>
      exists(leaf) && ((cpuid(leaf)[register] >>> bit) & 1) === 1
    return new Set(FEATURE_BITS.filter(present).map(({ name }) => name))
  } finally {
    freeCode(code)
  }
}

/** getauxval(3): AT_HWCAP, and in it HWCAP_ATOMICS of arm64. */
const AT_HWCAP = 16
const HWCAP_ATOMICS = 1 << 8
/** IsProcessorFeaturePresent, PF_ARM_V81_ATOMIC_INSTRUCTIONS_AVAILABLE. */
const PF_ARM_V81_ATOMICS = 34

/** How an operating system tells whether an arm64 CPU has FEAT_LSE, atomics in one instruction; every Apple one has. */
const LSE: Readonly<Record<string, () => boolean>> = {
  linux: () =>
    (loadKoffi().load('libc.so.6').func('unsigned long getauxval(unsigned long)')(AT_HWCAP) & HWCAP_ATOMICS) !== 0,
  win32: () =>
    loadKoffi().load('kernel32.dll').func('int IsProcessorFeaturePresent(uint32_t)')(PF_ARM_V81_ATOMICS) !== 0,
}

/** Whether this arm64 host has FEAT_LSE. @throws NativeExecError NATIVE_NO_KOFFI */
export function arm64HasLse(): boolean {
  return LSE[process.platform]?.() ?? true
}
