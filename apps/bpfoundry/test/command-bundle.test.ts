import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CommandBundle, fileDigest, implementation } from '../src/command-bundle.ts'
import type { verify as verifyCommand } from '../src/verdicts/verify-command.ts'
import { bpfoundry, fixture, startArguments } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-bundle-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = (name: string): string => join(folder, name)

/** Who answered: the bundle, or the modules in its place. */
async function answerer(): Promise<string> {
  const modules = async (): Promise<{ readonly answer: () => string }> => ({ answer: () => 'modules' })
  return (await implementation('one', modules, folder)).answer()
}

describe('a bundle', () => {
  beforeEach(() => {
    for (const name of readdirSync(folder)) rmSync(path(name))
    writeFileSync(path('.tsbuildinfo'), 'built once')
    writeFileSync(path('one.cjs'), "exports.answer = () => require('node:path').basename('a/bundle')")
    writeFileSync(path('one.json'), JSON.stringify({ '.tsbuildinfo': fileDigest(path('.tsbuildinfo')) }))
  })

  test('answers for its modules', async () => {
    expect(await answerer()).toBe('bundle')
  })

  test('does so where it is installed, without what it was built from', async () => {
    rmSync(path('.tsbuildinfo'))
    expect(await answerer()).toBe('bundle')
  })

  // biome-ignore format: table
  test.for([
    ['none was made',              () => rmSync(path('one.json'))],
    ['its packages were built since', () => writeFileSync(path('.tsbuildinfo'), 'built twice')],
    ['its notes are damaged',      () => writeFileSync(path('one.json'), '{')],
    ['it is missing',              () => rmSync(path('one.cjs'))],
    ['it is cut off',              () => writeFileSync(path('one.cjs'), 'exports.answer = (')],
    ['it throws',                  () => writeFileSync(path('one.cjs'), "require('./not-there.cjs')")],
  ] as const)('leaves it to the modules where %s', async ([, damage]) => {
    damage()
    expect(await answerer()).toBe('modules')
  })

  test('keeps bytecode, which another process takes', async () => {
    expect(elsewhere()).toEqual({ hasCode: false, answer: 'bundle' })
    CommandBundle.open(folder, 'one')?.keepCode()
    expect(elsewhere()).toEqual({ hasCode: true, answer: 'bundle' })
  })

  // biome-ignore format: table
  test.for([
    ['was cut off',           (code: Buffer) => code.subarray(0, code.length / 2)],
    ['is empty',              () => Buffer.alloc(0)],
    ['had a bit flipped',     (code: Buffer) => code.map((byte, at) => (at === code.length >> 1 ? byte ^ 1 : byte))],
  ] as const)('does without bytecode that %s', ([, damage]) => {
    CommandBundle.open(folder, 'one')?.keepCode()
    const kept = path(readdirSync(folder).find((name) => name.endsWith('.cache')) ?? 'no cache')
    writeFileSync(kept, damage(readFileSync(kept)))
    expect(elsewhere()).toEqual({ hasCode: false, answer: 'bundle' })
  })

  test('imports what it needs at run time, with kept bytecode, too', () => {
    writeFileSync(
      path('one.cjs'),
      "exports.answer = () => importModule('node:path').then(({ basename }) => basename('a/bundle'))",
    )
    CommandBundle.open(folder, 'one')?.keepCode()
    expect(elsewhere()).toEqual({ hasCode: true, answer: 'bundle' })
  })

  test('does without bytecode of another script of the same length', () => {
    CommandBundle.open(folder, 'one')?.keepCode()
    writeFileSync(path('one.cjs'), readFileSync(path('one.cjs'), 'utf8').replace('a/bundle', 'a/change'))
    expect(elsewhere()).toEqual({ hasCode: false, answer: 'change' })
  })
})

/** What a new process makes of the bundle: this one would find what it has compiled before. */
function elsewhere(): unknown {
  const module = new URL('../src/command-bundle.ts', import.meta.url).href
  const code = `
    const { CommandBundle } = await import(${JSON.stringify(module)})
    const bundle = CommandBundle.open(${JSON.stringify(folder)}, 'one')
    console.log(JSON.stringify({ hasCode: bundle.hasCode, answer: await bundle.load().answer() }))`
  const [hook = ''] = startArguments().slice(1)
  const args = ['--import', hook, '--input-type=module', '--eval', code]
  return JSON.parse(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout)
}

describe('what the build bundles', () => {
  // Below the command line's folder, so that the packages of others are found.
  const bundles = mkdtempSync(fileURLToPath(new URL('../node_modules/.bundles-', import.meta.url)))
  afterAll(() => rmSync(bundles, { recursive: true, force: true }))
  beforeAll(() => {
    const tool = fileURLToPath(new URL('../../../tools/command-bundles/main.mjs', import.meta.url))
    const { status, stderr } = spawnSync(process.execPath, [tool, '--source', bundles], { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }, 120_000)

  const load = (name: string): object => {
    const bundle = CommandBundle.open(bundles, name)
    if (bundle === undefined) throw new Error(`no bundle of ${name}`)
    return bundle.load()
  }

  test('imports nothing but by the loader: V8 can not, with kept bytecode', () => {
    const scripts = readdirSync(bundles).filter((name) => name.endsWith('.cjs'))
    const texts = scripts.map((name) => readFileSync(join(bundles, name), 'utf8'))
    expect(texts.filter((text) => /await import\(/.test(text))).toEqual([])
    expect(texts.some((text) => text.includes('await importModule('))).toBe(true)
  })

  test('verify says what its modules say', async () => {
    const object = fixture('programs/published/parse_drop.v2.o')
    const { verify } = load('verify') as { readonly verify: typeof verifyCommand }
    const said: string[] = []
    const io = {
      out: (text: string) => void said.push(text),
      err: () => {},
      terminal: false,
      readInput: async () => '',
    }
    expect(await verify([object], { json: true, kernelBtf: 'none' }, io)).toBe(0)
    const modules = await bpfoundry('verify', object, '--json', '--kernel-btf', 'none')
    expect(withoutTimes(said.join(''))).toEqual(withoutTimes(modules.stdout))
  })

  test.for(['bench-verifier', 'demo', 'run', 'dump', 'show', 'gen', 'asm', 'dbg', 'cpu-worker'])('%s loads', (name) => {
    expect(Object.keys(load(name))).not.toEqual([])
  })
})

function withoutTimes(json: string): unknown {
  return JSON.parse(json, (key, value: unknown) => (key.endsWith('TimeUs') ? undefined : value))
}
