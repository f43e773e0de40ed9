/** Global variables of an arena: where programs find them, and what is there at first. */
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { Collection, type LoadedMap, type LoaderKernel, loadCollectionSpec, type MapRequest } from '../src/index.ts'
import { compile, hasProgram, withFolder } from './compile.ts'

const CLANG = hasProgram('clang-19')
const spec = CLANG ? withFolder((folder) => loadCollectionSpec(compile(folder, 'arena').bytes)) : undefined

class ArenaKernel implements LoaderKernel {
  readonly requests: MapRequest<LoadedMap>[] = []
  readonly starts: Uint8Array[] = []

  createMap(request: MapRequest<LoadedMap>): LoadedMap {
    this.requests.push(request)
    return {
      ...{ id: 1, fd: 3, attributes: request },
      update: () => {
        throw new Error('an arena has no elements')
      },
      writeStart: (bytes) => {
        this.starts.push(bytes)
      },
      freeze: () => {},
      close: () => {},
    }
  }

  loadProgram({ name }: { readonly name: string }): { id: number; fd: number; name: string; close: () => void } {
    return { id: 1, fd: 4, name, close: () => {} }
  }
}

describe.skipIf(spec === undefined)('variables of an arena', () => {
  it('are named by the arena and their place in it', () => {
    const uses = spec?.programs.get('sum')?.mapRelocations.map(({ map, valueOffsetBytes }) => [map, valueOffsetBytes])
    const first = spec?.variables.get('first')
    const second = spec?.variables.get('second')
    expect([first?.map, second?.map]).toEqual(['arena', 'arena'])
    expect(new Set(uses?.map(([map]) => map))).toEqual(new Set(['arena']))
    expect(new Set(uses?.map(([, offset]) => offset))).toEqual(new Set([first?.offsetBytes, second?.offsetBytes]))
  })

  it('can be set before the arena is there, and are written to its start', () => {
    if (spec === undefined) return
    spec.setVariable('first', 6)
    const kernel = new ArenaKernel()
    Collection.create(spec, { kernel }).close()
    expect(kernel.requests.map(({ type, mapExtra }) => [type, mapExtra])).toEqual([[MAP_TYPE.ARENA, 2 ** 44]])
    const [start = new Uint8Array()] = kernel.starts
    expect(start[spec.variables.get('first')?.offsetBytes ?? 0]).toBe(6)
    expect(start[spec.variables.get('second')?.offsetBytes ?? 0]).toBe(7)
  })
})

it('has clang 19', (ctx) => {
  if (!CLANG) ctx.skip('clang-19 is not installed: 2 cases')
})
