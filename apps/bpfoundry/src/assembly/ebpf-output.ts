import {
  type AssembledProgram,
  type AssembleOptions,
  assembleKernel,
  assembleLlvm,
  disassembleKernel,
  disassembleLlvm,
  encodeInsns,
  formatKernelInsn,
  type Insn,
  isLdImm64,
  requireInsns,
} from '@bpfoundry/isa'
import { UsageError } from '../exit-code.ts'
import type { EbpfSyntax } from '../options/choices.ts'
import type { AsmOutput, AsmRequest } from './asm-output.ts'

/** Both syntaxes. */
const SYNTAXES: Readonly<
  Record<
    EbpfSyntax,
    {
      readonly assemble: (text: string, options: AssembleOptions) => AssembledProgram
      readonly disassemble: (insns: readonly Insn[]) => string
    }
  >
> = {
  llvm: { assemble: assembleLlvm, disassemble: disassembleLlvm },
  kernel: { assemble: assembleKernel, disassemble: disassembleKernel },
}

/** Assembles eBPF. @throws IsaError ISA_*; with `check` where an encoding is wrong */
export function assembleEbpfText(text: string, syntax: EbpfSyntax, request: AsmRequest): AsmOutput {
  const { assemble, disassemble } = SYNTAXES[syntax]
  const constants = Object.fromEntries(request.definitions.map(({ name, value }) => [name, value]))
  const { insns, labels, lines } = assemble(text, { file: request.file, constants })
  if (request.check) requireInsns(insns)
  const bytes = encodeInsns(insns, { byteOrder: request.byteOrder })
  return {
    bytes,
    text: (format = 'hex') => {
      if (format === 'hex') return `${Buffer.from(bytes).toString('hex')}\n`
      if (format === 'listing') return disassemble(insns)
      throw new UsageError({
        code: 'CLI_FORMAT',
        message: 'eBPF has no such form',
        got: format,
        expected: 'hex or listing',
      })
    },
    json: {
      isa: 'ebpf',
      bytes,
      instructions: insns.map((insn, pc) => ({ ...insn, text: textAt(insns, pc), line: lines[pc] })),
      labels: Object.fromEntries(labels),
      warnings: [],
    },
    warnings: [],
  }
}

/** Of each slot; the second one of a 64-bit immediate has none. */
function textAt(insns: readonly Insn[], pc: number): string {
  const before = insns[pc - 1]
  if (before !== undefined && isLdImm64(before)) return ''
  return formatKernelInsn(insns[pc] as Insn, insns[pc + 1])
}
