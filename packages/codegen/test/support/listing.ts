import { assembleLlvm, disassembleLlvm, type Insn } from '@bpfoundry/isa'

/** Instructions of a text, lines or `;` between them. */
export function insnsOf(text: string): readonly Insn[] {
  return assembleLlvm(text.replaceAll(';', '\n')).insns
}

/** Instructions as text, one line each, to be compared with another listing. */
export function listingOf(insns: readonly Insn[]): string[] {
  return disassembleLlvm(insns, { radix: 'decimal', wRegisters: true })
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
