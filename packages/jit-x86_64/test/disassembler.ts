import { createRequire } from 'node:module'

/** One instruction as capstone reads it. */
export interface Disassembled {
  readonly offsetBytes: number
  readonly sizeBytes: number
  readonly mnemonic: string
  readonly operands: string
}

interface CapstoneInsn {
  readonly address: bigint
  readonly size: number
  readonly mnemonic: string
  readonly op_str: string
}

/** The part of capstone that is used here; the package has no types. */
interface CapstoneModule {
  readonly ARCH_X86: number
  readonly MODE_64: number
  readonly Capstone: new (
    architecture: number,
    mode: number,
  ) => { disasm(bytes: ArrayLike<number>, address: number): readonly CapstoneInsn[] }
}

/** Loads capstone; the function disassembles x86-64 code, in Intel's syntax, as far as it can be read. */
export async function createDisassembler(): Promise<(code: Uint8Array, address?: number) => Disassembled[]> {
  const load = createRequire(import.meta.url)('@alexaltea/capstone-js') as () => Promise<CapstoneModule>
  const module = await load()
  const engine = new module.Capstone(module.ARCH_X86, module.MODE_64)
  return (code, address = 0) =>
    engine.disasm(code, address).map(({ address: at, size, mnemonic, op_str }) => ({
      offsetBytes: Number(at),
      sizeBytes: size,
      mnemonic,
      operands: op_str,
    }))
}
