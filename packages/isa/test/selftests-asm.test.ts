import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { assembleLlvm, encodeInsns, type Insn } from '../src/index.ts'
import { inTemporaryDirectory, KERNEL_TREE, toolExists } from './outside.ts'

const CLANG = 'clang-19'
const OBJCOPY = 'llvm-objcopy-19'
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

/** One file can't hold the same label twice. */
function distinctLabels(text: string, index: number): string {
  const names = new Set([...text.matchAll(/(?<![\w.])([A-Za-z_]\w*):/g)].map((match) => match[1] as string))
  return text.replaceAll(/(?<![\w.])[A-Za-z_]\w*/g, (word) => (names.has(word) ? `${word}_in_${index}` : word))
}

/** What clang leaves to the loader: calls and addresses of labels. */
const unresolved = (insn: Insn): Insn => {
  if (insn.opcode === 0x85 && insn.src === 1) return { ...insn, imm: -1 }
  return insn.opcode === 0x18 && insn.src === 4 ? { ...insn, src: 0, imm: 0 } : insn
}

it("makes of the kernel's inline assembly what clang makes", (ctx) => {
  if (!existsSync(PROGS)) ctx.skip(`no kernel tree with selftests at ${KERNEL_TREE} (KERNEL_TREE)`)
  if (!toolExists(CLANG) || !toolExists(OBJCOPY)) ctx.skip('clang-19 or llvm-objcopy-19 is not installed')
  const sources = templates().map(distinctLabels)
  const ours = sources.map((source) => {
    const { insns } = assembleLlvm(source, { externals: true, wrapImmediates: true })
    return Buffer.from(encodeInsns(insns.map(unresolved))).toString('hex')
  })
  expect(sources.length).toBeGreaterThan(1200)
  const clang = inTemporaryDirectory((dir) => {
    writeFileSync(join(dir, 'a.s'), sources.map((source) => `.text\n${source}\n`).join(''))
    execFileSync(CLANG, ['--target=bpf', '-mcpu=v4', '-c', join(dir, 'a.s'), '-o', join(dir, 'a.o')])
    execFileSync(OBJCOPY, ['-O', 'binary', '-j', '.text', join(dir, 'a.o'), join(dir, 'a.bin')])
    return readFileSync(join(dir, 'a.bin')).toString('hex')
  })
  let at = 0
  for (const [index, hex] of ours.entries()) {
    expect([sources[index], clang.slice(at, at + hex.length)]).toEqual([sources[index], hex])
    at += hex.length
  }
  expect(at).toBe(clang.length)
})
