import { type Cpu, type HelperFunction, type HelperTable, returnU32, returnU64 } from '@bpfoundry/engine'

/** Low word of r1 .. r5. */
const argument = (cpu: Cpu, n: 1 | 2 | 3 | 4 | 5): number => (cpu.regs[2 * n] as number) >>> 0

/** The low bytes of r1..r5 in one number, r1's highest. */
const gatherBytes: HelperFunction = (cpu) => {
  const [first, ...rest] = ([1, 2, 3, 4, 5] as const).map((n) => argument(cpu, n) & 0xff)
  const low = rest.reduce((word, byte) => (word << 8) | byte, 0)
  returnU64(cpu, low, first as number)
}

/** XORs r2 bytes at r1 with 42. */
const memfrob: HelperFunction = (cpu) => {
  const start = argument(cpu, 1)
  const end = Math.min(start + argument(cpu, 2), cpu.memory.byteLength)
  for (let at = start; at < end; at++) cpu.memory.u8[at]! ^= 42
  returnU32(cpu, 0)
}

/** The integer square root of r1, computed in double precision as the C code does. */
const squareRoot: HelperFunction = (cpu) => {
  const value = (cpu.regs[3]! >>> 0) * 2 ** 32 + argument(cpu, 1)
  returnU32(cpu, Math.trunc(Math.sqrt(value)))
}

/** The difference of the first bytes in which the strings at r1 and r2 differ. */
const compareStrings: HelperFunction = (cpu) => {
  const { u8 } = cpu.memory
  let [a, b] = [argument(cpu, 1), argument(cpu, 2)]
  while (a < u8.length && b < u8.length && u8[a] === u8[b] && u8[a] !== 0) {
    a++
    b++
  }
  const difference = (u8[a] ?? 0) - (u8[b] ?? 0)
  returnU64(cpu, difference, difference < 0 ? -1 : 0)
}

/** r1 back: what uBPF unwinds at, it being non-zero. Here nothing unwinds, as on Linux, where 5 tells the time. */
const giveBack: HelperFunction = (cpu) => returnU64(cpu, cpu.regs[2] as number, cpu.regs[3] as number)

const BPF_CONFORMANCE_HELPERS: HelperTable = [
  gatherBytes,
  memfrob,
  (cpu) => returnU32(cpu, 0),
  squareRoot,
  compareStrings,
  giveBack,
]

/** Leaves nothing in r0 .. r5: what a call may do. */
const clobber: HelperFunction = (cpu) => {
  cpu.regs.fill(-1, 0, 2 * 6)
}

/** Helpers up to this number are free for formats to name; this one, {@link clobber}, is put in by who runs a case. */
export const CLOBBERING_HELPER = 64

/**
 * The helpers that bpf_conformance's cases may call, numbered as uBPF's plugin numbers them, and {@link CLOBBERING_HELPER}.
 *
 * @see https://github.com/iovisor/ubpf, ubpf_plugin/test_helpers.h
 */
export const BARE_HELPERS: HelperTable = Array.from(
  { length: CLOBBERING_HELPER + 1 },
  (_, number): HelperFunction | undefined => (number === CLOBBERING_HELPER ? clobber : BPF_CONFORMANCE_HELPERS[number]),
)

/** The same table, for what makes one in another process. */
export function createBareHelpers(): HelperTable {
  return BARE_HELPERS
}

/** Where another process finds {@link createBareHelpers}: this module, in the form in which it runs. */
export const BARE_HELPERS_MODULE: { readonly url: string; readonly name: string } = {
  url: import.meta.url,
  name: 'createBareHelpers',
}
