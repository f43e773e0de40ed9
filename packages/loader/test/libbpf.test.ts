import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CollectionSpec, loadCollectionSpec, programSection } from '../src/index.ts'
import { SECTION_NAMES } from '../src/program-sections.ts'
import { buildHost, compile, hasProgram, withFolder } from './compile.ts'

const FIXTURES = join(import.meta.dirname, '../../../fixtures/programs')

interface Catalog {
  readonly objects: readonly {
    readonly name: string
    readonly source: string
    readonly mcpu: readonly string[]
    readonly btf?: boolean
    readonly expected: { readonly accepted: boolean }
  }[]
}

/** Objects that the kernel accepts; libbpf takes no legacy maps. */
function acceptedFixtures(): string[] {
  const { objects } = JSON.parse(readFileSync(join(FIXTURES, 'catalog.json'), 'utf8')) as Catalog
  return objects
    .filter(({ expected, btf }) => expected.accepted && btf !== false)
    .flatMap(({ source, mcpu }) => mcpu.map((version) => join(FIXTURES, source.replace('.bpf.c', `.${version}.o`))))
}

/** Our spec in the words of libbpf/load.c: maps by their kernel names, instructions with map names for fds. */
function describeSpec(spec: CollectionSpec): string[] {
  const shown = (key: string): string => (key.startsWith('.') ? (spec.maps.get(key)?.name ?? key) : key)
  const maps = [...spec.maps].map(
    ([key, map]) =>
      `map ${shown(key)} ${map.type} ${map.keySizeBytes} ${map.valueSizeBytes} ${map.maxEntries} ${map.flags}`,
  )
  const programs = [...spec.programs.values()]
    .filter(({ autoload }) => autoload)
    .flatMap((program) => {
      const names = new Map(program.mapRelocations.map(({ pc, map }) => [pc, shown(map)]))
      const lines = program.insns.map(
        ({ opcode, dst, src, off, imm }, pc) => `insn ${opcode} ${dst} ${src} ${off} ${imm} ${names.get(pc) ?? ''}`,
      )
      const { name, type, expectedAttachType, insns } = program
      return [`prog ${name} ${type} ${expectedAttachType} ${insns.length}`, ...lines]
    })
  return [...maps.sort(), ...programs]
}

/** What libbpf printed, in the same order; programs that it did not load are left out. */
function describeLoaded(output: string, spec: CollectionSpec): string[] {
  const lines = output.split('\n').slice(0, -1)
  const programs: string[][] = []
  for (const line of lines.filter((text) => !text.startsWith('map '))) {
    if (line.startsWith('prog ')) programs.push([line])
    else programs.at(-1)?.push(line)
  }
  const order = [...spec.programs.keys()]
  const nameOf = (lines: readonly string[]): string => lines[0]?.split(' ')[1] ?? ''
  const loaded = programs.filter((program) => spec.programs.get(nameOf(program))?.autoload)
  loaded.sort((a, b) => order.indexOf(nameOf(a)) - order.indexOf(nameOf(b)))
  return [...lines.filter((text) => text.startsWith('map ')).sort(), ...loaded.flat()]
}

describe('libbpf', () => {
  test('loads the same maps and instructions of every accepted fixture', (ctx) => {
    withFolder((folder) => {
      const host = buildHost(folder, 'load')
      if ('reason' in host) return ctx.skip(host.reason)
      if (process.getuid?.() !== 0) return ctx.skip('loading programs needs root')
      const objects = acceptedFixtures()
      expect(objects.length).toBeGreaterThan(40)
      for (const path of objects) {
        const spec = loadCollectionSpec(new Uint8Array(readFileSync(path)), { name: path })
        const { stdout, status } = spawnSync(host.path, [path], { encoding: 'utf8' })
        expect(`${path}: ${status}`).toBe(`${path}: 0`)
        expect(describeSpec(spec)).toEqual(describeLoaded(stdout, spec))
      }
    })
  })

  for (const name of ['linking', 'maps']) {
    test(`loads the same of our test program ${name}`, (ctx) => {
      withFolder((folder) => {
        const host = buildHost(folder, 'load')
        if ('reason' in host) return ctx.skip(host.reason)
        if (!hasProgram('clang-19')) return ctx.skip('clang-19 is not installed')
        if (process.getuid?.() !== 0) return ctx.skip('loading programs needs root')
        const { path, bytes } = compile(folder, name)
        const spec = loadCollectionSpec(bytes, { name: path })
        const { stdout, status } = spawnSync(host.path, [path], { encoding: 'utf8' })
        expect(status).toBe(0)
        expect(describeSpec(spec)).toEqual(describeLoaded(stdout, spec))
      })
    })
  }

  test('knows the same section names', (ctx) => {
    withFolder((folder) => {
      const host = buildHost(folder, 'sections')
      if ('reason' in host) return ctx.skip(host.reason)
      const names = SECTION_NAMES.flatMap((name) =>
        name.endsWith('+') ? [name.slice(0, -1), `${name.slice(0, -1)}/x`] : [name],
      )
      const { stdout } = spawnSync(host.path, { encoding: 'utf8', input: `${names.join('\n')}\n` })
      const known = stdout
        .trimEnd()
        .split('\n')
        .filter((line) => !line.endsWith(' -1 -1'))
      // The installed libbpf may be older than the table: at least what 1.0 knew is compared.
      expect(known.length).toBeGreaterThan(90)
      for (const line of known) {
        const [name = '', type, attach] = line.split(' ')
        expect(`${name} ${programSection(name)?.type} ${programSection(name)?.expectedAttachType}`).toBe(
          `${name} ${type} ${attach}`,
        )
      }
    })
  })
})

test('every fixture object loads, and holds what the catalog says', () => {
  const { objects } = JSON.parse(readFileSync(join(FIXTURES, 'catalog.json'), 'utf8')) as {
    readonly objects: readonly {
      readonly source: string
      readonly mcpu: readonly string[]
      readonly programs: readonly { readonly name: string; readonly section: string }[]
      readonly maps: readonly {
        readonly name: string
        readonly keySizeBytes: number
        readonly valueSizeBytes: number
        readonly maxEntries: number
        readonly flags: number
      }[]
      readonly globals?: readonly string[]
    }[]
  }
  let count = 0
  for (const { source, mcpu, programs, maps, globals = [] } of objects) {
    for (const version of mcpu) {
      const path = join(FIXTURES, source.replace('.bpf.c', `.${version}.o`))
      const spec = loadCollectionSpec(new Uint8Array(readFileSync(path)), { name: path })
      count++
      expect([...spec.programs.values()].map(({ name, section }) => ({ name, section }))).toEqual(programs)
      const declared = [...spec.maps].filter(([key]) => !key.startsWith('.'))
      expect(
        declared.map(([name, { keySizeBytes, valueSizeBytes, maxEntries, flags }]) => ({
          name,
          keySizeBytes,
          valueSizeBytes,
          maxEntries,
          flags,
        })),
      ).toEqual(
        maps.map(({ name, keySizeBytes, valueSizeBytes, maxEntries, flags }) => ({
          name,
          keySizeBytes,
          valueSizeBytes,
          maxEntries,
          flags,
        })),
      )
      expect([...spec.maps.keys()].filter((key) => globals.includes(key))).toEqual(expect.arrayContaining([...globals]))
      expect(spec.programs.values().next().value?.unsupported).toBeUndefined()
    }
  }
  expect(count).toBe(readdirSync(FIXTURES, { recursive: true }).filter((file) => String(file).endsWith('.o')).length)
})
