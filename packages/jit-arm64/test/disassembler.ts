import { createRequire } from 'node:module'

/** One instruction as capstone reads it. */
export interface Disassembled {
  readonly offsetBytes: number
  /** `ldr x0, [x28, x1]` */
  readonly text: string
}

/** The part of capstone that is used here; the package has no types. */
interface CapstoneModule {
  readonly ARCH_ARM64: number
  readonly MODE_ARM: number
  readonly Capstone: new (
    architecture: number,
    mode: number,
  ) => {
    disasm(
      bytes: ArrayLike<number>,
      address: number,
    ): readonly { readonly address: bigint; readonly mnemonic: string; readonly op_str: string }[]
  }
}

/** Loads capstone; the function disassembles A64 code as far as it can be read. Branch targets are offsets. */
export async function createDisassembler(): Promise<(code: Uint8Array) => Disassembled[]> {
  const load = createRequire(import.meta.url)('@alexaltea/capstone-js') as () => Promise<CapstoneModule>
  const module = await load()
  const engine = new module.Capstone(module.ARCH_ARM64, module.MODE_ARM)
  return (code) =>
    engine.disasm(code, 0).map(({ address, mnemonic, op_str }) => ({
      offsetBytes: Number(address),
      text: op_str === '' ? mnemonic : `${mnemonic} ${op_str}`,
    }))
}

/** Instruction words as bytes. */
export function wordsToBytes(words: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(words).buffer)
}
