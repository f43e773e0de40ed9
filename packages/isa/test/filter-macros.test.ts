import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as isa from '../src/index.ts'
import { MACRO_USES, NO_BUILDER } from './filter-macros.ts'
import { inTemporaryDirectory, KERNEL_TREE, toolExists } from './outside.ts'

const exported = isa as unknown as Record<string, unknown>
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** `BPF_X | 0x1` with the constants of this package, as C reads it. */
function evaluate(argument: string): number {
  return argument.split('|').reduce((value, term) => {
    const word = term.trim()
    if (word === 'BPF_FUNC_map_lookup_elem') return value | 1
    const constant = word.startsWith('BPF_') ? (exported[word] as number) : Number(word)
    return value === 0 ? constant : value | constant
  }, 0)
}

function build(use: string): isa.Insn[] {
  const [, name, args] = /^(\w+)\((.*)\)$/.exec(use) as unknown as [string, string, string]
  const builder = exported[name] as (...values: number[]) => isa.Insn | isa.InsnPair
  const made = builder(...(args === '' ? [] : args.split(',').map(evaluate)))
  return Array.isArray(made) ? [...made] : [made as isa.Insn]
}

const macroNames = (header: string): string[] =>
  [...header.matchAll(/^#define (BPF_\w+)\(/gm)].map((match) => match[1] as string)

/** The part of include/linux/filter.h that defines instructions, compilable in user space. */
function instructionMacros(): string {
  const kernel = readFileSync(join(KERNEL_TREE, 'include/linux/filter.h'), 'utf8')
  const part = kernel.slice(kernel.indexOf('#define BPF_ALU64_REG_OFF'), kernel.indexOf('/* Internal classic blocks'))
  return part.replaceAll(/static inline bool[\s\S]*?\n}\n/g, '').replace(/#define BPF_CALL_IMM.*\n/, '')
}

function toolsOnlyMacros(): string {
  const tools = readFileSync(join(KERNEL_TREE, 'tools/include/linux/filter.h'), 'utf8')
  const wanted = ['BPF_LD_IMM64_RAW_FULL', 'BPF_LD_MAP_VALUE']
  return wanted.map((name) => new RegExp(`#define ${name}\\((?:.*\\\\\\n)*.*\\n`).exec(tools)?.[0] ?? '').join('\n')
}

describe('builders', () => {
  it.each(MACRO_USES)('%s encodes as the C macro', (use, expected) => {
    expect(hex(isa.encodeInsns(build(use)))).toBe(expected)
  })

  it('encode as gcc compiles the macros of the kernel tree', (ctx) => {
    if (!existsSync(KERNEL_TREE)) ctx.skip(`no kernel tree at ${KERNEL_TREE} (KERNEL_TREE)`)
    if (!toolExists('gcc')) ctx.skip('gcc is not installed')
    const print = MACRO_USES.map(([use]) => `{ struct bpf_insn i[] = { ${use} }; show(i, sizeof(i)); }`).join('\n')
    const source = `#include <stdio.h>
      #include <linux/bpf.h>
      #define BPF_MEMSX 0x80
      #define BPF_NOSPEC 0xc0
      #define BPF_JCOND 0xe0
      #define BPF_CALL_IMM(x) (x)
      ${instructionMacros()}\n${toolsOnlyMacros()}
      static void show(void *p, unsigned n) { for (unsigned i = 0; i < n; i++) printf("%02x", ((unsigned char *)p)[i]); puts(""); }
      int main(void) { ${print} }`
    inTemporaryDirectory((dir) => {
      writeFileSync(join(dir, 'macros.c'), source)
      execFileSync('gcc', ['-w', '-o', join(dir, 'macros'), join(dir, 'macros.c')])
      const lines = execFileSync(join(dir, 'macros'), { encoding: 'utf8' }).trim().split('\n')
      expect(lines).toEqual(MACRO_USES.map(([, expected]) => expected))
    })
  })

  it('exist for every macro that the table of uses names, which is every one of the kernel tree', (ctx) => {
    const used = new Set(MACRO_USES.map(([use]) => use.slice(0, use.indexOf('('))))
    for (const name of used) expect([name, typeof exported[name]]).toEqual([name, 'function'])
    if (!existsSync(KERNEL_TREE)) ctx.skip(`no kernel tree at ${KERNEL_TREE} (KERNEL_TREE)`)
    const tools = readFileSync(join(KERNEL_TREE, 'tools/include/linux/filter.h'), 'utf8')
    const wanted = [...macroNames(instructionMacros()), ...macroNames(tools)]
    expect(wanted.length).toBeGreaterThan(60)
    expect(wanted.filter((name) => !used.has(name) && NO_BUILDER[name] === undefined)).toEqual([])
  })
})
