import {
  assembleLlvm,
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_MOV64_IMM,
  BPF_ZEXT_REG,
  checkInsns,
  decodeInsns,
  disassembleKernel,
  disassembleLlvm,
  encodeInsns,
  IsaError,
  jumpTarget,
  lookupInsn,
  registersRead,
  registersWritten,
} from '../src/index.ts'

export const name = 'isa-codec'

/** Any bytes: decoded they encode to the same, and their LLVM text assembles to the same. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    const insns = decodeInsns(input)
    const bytes = encodeInsns(insns)
    if (bytes.some((byte, index) => byte !== input[index])) throw new Error('encoding changed the bytes')
    checkInsns(insns)
    for (const [pc, insn] of insns.entries()) {
      jumpTarget(insn, pc)
      const row = lookupInsn(insn)
      const used = row === undefined ? 0 : registersRead(row, insn) | registersWritten(row, insn)
      if (used >>> 16 !== 0) throw new Error('a register above r15')
    }
    disassembleKernel(insns)
    const again = encodeInsns(assembleLlvm(disassembleLlvm(insns)).insns)
    if (again.length !== bytes.length || again.some((byte, index) => byte !== bytes[index])) {
      throw new Error('the assembled text is another program')
    }
    const swapped = decodeInsns(encodeInsns(insns, { byteOrder: 'big' }), { byteOrder: 'big' })
    if (JSON.stringify(swapped) !== JSON.stringify(insns)) throw new Error('big endian changed the program')
  } catch (error) {
    if (!(error instanceof IsaError)) throw error
  }
}

export const seeds = (): Uint8Array[] => [
  encodeInsns([BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]),
  encodeInsns([BPF_ZEXT_REG(0), BPF_EXIT_INSN()]),
  encodeInsns([...BPF_LD_IMM64(1, 0x1122334455667788n), BPF_EXIT_INSN()]),
  Uint8Array.from({ length: 256 * 8 }, (_, index) => (index % 8 === 0 ? index / 8 : 0)),
]
