import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Collection, loadCollectionSpec } from '@bpfoundry/loader'
import { describe, expect, it } from 'vitest'
import { CollectionKernel, type KernelOracle, ProgramRefused } from '../src/index.ts'
import { oracleOrSkip } from './oracle.ts'

interface CatalogObject {
  readonly name: string
  readonly source: string
  readonly mcpu: readonly string[]
  readonly programs: readonly { readonly name: string; readonly section: string }[]
  readonly maps: readonly { readonly name: string; readonly maxEntries: number }[]
  readonly expected: {
    readonly accepted: boolean
    readonly errno?: string
    readonly message?: string
    readonly message612?: string
  }
}

const FOLDER = new URL('../../../fixtures/programs/', import.meta.url)
const catalog = JSON.parse(readFileSync(new URL('catalog.json', FOLDER), 'utf8')) as {
  objects: readonly CatalogObject[]
}

const objectPath = ({ source, name }: CatalogObject, mcpu: string): string => `${dirname(source)}/${name}.${mcpu}.o`

/** Enough for the verdict: a map of a million preallocated entries would take longer than all the rest. */
const ENTRIES = 1024

/** Loads every program of the object; the caller closes the collection. */
function load(oracle: KernelOracle, object: CatalogObject, mcpu: string): ReturnType<typeof Collection.create> {
  const path = objectPath(object, mcpu)
  const spec = loadCollectionSpec(new Uint8Array(readFileSync(new URL(path, FOLDER))), { name: path })
  expect([...spec.programs.keys()].sort()).toEqual(object.programs.map(({ name }) => name).sort())
  for (const { name, maxEntries } of object.maps) expect(spec.maps.get(name)?.maxEntries).toBe(maxEntries)
  for (const map of spec.maps.values()) map.maxEntries = Math.min(map.maxEntries, ENTRIES)
  const kernel = new CollectionKernel(oracle)
  try {
    return Collection.create(spec, { kernel })
  } finally {
    kernel[Symbol.dispose]()
  }
}

describe('fixture programs against the kernel', () => {
  it('has a catalog entry for every object, and an object for every entry', () => {
    const listed = catalog.objects.flatMap((object) => object.mcpu.map((mcpu) => objectPath(object, mcpu)))
    const found = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.o'))
    expect(listed.sort()).toEqual(found.sort())
  })

  for (const object of catalog.objects) {
    for (const mcpu of object.mcpu) {
      const { accepted, errno, message = '', message612 = message } = object.expected
      const verdict = accepted ? 'accepted' : `refused: ${message}`
      it(`${object.name} ${mcpu}: ${verdict}`, (ctx) => {
        const oracle = oracleOrSkip(ctx)
        if (accepted) return load(oracle, object, mcpu).close()
        try {
          load(oracle, object, mcpu).close()
        } catch (error) {
          if (!(error instanceof ProgramRefused)) throw error
          expect(error.errnoName).toBe(errno)
          expect(
            [message, message612].filter((words) => error.answer.log.includes(words)),
            error.answer.log,
          ).not.toEqual([])
          return
        }
        expect.unreachable('the kernel accepted it')
      })
    }
  }

  it('leaves nothing open', (ctx) => {
    expect(oracleOrSkip(ctx).openDescriptors).toBe(0)
  })
})
