import { baseName } from './base-name.ts'
import type { Explanation, PathLine, PathOrigin } from './explanation.ts'

/** Where a line's text begins. */
const TEXT_AT = 23

function pathText({ file, line, text, jumpedAt, values }: PathLine): string[] {
  const where = file === undefined ? '' : `${baseName(file)}:${line}`
  return [
    `  ${where.padEnd(TEXT_AT - 3)} ${text}${jumpedAt.length > 0 ? '   <- jumps here' : ''}`,
    ...values.map(({ place, value }) => `${' '.repeat(TEXT_AT)}  ${place} = ${value}`),
  ]
}

/** What kind of path it is, and what of it is not shown. */
function pathHead({ isShortest, insns, followed, isCut, linesLeftOut }: PathOrigin): string {
  const cut = isCut ? `; the search for a shorter one ended after ${followed} instructions` : ''
  const kind = isShortest ? 'the shortest path' : `the path${cut}`
  const leftOut = linesLeftOut > 0 ? `; its first ${linesLeftOut} lines are left out` : ''
  return `  ${kind}, ${insns} instructions${leftOut}:`
}

/** An explanation for people, below the name of its program. */
export function explanationText(program: string, explanation: Explanation): string {
  const { code, message, hint, pc, insn, source, operands, path, found } = explanation
  const lines = [
    `${program} is refused: ${message}`,
    `  code   ${code}`,
    ...(source === undefined ? [] : [`  where  ${baseName(source.file)}:${source.line}: ${source.text}`]),
    ...(pc === undefined ? [] : [`  insn   ${pc}: ${insn}`]),
    ...operands.map(({ register, value }) => `  r${register}     ${value}`),
    ...(hint === undefined ? [] : [`  mend   ${hint}`]),
    ...(found === undefined ? [] : [pathHead(found), ...path.flatMap(pathText)]),
  ]
  return `${lines.join('\n')}\n`
}
