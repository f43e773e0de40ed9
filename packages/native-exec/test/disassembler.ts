import { createRequire } from 'node:module'

interface CapstoneInsn {
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
  ) => { disasm(code: Uint8Array, at: number): CapstoneInsn[] }
}

/** Code of either architecture as text, an instruction a line, as far as it can be read. */
export type Disassembler = (architecture: 'x64' | 'arm64', code: Uint8Array) => string[]

export async function loadDisassembler(): Promise<Disassembler> {
  const load = createRequire(import.meta.url)('@alexaltea/capstone-js') as () => Promise<CapstoneModule>
  const module = await load()
  const readers = {
    x64: new module.Capstone(module.ARCH_X86, module.MODE_64),
    arm64: new module.Capstone(module.ARCH_ARM64, module.MODE_ARM),
  }
  return (architecture, code) =>
    readers[architecture].disasm(code, 0).map(({ mnemonic, op_str }) => `${mnemonic} ${op_str}`.trim())
}
