import {
  type AssembledClassic,
  assembleClassic,
  CbpfError,
  type ClassicForm,
  checkClassic,
  encodeClassic,
  formatClassic,
  formatClassicProgram,
} from '@bpfoundry/cbpf'
import type { AsmOutput, AsmRequest } from './asm-output.ts'

/**
 * Assembles classic BPF.
 *
 * @throws CbpfError CBPF_ASM_*; with `check` CBPF_REFUSED at the line of what the kernel refuses
 */
export function assembleClassicText(text: string, request: AsmRequest): AsmOutput {
  const { file, byteOrder } = request
  const symbols = Object.fromEntries(request.definitions.map(({ name, value }) => [name, Number(value)]))
  const assembled = assembleClassic(text, { file, symbols })
  if (request.check) requireAccepted(assembled, text, file)
  const { insns, lines, labels, warnings } = assembled
  const bytes = encodeClassic(insns, byteOrder)
  return {
    bytes,
    // Bytes are told in the order that was asked for.
    text: (format = 'asm') =>
      format === 'hex'
        ? `${Buffer.from(bytes).toString('hex')}\n`
        : formatClassicProgram(insns, format satisfies ClassicForm),
    json: {
      isa: 'classic',
      instructions: insns.map((insn, pc) => ({ ...insn, text: formatClassic(insn, pc), line: lines[pc] })),
      labels: Object.fromEntries(labels),
      warnings,
    },
    warnings: warnings.map(({ line, message }) => `${file}:${line}: ${message}`),
  }
}

function requireAccepted({ insns, lines }: AssembledClassic, text: string, file: string): void {
  const problem = checkClassic(insns)
  if (problem === undefined) return
  const { pc, message } = problem
  const line = lines[pc] as number
  const source = { file, line, text: (text.split('\n', line)[line - 1] as string).slice(0, 200) }
  throw new CbpfError({
    code: 'CBPF_REFUSED',
    message,
    where: { pc, source },
    expected: 'a program that the kernel takes',
  })
}
