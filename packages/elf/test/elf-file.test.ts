import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import {
  type ElfFile,
  EM_BPF,
  EM_X86_64,
  ET_EXEC,
  ET_REL,
  readElf,
  SHT_NOBITS,
  STT_FUNC,
  writeElf,
} from '../src/index.ts'
import { hasProgram, withObject } from './compile.ts'

const SOURCE = `
#define SEC(name) __attribute__((section(name), used))
struct { int (*type)[1]; } table SEC(".maps");
extern int outside;
int counter, initialised = 3;
static const char text[] = "a string";
static __attribute__((noinline)) int twice(int a) { return a * 2 + initialised; }
SEC("xdp") int entry(void *ctx) { counter += twice((int)(long)ctx); return text[counter & 7] + (int)(long)&table; }
SEC("tc") int second(void *ctx) { return twice(3) + outside; }
char _license[] SEC("license") = "GPL";
`

interface ReadelfSection {
  readonly Section: {
    readonly Index: number
    readonly Name: { readonly Name: string }
    readonly Type: { readonly Value: number }
    readonly Flags: { readonly Value: number }
    readonly Offset: number
    readonly Size: number
    readonly Link: number
    readonly Info: number
    readonly AddressAlignment: number
    readonly EntrySize: number
  }
}

interface ReadelfSymbol {
  readonly Symbol: {
    readonly Name: { readonly Name: string }
    readonly Value: number
    readonly Size: number
    readonly Binding: { readonly Value: number }
    readonly Type: { readonly Value: number }
    readonly Section: { readonly Value: number }
  }
}

interface ReadelfRelocations {
  readonly SectionIndex: number
  readonly Relocs: readonly {
    readonly Relocation: {
      readonly Offset: number
      readonly Type: { readonly Value: number }
      readonly Symbol: { readonly Name: string }
      readonly Addend?: number
    }
  }[]
}

interface Readelf {
  readonly Sections: readonly ReadelfSection[]
  readonly Symbols: readonly ReadelfSymbol[]
  readonly Relocations: readonly ReadelfRelocations[]
}

function readelf(path: string): Readelf {
  const flags = ['--elf-output-style=JSON', '-S', '-s', '-r']
  const { stdout } = spawnSync('llvm-readelf-19', [...flags, path], { encoding: 'utf8' })
  // It prints addends unsigned, beyond what a JSON number holds.
  const signed = stdout.replace(/("Addend": ?)(\d+)/g, (_, key, digits) => `${key}${BigInt.asIntN(64, BigInt(digits))}`)
  return (JSON.parse(signed) as [Readelf])[0]
}

function sectionsOf(elf: ElfFile): unknown[] {
  return elf.sections.map((section) => ({
    index: section.index,
    name: section.name,
    type: section.type,
    flags: section.flags,
    offset: section.offsetBytes,
    size: section.sizeBytes,
    link: section.link,
    info: section.info,
    alignment: section.alignmentBytes,
    entry: section.entryBytes,
  }))
}

describe.each(['bpfel', 'bpfeb', 'x86_64-linux-gnu', 'aarch64_be-linux-gnu'])(
  'an object that clang made for %s',
  (target) => {
    test('reads as llvm-readelf reads it', (ctx) => {
      if (!hasProgram('clang-19')) ctx.skip('clang-19 is not installed')
      if (!hasProgram('llvm-readelf-19')) ctx.skip('llvm-readelf-19 is not installed')
      withObject(SOURCE, target, (path, bytes) => {
        const elf = readElf(bytes)
        const expected = readelf(path)
        expect(sectionsOf(elf)).toEqual(
          expected.Sections.map(({ Section: s }) => ({
            index: s.Index,
            name: s.Name.Name,
            type: s.Type.Value,
            flags: s.Flags.Value,
            offset: s.Offset,
            size: s.Size,
            link: s.Link,
            info: s.Info,
            alignment: s.AddressAlignment,
            entry: s.EntrySize,
          })),
        )
        expect(
          elf.symbols.map((s) => [elf.symbolName(s), s.value, s.sizeBytes, s.bind, s.type, s.sectionIndex]),
        ).toEqual(
          expected.Symbols.map(({ Symbol: s }) => [
            s.Name.Name,
            s.Value,
            s.Size,
            s.Binding.Value,
            s.Type.Value,
            s.Section.Value,
          ]),
        )
        for (const { SectionIndex, Relocs } of expected.Relocations) {
          const table = elf.sections[SectionIndex]
          const relocated = elf.sections[table?.info ?? 0]
          expect(relocated).toBeDefined()
          if (relocated === undefined) continue
          expect(
            elf.relocationsOf(relocated).map((r) => [r.offsetBytes, r.type, elf.symbolName(r.symbol), r.addend]),
          ).toEqual(Relocs.map(({ Relocation: r }) => [r.Offset, r.Type.Value, r.Symbol.Name, r.Addend]))
        }
      })
    })
  },
)

describe.each(['little', 'big'] as const)('a %s-endian file of our writer', (byteOrder) => {
  const bytes = writeElf({
    byteOrder,
    sections: [
      {
        name: 'xdp',
        data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
        relocations: [{ offsetBytes: 0, type: 1, symbol: 1 }],
      },
      { name: '.bss', type: SHT_NOBITS, sizeBytes: 1 << 20 },
    ],
    symbols: [
      { name: 'entry', section: 'xdp', sizeBytes: 8, type: STT_FUNC },
      { name: 'counter', section: '.bss', value: 16, sizeBytes: 4 },
    ],
  })

  test('reads back, without copying', () => {
    const elf = readElf(bytes)
    expect(elf.header).toMatchObject({ byteOrder, machine: EM_BPF, type: ET_REL })
    const xdp = elf.section('xdp')
    expect(xdp).toBeDefined()
    if (xdp === undefined) return
    expect([...elf.data(xdp)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(elf.data(xdp).buffer).toBe(bytes.buffer)
    expect(elf.relocationsOf(xdp)).toMatchObject([{ offsetBytes: 0, type: 1, symbol: { name: 'counter', value: 16 } }])
    const bss = elf.section('.bss')
    expect(bss).toMatchObject({ sizeBytes: 1 << 20 })
    if (bss !== undefined) expect(elf.data(bss).length).toBe(0)
  })

  test('another machine or type than expected is an error of its own', () => {
    const elf = readElf(bytes)
    elf.expectMachine(EM_BPF)
    elf.expectType(ET_REL)
    expect(() => elf.expectMachine(EM_X86_64)).toThrow(
      expect.objectContaining({ code: 'ELF_MACHINE', got: 'e_machine 247' }),
    )
    expect(() => elf.expectType(ET_EXEC)).toThrow(expect.objectContaining({ code: 'ELF_TYPE', got: 'e_type 1' }))
  })

  test('llvm-readelf accepts it', (ctx) => {
    if (!hasProgram('llvm-readelf-19')) ctx.skip('llvm-readelf-19 is not installed')
    const { stdout, stderr } = spawnSync('llvm-readelf-19', ['-S', '-s', '-r', '-'], { encoding: 'utf8', input: bytes })
    expect(stderr).toBe('')
    expect(stdout).toContain('R_BPF_64_64')
  })
})
