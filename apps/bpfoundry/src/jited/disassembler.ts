import { createRequire } from 'node:module'

interface CapstoneInsn {
  readonly address: number
  readonly size: number
  readonly mnemonic: string
  readonly op_str: string
}

/** The part of capstone that is used here; the package has no types. */
interface CapstoneModule {
  readonly ARCH_X86: number
  readonly ARCH_ARM64: number
  readonly MODE_64: number
  readonly MODE_ARM: number
  readonly Capstone: new (
    architecture: number,
    mode: number,
  ) => { disasm(code: Uint8Array, at: number): CapstoneInsn[]; close?(): void }
}

/** One instruction of the target. */
export interface CodeLine {
  /** From the start of the program's code. */
  readonly offsetBytes: number
  readonly bytes: Uint8Array
  readonly text: string
}

/** Reads a stretch of code that starts at `at`. */
export type Disassemble = (code: Uint8Array, at: number) => CodeLine[]

/** What capstone calls the engines' targets. */
// biome-ignore format: table
const TARGETS = {
  'x86-64': { architecture: 'ARCH_X86',   mode: 'MODE_64',  shortestBytes: 1 },
  arm64:    { architecture: 'ARCH_ARM64', mode: 'MODE_ARM', shortestBytes: 4 },
} as const

/** Engines that make machine code. */
export type MachineTarget = keyof typeof TARGETS

/** Loads capstone (WebAssembly, about 50 ms) for one target. */
export async function loadDisassembler(target: MachineTarget): Promise<Disassemble> {
  const load = createRequire(import.meta.url)('@alexaltea/capstone-js') as () => Promise<CapstoneModule>
  const module = await load()
  const { architecture, mode, shortestBytes } = TARGETS[target]
  const reader = new module.Capstone(module[architecture], module[mode])
  return (code, at) => {
    const lines: CodeLine[] = []
    for (let from = 0; from < code.length; ) {
      const read = readFrom(reader, code.subarray(from), at + from)
      const next = read.length > 0 ? read : [undecoded(code.subarray(from, from + shortestBytes), at + from)]
      lines.push(...next)
      from = (next.at(-1) as CodeLine).offsetBytes + (next.at(-1) as CodeLine).bytes.length - at
    }
    return lines
  }
}

/** Capstone stops at what it can't read, and throws when that comes first. */
function readFrom(reader: InstanceType<CapstoneModule['Capstone']>, code: Uint8Array, at: number): CodeLine[] {
  try {
    return reader.disasm(code, at).map(({ address, size, mnemonic, op_str }) => ({
      offsetBytes: Number(address),
      bytes: code.slice(Number(address) - at, Number(address) - at + size),
      text: `${mnemonic} ${op_str}`.trim(),
    }))
  } catch {
    return []
  }
}

/** Data between instructions: constants, addresses. */
function undecoded(bytes: Uint8Array, offsetBytes: number): CodeLine {
  const text = `.byte ${[...bytes].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', ')}`
  return { offsetBytes, bytes: bytes.slice(), text }
}
