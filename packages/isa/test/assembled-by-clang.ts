import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { assembleLlvm, encodeInsns, type Insn } from '../src/index.ts'
import { inTemporaryDirectory, toolExists } from './outside.ts'

export const CLANG = 'clang-19'
const OBJCOPY = 'llvm-objcopy-19'

/** Why sources can't be put to clang; undefined where they can. */
export function missingTool(): string | undefined {
  return toolExists(CLANG) && toolExists(OBJCOPY) ? undefined : `${CLANG} or ${OBJCOPY} is not installed`
}

/** One file can't hold the same label twice. */
export function distinctLabels(text: string, index: number): string {
  const names = new Set([...text.matchAll(/(?<![\w.])([A-Za-z_]\w*):/g)].map((match) => match[1] as string))
  return text.replaceAll(/(?<![\w.])[A-Za-z_]\w*/g, (word) => (names.has(word) ? `${word}_in_${index}` : word))
}

/** What clang leaves to the loader: calls and addresses of labels. */
const unresolved = (insn: Insn): Insn => {
  if (insn.opcode === 0x85 && insn.src === 1) return { ...insn, imm: -1 }
  return insn.opcode === 0x18 && insn.src === 4 ? { ...insn, src: 0, imm: 0 } : insn
}

/** Each source must become the bytes that clang makes of it. */
export function expectAsClang(sources: readonly string[]): void {
  const ours = sources.map((source) => {
    const { insns } = assembleLlvm(source, { externals: true, wrapImmediates: true })
    return Buffer.from(encodeInsns(insns.map(unresolved))).toString('hex')
  })
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
}
