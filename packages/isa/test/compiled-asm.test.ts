import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { CLANG, distinctLabels, expectAsClang, missingTool } from './assembled-by-clang.ts'
import { inTemporaryDirectory } from './outside.ts'

const PROGRAMS = join(import.meta.dirname, '../../../fixtures/programs')

/** Lines that say nothing about instructions; those of data belong to other sections. */
const DIRECTIVE = /^(?:\t\.(?:p2align|cfi_\w+|loc|file|section|ident|text|globl|type|size|set)\b|\.Lfunc_end\d+:)/

/** A move that LLVM 19 writes and does not read. */
const UNREAD_BY_LLVM = /^\tr\d+ = w\d+$/m

/** The functions of what a compiler wrote: between `.type name,@function` and `.size name`. */
function functionsOf(text: string): string[] {
  const bodies = text.matchAll(/^\t\.type\t(\w+),@function\n([\s\S]*?)^\t\.size\t\1,/gm)
  return [...bodies].map(([, , body = '']) =>
    body
      .split('\n')
      .filter((line) => !DIRECTIVE.test(line))
      .join('\n'),
  )
}

it('makes of what the compiler writes for the fixture programs what clang makes', (ctx) => {
  const missing = missingTool()
  if (missing !== undefined) ctx.skip(missing)
  const all = readdirSync(PROGRAMS, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.bpf.c') && !file.startsWith('refused'),
  )
  // The others are for CI.
  const files = process.env['CI'] === undefined ? all.sort().filter((_, index) => index % 4 === 0) : all
  const compiled = inTemporaryDirectory((dir) => {
    const parameters = [
      '--target=bpf',
      '-mcpu=v4',
      '-O2',
      '-g0',
      '-S',
      '-nostdinc',
      '-w',
      `-I${join(PROGRAMS, 'include')}`,
    ]
    return files.map((file) => {
      const output = join(dir, `${basename(file)}.s`)
      execFileSync(CLANG, [...parameters, join(PROGRAMS, file), '-o', output])
      return readFileSync(output, 'utf8')
    })
  })
  const functions = compiled.flatMap(functionsOf).filter((text) => !UNREAD_BY_LLVM.test(text))
  const sources = functions.map(distinctLabels)
  expect(sources.length).toBeGreaterThanOrEqual(files.length)
  expectAsClang(sources)
})
