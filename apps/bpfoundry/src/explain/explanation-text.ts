import type { Explanation, PathLine } from './explanation.ts'
import { baseName } from './program-lines.ts'

function pathText({ file, line, text, jumpedAt }: PathLine): string {
  const where = file === undefined ? '' : `${baseName(file)}:${line}`
  return `  ${where.padEnd(20)} ${text}${jumpedAt.length > 0 ? '   <- jumps here' : ''}`
}

/** An explanation for people, below the name of its program. */
export function explanationText(program: string, explanation: Explanation): string {
  const { code, message, hint, pc, insn, source, operands, path } = explanation
  const lines = [
    `${program} is refused: ${message}`,
    `  code   ${code}`,
    ...(source === undefined ? [] : [`  where  ${baseName(source.file)}:${source.line}: ${source.text}`]),
    ...(pc === undefined ? [] : [`  insn   ${pc}: ${insn}`]),
    ...operands.map(({ register, value }) => `  r${register}     ${value}`),
    ...(hint === undefined ? [] : [`  mend   ${hint}`]),
    ...(path.length === 0 ? [] : ['  the path:', ...path.map(pathText)]),
  ]
  return `${lines.join('\n')}\n`
}
