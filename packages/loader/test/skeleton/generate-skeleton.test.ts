import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { generateSkeleton, type Skeleton, type SkeletonDefinition, type SkeletonShape } from '../../src/index.ts'
import { everything } from '../object.ts'
import { flowObject, ODD_NAMES, oddObject } from './odd-object.ts'
import { typeCheck } from './type-check.ts'

const PROGRAMS = join(import.meta.dirname, '../../../../fixtures/programs')
const LIBRARY = pathToFileURL(join(import.meta.dirname, '../../src/index.ts')).href

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-skeleton-'))
afterAll(() => rmSync(folder, { recursive: true }))

function objects(): ReadonlyMap<string, Uint8Array> {
  const paths = readdirSync(PROGRAMS, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.o'))
  return new Map(paths.sort().map((path) => [basename(path), readFileSync(join(PROGRAMS, path))]))
}

const generate = (bytes: Uint8Array, fileName = 'object.o', types: string[] = []) =>
  generateSkeleton(bytes, { fileName, types })

/** What a module says of the struct of {@link flowObject}. */
const FLOW = `/** struct flow, 24 bytes */
export interface Flow {
  readonly active: boolean // bool, byte 0
  // 1 byte of padding
  readonly port: number // __be16, byte 2
  readonly v4?: number // unsigned int, byte 4
  readonly v6?: Uint8Array // unsigned char[8], byte 4
  readonly low: number // unsigned int, 3 bits from bit 96
  readonly high: number // unsigned int, 5 bits from bit 99
  // 3 bytes of padding
  readonly name: string | Uint8Array // char[3], byte 16
  // 1 byte of padding
  readonly inner: {
    readonly mode: Mode // enum mode, byte 0
  } // struct, byte 20
}

/** enum mode; a program may put other numbers there */
export type Mode = number

export declare const Mode: {
  readonly OFF: 0
  readonly ON: 1
}
`

let modules = 0

/** What the JavaScript module exports, with the library from source. */
async function load(javascript: string): Promise<Record<string, unknown>> {
  const path = join(folder, `module-${modules++}.mjs`)
  writeFileSync(path, javascript.replace("'@bpfoundry/loader'", `'${LIBRARY}'`))
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>
}

const USAGE = `
import type { LoaderKernel, LoadedProgram, ReadableMap } from '@bpfoundry/loader'
import { l4lb } from './l4lb.v3.ts'
import { calls } from './calls.v3.ts'

export function use(kernel: LoaderKernel<ReadableMap, LoadedProgram>): void {
  const balancer = l4lb.open()
  balancer.variables.tunnel_source = 0x0a000001
  // @ts-expect-error
  balancer.variables.tunnel_source = '10.0.0.1'
  // @ts-expect-error
  balancer.variables.tunnel_sauce = 1
  using loaded = balancer.load(kernel)
  loaded.maps.services.set({ addr: 1, port: 80, protocol: 6 }, { number: 1, backends: 2 })
  // @ts-expect-error
  loaded.maps.services.set({ addr: 1, port: 80 }, { number: 1, backends: 2 })
  // @ts-expect-error
  loaded.variables.tunnel_source = 1
  const counts: bigint[] | undefined = loaded.maps.balanced.get(0)?.map(({ packets }) => packets)
  const name: string = loaded.programs.balance.name
  // @ts-expect-error
  loaded.programs.balence
  const seen: number = calls.open().load(kernel).variables.seen
  const bytes: Uint8Array = l4lb.open().types.Count.encode({ packets: 1n, bytes: 2n })
  void [counts, name, seen, bytes]
}
`

test('modules of all fixtures compile, as strict as can be, and so does who uses them', () => {
  const files = new Map<string, string>()
  for (const [name, bytes] of objects()) {
    const { typescript } = generate(bytes, name)
    expect(generate(bytes, name).typescript, name).toBe(typescript)
    files.set(name.replace(/o$/, 'ts'), typescript)
  }
  expect(files.size).toBeGreaterThan(150)
  files.set('usage.ts', USAGE)
  expect(typeCheck(files)).toBe('')
})

test('JavaScript with declarations says the same', () => {
  const files = new Map<string, string>([['usage.ts', USAGE.replaceAll('.v3.ts', '.v3.js')]])
  const both = objects()
  for (const name of ['l4lb.v3', 'calls.v3']) {
    const { javascript, declarations } = generate(both.get(`${name}.o`) as Uint8Array, `${name}.o`)
    files.set(`${name}.js`, javascript)
    files.set(`${name}.d.ts`, declarations)
  }
  expect(typeCheck(files)).toBe('')
})

describe('names that are none', () => {
  const { typescript, javascript, declarations } = generate(oddObject(), "it's */ odd\n.o")

  test('compile', () => {
    const files = new Map([
      ['odd.ts', typescript],
      ['odd-js.js', javascript],
      ['odd-js.d.ts', declarations],
    ])
    expect(typeCheck(files)).toBe('')
  })

  test('stay what they are, and text', async () => {
    const module = await load(javascript)
    const definition = Object.values(module).find((one) => Object.hasOwn(one as object, 'open'))
    const skeleton = (definition as SkeletonDefinition<SkeletonShape>).open()
    expect('escaped' in globalThis).toBe(false)
    expect(Object.keys(skeleton.variables).sort()).toEqual([...ODD_NAMES].sort())
    const variables = skeleton.variables as Record<string, unknown>
    variables[ODD_NAMES[0] as string] = Object.fromEntries(ODD_NAMES.map((name, index) => [name, index]))
    const read = variables[ODD_NAMES[0] as string] as object
    expect(Object.entries(read)).toEqual(ODD_NAMES.map((name, index) => [name, index]))
    const enums = Object.values(module).filter((one) => Object.hasOwn(one as object, 'constructor'))
    expect(enums.length).toBe(ODD_NAMES.filter((_, index) => index % 2 === 1).length)
    for (const one of enums)
      expect(Object.entries(one as object)).toEqual(ODD_NAMES.map((name, index) => [name, index]))
  })

  test('compile and stay what they are, whatever they are', async () => {
    const files = new Map<string, string>()
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 12 })
      .filter((text) => !/\0|[\ud800-\udfff]/.test(text))
    const words = fc.constantFrom("'", '"', '`', '\\', '\n', '\r', '\u2028', '*/', '//', '${', '}', 'a', '__proto__')
    const mixed = fc.array(words, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''))
    const sets = fc.sample(fc.uniqueArray(fc.oneof(name, mixed), { minLength: 2, maxLength: 6 }), 40)
    for (const [index, names] of sets.entries()) {
      const generated = generate(oddObject(names), `odd-${index}.o`)
      files.set(`odd-${index}.ts`, generated.typescript)
      const { [`odd${index}`]: definition } = await load(generated.javascript)
      const skeleton = (definition as SkeletonDefinition<SkeletonShape>)?.open() as Skeleton<SkeletonShape>
      expect(Object.keys(skeleton.variables).sort()).toEqual([...names].sort())
    }
    expect(typeCheck(files)).toBe('')
  })
})

describe('what is asked for', () => {
  const bytes = readFileSync(join(PROGRAMS, 'l4lb/l4lb.v3.o'))

  test('is a name, and more types', () => {
    const { typescript } = generateSkeleton(bytes, {
      fileName: 'x.o',
      name: 'balancer',
      types: ['struct xdp_md', '__u64'],
    })
    expect(typescript).toContain('export const balancer: SkeletonDefinition<BalancerShape>')
    expect(typescript).toContain('export interface XdpMd {')
    expect(typescript).toContain('export type U64 = bigint')
    expect(typeCheck(new Map([['x.ts', typescript]]))).toBe('')
  })

  test.each([
    ['a type that there is not', { types: ['struct iphdrs'] }, 'LOADER_TYPE_UNKNOWN'],
    ['a type without values', { types: ['struct nothing'] }, 'LOADER_TYPE_UNKNOWN'],
    ['a word of the language', { name: 'delete' }, 'LOADER_SKELETON_NAME'],
    ['no word at all', { name: 'a; b' }, 'LOADER_SKELETON_NAME'],
  ] as const)('%s is refused', (_, options, code) => {
    const asked = { fileName: 'x.o', ...options, types: [...('types' in options ? options.types : [])] }
    expect(() => generateSkeleton(bytes, asked)).toThrowError(expect.objectContaining({ code }))
  })

  test('is said with its padding, bits and alternatives', () => {
    const { declarations } = generate(flowObject(), 'flow.o', ['flow'])
    expect(declarations).toContain(FLOW)
  })

  test('without types is bytes', () => {
    const legacy = readFileSync(join(PROGRAMS, 'legacy_maps/legacy_maps.v3.o'))
    expect(generate(legacy).maps.map(({ name, key, value }) => [name, key, value])).toEqual([
      ['allowed', 'Uint8Array', 'Uint8Array'],
      ['totals', 'number', 'Uint8Array'],
    ])
    expect(generate(everything()).constants).toEqual([
      { name: 'limit', type: 'Uint8Array', comment: '4 bytes, .rodata' },
    ])
  })
})
