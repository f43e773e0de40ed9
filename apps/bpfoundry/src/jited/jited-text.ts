import type { CodeLine } from './disassembler.ts'
import type { JitedPart, JitedProgram } from './jited-program.ts'

/** What {@link jitedText} shows beside the instructions. */
export interface JitedTextOptions {
  readonly opcodes: boolean
  readonly lineNumbers: boolean
}

/**
 * Target code as `bpftool prog dump jited` prints it, with the source line and the BPF instruction above the code of
 * each. Offsets are from the start of the program's code.
 */
export function jitedText(program: JitedProgram, options: JitedTextOptions): string {
  const title = `${program.program} tag ${program.tag}: ${program.engine}, ${program.codeBytes} bytes\n`
  return (
    title +
    program.parts
      .map((part) => partText(part, { ...options, radix: program.addressing === 'words' ? 10 : 16 }))
      .join('')
  )
}

type PartOptions = JitedTextOptions & { readonly radix: 10 | 16 }

function partText(part: JitedPart, options: PartOptions): string {
  const lines: string[] = []
  if (part.function !== undefined) lines.push(`${part.function}:`)
  if (part.label !== undefined) lines.push(`; (${part.label})`)
  if (part.source !== undefined) lines.push(`; ${part.source.text.trim()}${place(part, options)}`)
  if (part.bpf !== undefined) lines.push(`; ${String(part.pc).padStart(3)}: ${part.bpf}`)
  lines.push(...part.code.flatMap((line) => codeLines(line, options)))
  return lines.map((line) => `${line}\n`).join('')
}

function place({ source }: JitedPart, { lineNumbers }: JitedTextOptions): string {
  if (!lineNumbers || source === undefined) return ''
  return ` [file:${source.file} line_num:${source.line} line_col:${source.column}]`
}

function codeLines({ offsetBytes, bytes, text }: CodeLine, { opcodes, radix }: PartOptions): string[] {
  const line = `${offsetBytes.toString(radix).padStart(6)}:   ${text}`
  if (!opcodes) return [line]
  return [line, `          ${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`]
}
