import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BTF_KIND, checkBtf, decodeBtf, decodeBtfExt, formatBtfRaw } from '../src/index.ts'
import { compile, dumpSection, hasProgram, run, withFolder } from './compile.ts'
import { EVERY_KIND } from './sources.ts'

const TOOLS = ['clang-19', 'llvm-objcopy-19', 'bpftool'] as const

describe.each(['bpfel', 'bpfeb'])('type information that clang wrote for %s', (target) => {
  test('prints as bpftool prints it, and encodes to the same bytes', (ctx) => {
    for (const tool of TOOLS) if (!hasProgram(tool)) ctx.skip(`${tool} is not installed`)
    withFolder((folder) => {
      const object = compile(folder, EVERY_KIND, target)
      const bytes = new Uint8Array(readFileSync(dumpSection(folder, object, '.BTF')))
      const btf = decodeBtf(bytes)
      expect(btf.byteOrder).toBe(target === 'bpfel' ? 'little' : 'big')
      expect(btf.encode()).toEqual(bytes)
      const kinds = new Set(btf.types.map(({ kind }) => kind))
      expect([...kinds].sort((a, b) => a - b)).toEqual(
        Object.values(BTF_KIND).filter((kind) => kind !== 0 || kinds.has(0)),
      )
      // bpftool sorts nothing, but it fills in the offsets of data sections as libbpf does before a load.
      const withoutSections = (text: string): string => text.replace(/^\[\d+\] DATASEC.*\n(\t.*\n)*/gm, '')
      const raw = run('bpftool', ['btf', 'dump', 'file', object, 'format', 'raw'])
      expect(withoutSections(formatBtfRaw(btf))).toBe(withoutSections(raw))
    })
  })

  test('encodes in the other byte order to what bpftool prints the same', (ctx) => {
    for (const tool of TOOLS) if (!hasProgram(tool)) ctx.skip(`${tool} is not installed`)
    withFolder((folder) => {
      const object = compile(folder, EVERY_KIND, target)
      const btf = decodeBtf(new Uint8Array(readFileSync(dumpSection(folder, object, '.BTF'))))
      const swapped = decodeBtf(btf.encode(btf.byteOrder === 'little' ? 'big' : 'little'))
      expect(formatBtfRaw(swapped)).toBe(formatBtfRaw(btf))
      expect(swapped.encode(btf.byteOrder)).toEqual(btf.encode())
    })
  })

  test('function and line records name the functions and their source', (ctx) => {
    for (const tool of TOOLS) if (!hasProgram(tool)) ctx.skip(`${tool} is not installed`)
    withFolder((folder) => {
      const object = compile(folder, EVERY_KIND, target)
      const btf = decodeBtf(new Uint8Array(readFileSync(dumpSection(folder, object, '.BTF'))))
      const ext = decodeBtfExt(new Uint8Array(readFileSync(dumpSection(folder, object, '.BTF.ext'))), btf)
      expect([...ext.keys()].sort()).toEqual(['.text', 'xdp'])
      const names = ext.get('.text')?.functions.map(({ typeId }) => btf.type(typeId).name)
      expect(names).toEqual(expect.arrayContaining(['helper', 'global_function']))
      const lines = run('llvm-objdump-19', ['-d', '--line-numbers', '--no-show-raw-insn', '-j', 'xdp', object])
      const expected = [...lines.matchAll(/^; .*input\.c:(\d+)/gm)].map((match) => Number(match[1]))
      expect(ext.get('xdp')?.lines.map(({ line }) => line)).toEqual(expect.arrayContaining([...new Set(expected)]))
      const source = EVERY_KIND.split('\n')
      for (const { line, text, file } of ext.get('xdp')?.lines ?? []) {
        expect(file).toMatch(/input\.c$/)
        expect(text).toBe(source[line - 1])
      }
    })
  })
})

test("the running kernel's own types decode, pass the kernel's checks and encode to the same bytes", (ctx) => {
  let bytes: Uint8Array
  try {
    bytes = new Uint8Array(readFileSync('/sys/kernel/btf/vmlinux'))
  } catch {
    return ctx.skip('this kernel has no /sys/kernel/btf/vmlinux')
  }
  const btf = decodeBtf(bytes)
  expect(btf.types.length).toBeGreaterThan(10_000)
  expect(Buffer.compare(btf.encode(), bytes)).toBe(0)
  expect(btf.find('xdp_md', BTF_KIND.STRUCT)).toMatchObject({ sizeBytes: 24 })
  checkBtf(btf, { tagAttributes: true })
})
