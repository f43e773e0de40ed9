import { formatLlvmInsn } from '@bpfoundry/isa'
import type { ProgramSpec } from '@bpfoundry/loader'

/** What a slot belongs to: a line of the source, or its instruction where the object has no lines. */
export interface ProgramLine {
  readonly file?: string
  readonly line?: number
  readonly text: string
  /** The same for slots that belong together. */
  readonly key: string
}

/** The instruction of a slot, as LLVM writes it. */
export function insnText({ insns }: ProgramSpec, pc: number): string {
  const insn = insns[pc]
  return insn === undefined ? '' : formatLlvmInsn(insn, insns[pc + 1], { pc })
}

/** The entry of the line information that covers a slot. */
export function lineAt({ lineInfo }: ProgramSpec, pc: number): ProgramSpec['lineInfo'][number] | undefined {
  return lineInfo.findLast((entry) => entry.pc <= pc)
}

export function lineOf(spec: ProgramSpec, pc: number): ProgramLine {
  const entry = lineAt(spec, pc)
  if (entry === undefined) return { text: insnText(spec, pc), key: `${pc}` }
  const { file, line, text } = entry
  return { file, line, text: text.trim(), key: `${file}:${line}` }
}
