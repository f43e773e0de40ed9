import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeBtf, decodeBtfExt, formatBtfRaw } from '@bpfoundry/btf'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { type ElfFile, readElf, STT_FILE } from '@bpfoundry/elf'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linkObjects, loadCollectionSpec, type ObjectToLink } from '../../src/index.ts'
import { compile, hasProgram, withFolder, writeFile } from '../compile.ts'
import { everything } from '../object.ts'
import { linkableObject } from './linkable-object.ts'

type Compiled = ObjectToLink & { readonly path: string }

const INCLUDE = join(import.meta.dirname, '../../../../fixtures/programs/include')

function programs(folder: string, ...names: string[]): Compiled[] {
  return names.map((name) => ({ name, ...compile(folder, name) }))
}

/** Objects of C texts. */
function texts(folder: string, ...sources: string[]): Compiled[] {
  return sources.map((text, index) => {
    const source = writeFile(folder, `text-${index}.c`, `#include "bpf.h"\n${text}\n`)
    const path = join(folder, `text-${index}.o`)
    const args = ['-O2', '-g', '-w', '-target', 'bpf', '-mcpu=v3', '-I', INCLUDE, '-c', source, '-o', path]
    const { status, stderr } = spawnSync('clang-19', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return { name: `text-${index}.o`, path, bytes: new Uint8Array(readFileSync(path)) }
  })
}

const linked = (objects: readonly ObjectToLink[]): ElfFile => readElf(linkObjects(objects))

/** Binding, visibility, section, offset and size of a symbol. */
function symbol(elf: ElfFile, name: string): readonly unknown[] {
  const found = elf.symbols.filter((one) => one.name === name)
  expect(found.length, name).toBe(1)
  const [{ bind, visibility, sectionIndex, value, sizeBytes } = expect.fail(name)] = found
  return [['local', 'global', 'weak'][bind], visibility, elf.sections[sectionIndex]?.name, value, sizeBytes]
}

/** All that counts of an object: sections with their relocations, symbols, and types but for where variables lie. */
function facts(bytes: Uint8Array): unknown {
  const elf = readElf(bytes)
  const types = elf.section('.BTF') ?? expect.fail('no BTF')
  const kept = elf.sections.filter(({ name }) => name !== '' && !/^\.(BTF|symtab|strtab|shstrtab|rel)/.test(name))
  const sections = kept.map((section) => ({
    ...{ name: section.name, flags: section.flags, type: section.type, sizeBytes: section.sizeBytes },
    alignmentBytes: section.alignmentBytes,
    data: Buffer.from(elf.data(section)).toString('hex'),
    relocations: elf
      .relocationsOf(section)
      .map(({ offsetBytes, type, symbol: to }) => [offsetBytes, type, elf.symbolName(to), to.value]),
  }))
  const symbols = elf.symbols
    .filter(({ type, index }) => index > 0 && type !== STT_FILE)
    .map((one) =>
      JSON.stringify({
        ...one,
        name: elf.symbolName(one),
        index: 0,
        sectionIndex: elf.sections[one.sectionIndex]?.name,
      }),
    )
  // bpftool leaves offsets of variables that were extern first as they were.
  const lines = formatBtfRaw(decodeBtf(elf.data(types)))
    .replaceAll(/ offset=\d+/g, '')
    .split('\n')
  return { sections, symbols: symbols.sort(), types: lines.filter((line) => !/\(VAR /.test(line)) }
}

describe.skipIf(!hasProgram('clang-19'))('linked objects', () => {
  test('call and use what others define, and keep what is static apart', () => {
    withFolder((folder) => {
      const bytes = linkObjects(programs(folder, 'link-app', 'link-library', 'link-override'))
      const spec = loadCollectionSpec(bytes)
      expect([...spec.programs.values()].map(({ name, unsupported }) => [name, unsupported])).toEqual([
        ['entry', undefined],
        ['other_entry', undefined],
      ])
      expect([...spec.maps.keys()]).toEqual(['others', 'counts', '.data', '.rodata', '.rodata.str1.1'])
      expect(spec.variables.get('seen')).toMatchObject({ map: '.data', offsetBytes: 4, sizeBytes: 4 })
      expect([...spec.variable('seen'), ...spec.variable('limit')]).toEqual([7, 0, 0, 0, 100, 0, 0, 0])
      const elf = readElf(bytes)
      expect(elf.symbols.filter(({ name }) => name === 'same_name').map(({ value }) => value)).toEqual([40, 216])
    })
  })

  test('have of each symbol the strong definition, and hide what one hides', () => {
    withFolder((folder) => {
      const elf = linked(programs(folder, 'link-app', 'link-library', 'link-override'))
      expect(symbol(elf, 'classify')).toEqual(['global', 2, '.text', 88, 128])
      // The second of three, and the third.
      expect(symbol(elf, 'fallback')).toEqual(['global', 0, '.text', 360, 24])
      expect(symbol(elf, 'replaced')).toEqual(['global', 0, '.text', 384, 24])
      expect(symbol(elf, 'counts')).toEqual(['global', 0, '.maps', 32, 32])
      const weak = linked(programs(folder, 'link-app', 'link-library'))
      expect(symbol(weak, 'replaced')[0]).toBe('weak')
    })
  })

  test('have each type once', () => {
    withFolder((folder) => {
      const elf = linked(programs(folder, 'link-app', 'link-library', 'link-override'))
      const text = formatBtfRaw(decodeBtf(elf.data(elf.section('.BTF') ?? expect.fail('no BTF'))))
      const count = (what: string): number => text.split('\n').filter((line) => line.includes(what)).length
      // The app knows no more of details than their name.
      expect(["STRUCT 'totals'", "STRUCT 'details'", 'FWD', "INT 'int'", "VAR 'seen' type_id"].map(count)).toEqual([
        ...[1, 1, 0, 1, 1],
      ])
      expect(count("FUNC 'same_name'")).toBe(1)
    })
  })

  test('can be linked on: what nobody defines stays extern', () => {
    withFolder((folder) => {
      const [app, library, override] = programs(folder, 'link-app', 'link-library', 'link-override')
      const half = { name: 'half', bytes: linkObjects([app as Compiled]) }
      expect(symbol(readElf(half.bytes), 'classify').slice(0, 3)).toEqual(['global', 0, ''])
      const whole = linkObjects([half, library as Compiled, override as Compiled])
      const atOnce = linkObjects([app as Compiled, library as Compiled, override as Compiled])
      const programsOf = (bytes: Uint8Array): unknown => [...loadCollectionSpec(bytes).programs.values()]
      expect(programsOf(whole)).toEqual(programsOf(atOnce))
    })
  })

  test('a variable is where its strong definition is', () => {
    withFolder((folder) => {
      const bytes = linkObjects(texts(folder, '__attribute__((weak)) int one;int two;', 'int one = 5;int three;'))
      const { variables, btf } = loadCollectionSpec(bytes)
      expect(variables.get('one')).toMatchObject({ map: '.data', offsetBytes: 0, btfTypeId: expect.any(Number) })
      // Two in .bss and one in .data: the weak one is in no section any more.
      expect((btf?.types ?? []).flatMap((type) => ('entries' in type ? type.entries.length : []))).toEqual([2, 1])
    })
  })

  const LICENSE = 'LICENSE("GPL");'
  const INT_MAP = (entries: number): string =>
    `struct { __uint(type, 2); __uint(max_entries, ${entries}); __type(key, int); __type(value, int); } map SEC(".maps");`

  // biome-ignore format: table
  const REFUSED: readonly (readonly [title: string, first: string, second: string, says: RegExp])[] = [
    ['two strong definitions',      'int f(int x) { return x; }',      'int f(int x) { return -x; }',          /'f' is defined twice/],
    ['two strong variables',        'int v = 1;',                      'int v = 2;',                           /'v' is defined twice/],
    ['another type of a variable',  'extern long v; long f(void) { return v; }', 'int v = 1;',                 /don't mean the same by 'v'/],
    ['more parameters',             'extern int g(int, int); int f(int x) { return g(x, x); }', 'int g(int x) { return x; }', /don't mean the same by 'g'/],
    ['a member more',               'extern struct s { int a; } v; int f(void) { return v.a; }', 'struct s { int a, b; } v = { 1 };', /don't mean the same by 'v'/],
    ['another size of a map',       INT_MAP(1),                        `${INT_MAP(2).replace('SEC', '__attribute__((weak)) SEC')}`, /don't mean the same by 'map'/],
    ['another license',             LICENSE,                           'LICENSE("Dual MIT/GPL");',             /section 'license' differs/],
  ]

  test.each(REFUSED)('%s is refused', (_, first, second, says) => {
    withFolder((folder) => {
      const objects = texts(folder, first, second)
      expect(() => linkObjects(objects)).toThrowError(expect.objectContaining({ code: 'LOADER_LINK' }))
      expect(() => linkObjects(objects)).toThrowError(says)
      if (!hasProgram('bpftool')) return
      const args = ['gen', 'object', join(folder, 'theirs.o'), ...objects.map(({ path }) => path)]
      expect(spawnSync('bpftool', args).status).not.toBe(0)
    })
  })

  test("are bpftool's: the same sections, symbols and types", (ctx) => {
    if (!hasProgram('bpftool')) return ctx.skip('bpftool is not installed')
    withFolder((folder) => {
      const sets = [
        ['link-app', 'link-library'],
        ['link-app', 'link-library', 'link-override'],
        ['link-override', 'link-library', 'link-app'],
        ['linking', 'maps'],
        ['core', 'externs'],
      ]
      for (const names of sets) {
        const objects = programs(folder, ...names)
        const path = join(folder, 'theirs.o')
        const args = ['gen', 'object', path, ...objects.map((one) => one.path)]
        const { status, stderr } = spawnSync('bpftool', args, { encoding: 'utf8' })
        let ours: Uint8Array | undefined
        try {
          ours = linkObjects(objects)
        } catch (error) {
          if (!isDiagnostic(error)) throw error
        }
        expect(ours === undefined, `${names.join()}: ${stderr}`).toBe(status !== 0)
        if (ours !== undefined) expect(facts(ours), names.join()).toEqual(facts(new Uint8Array(readFileSync(path))))
      }
    })
  })

  test('of damage are linked, or it is an error of who reads them', () => {
    withFolder((folder) => {
      const [app, library] = programs(folder, 'link-app', 'link-library') as [Compiled, Compiled]
      const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
      fc.assert(
        fc.property(changes, (list) => {
          const bytes = library.bytes.slice()
          for (const [offset, value] of list) bytes[offset % bytes.length] = value
          try {
            linkObjects([app, { name: 'damaged.o', bytes }])
          } catch (error) {
            if (!isDiagnostic(error)) throw error
          }
        }),
        { numRuns: process.env['CI'] === undefined ? 250 : 2000 },
      )
    })
  })
})

describe('without a compiler', () => {
  test.each(['little', 'big'] as const)('what is static is there twice, what is weak once; %s-endian', (byteOrder) => {
    const one = { name: 'one.o', bytes: linkableObject(byteOrder) }
    const elf = linked([one, one])
    const little = byteOrder === 'little'
    expect(elf.symbols.filter(({ name }) => name === 'own').map(({ value }) => value)).toEqual([0, 8])
    expect(symbol(elf, 'shared')).toEqual(['weak', 0, '.data', 4, 4])
    expect(symbol(elf, 'elsewhere').slice(0, 3)).toEqual(['weak', 0, ''])
    const code = elf.section('xdp') ?? expect.fail('no code')
    expect(elf.relocationsOf(code).map(({ offsetBytes, symbol: to }) => [offsetBytes, elf.symbolName(to)])).toEqual([
      ...[
        [0, '.data'],
        [16, 'elsewhere'],
        [40, '.data'],
        [56, 'elsewhere'],
      ],
    ])
    // The second object's load is of its own variable, 8 bytes farther on.
    const view = new DataView(elf.data(code).slice().buffer)
    expect([view.getInt32(4, little), view.getInt32(44, little)]).toEqual([0, 8])
    const btf = decodeBtf(elf.data(elf.section('.BTF') ?? expect.fail('no BTF')))
    const ext = decodeBtfExt(elf.data(elf.section('.BTF.ext') ?? expect.fail('no records')), btf)
    expect(ext.get('xdp')?.lines.map(({ pc, text }) => [pc, text])).toEqual([
      ...[
        [0, 'int entry()'],
        [5, 'int entry()'],
      ],
    ])
    expect(ext.get('xdp')?.functions.map(({ typeId }) => btf.type(typeId).name)).toEqual(['entry', 'entry'])
  })

  test('objects of two byte orders are refused', () => {
    const objects = (['little', 'big'] as const).map((byteOrder) => ({
      ...{ name: byteOrder, bytes: linkableObject(byteOrder) },
    }))
    expect(() => linkObjects(objects)).toThrowError(expect.objectContaining({ code: 'LOADER_LINK' }))
  })

  test('symbols that are shared need types', () => {
    expect(() => linkObjects([{ name: 'untyped.o', bytes: everything() }])).toThrowError(/has no type/)
  })
})
