import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { distinctLabels, expectAsClang, missingTool } from './assembled-by-clang.ts'
import { KERNEL_TREE } from './outside.ts'

const PROGS = join(KERNEL_TREE, 'tools/testing/selftests/bpf/progs')

/** The string literals before the first colon outside of them: the template of an asm statement. */
function templateOf(statement: string): string {
  let text = ''
  for (const match of statement.matchAll(/"((?:[^"\\]|\\[\s\S])*)"|(:)/g)) {
    if (match[2] !== undefined) break
    text += match[1]
  }
  const unescaped = text.replaceAll('\\\n', '').replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\', '')
  return unescaped.replaceAll(/%(%|=|\[\w+\](\s+ll)?)/g, (whole, what: string, wide: string | undefined) => {
    if (what === '%' || what === '=') return what === '%' ? '%' : '0'
    return wide === undefined ? '8' : whole.replace(/%\[(\w+)\]/, 'sym_$1')
  })
}

/** Every template of the verifier's tests, operands replaced by numbers, those of `ll` by names. */
function templates(): string[] {
  const files = readdirSync(PROGS).filter((file) => /^verifier_.*\.c$/.test(file))
  return files.flatMap((file) =>
    [...readFileSync(join(PROGS, file), 'utf8').matchAll(/asm volatile\s*\(([\s\S]*?)\)\s*;\s*\n/g)]
      .map((match) => templateOf(match[1] as string))
      // An operand that is a whole memory reference can't be a number.
      .filter((text) => !/\*\)8/.test(text)),
  )
}

it("makes of the kernel's inline assembly what clang makes", (ctx) => {
  if (!existsSync(PROGS)) ctx.skip(`no kernel tree with selftests at ${KERNEL_TREE} (KERNEL_TREE)`)
  const missing = missingTool()
  if (missing !== undefined) ctx.skip(missing)
  const sources = templates().map(distinctLabels)
  expect(sources.length).toBeGreaterThan(1200)
  expectAsClang(sources)
})
