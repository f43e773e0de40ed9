import { writeElf } from '@bpfoundry/elf'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, test } from 'vitest'
import {
  Collection,
  type LoadedMap,
  type LoadedProgram,
  type LoaderKernel,
  loadCollectionSpec,
  type MapRequest,
  type ProgramRequest,
  specToJudge,
} from '../src/index.ts'
import { CALL, code, everything, func, PASS, R_BPF_64_32 } from './object.ts'

/** Notes everything that is asked of it. */
class RecordingKernel implements LoaderKernel {
  readonly log: string[] = []
  readonly programs: ProgramRequest[] = []
  refuse = ''
  #fd = 10

  createMap(request: MapRequest<LoadedMap>): LoadedMap {
    const { name } = request
    this.#note(`create ${name}${request.inner === undefined ? '' : ` of ${request.inner.attributes.name}`}`)
    const fd = this.#fd++
    return {
      id: fd,
      fd,
      attributes: request,
      update: (key, value) => this.#note(`update ${name} ${key.join(',')} = ${value.join(',')}`),
      freeze: () => this.#note(`freeze ${name}`),
      close: () => this.log.push(`close ${name}`),
    }
  }

  loadProgram(request: ProgramRequest): LoadedProgram {
    this.#note(`load ${request.name}`)
    this.programs.push(request)
    const fd = this.#fd++
    return { id: fd, fd, name: request.name, close: () => this.log.push(`close ${request.name}`) }
  }

  #note(line: string): void {
    this.log.push(line)
    if (this.refuse !== '' && line.startsWith(this.refuse)) throw new Error(`refused: ${line}`)
  }
}

describe('Collection.create', () => {
  test('creates maps, sets and freezes their contents, then loads programs that name them by fd', () => {
    const kernel = new RecordingKernel()
    const spec = loadCollectionSpec(everything())
    spec.setVariable('limit', 5)
    const collection = Collection.create(spec, { kernel })
    expect(kernel.log).toEqual([
      'create numbers',
      'create .rodata',
      'create .bss',
      'update .rodata 0,0,0,0 = 1,2,3,4,5,0,0,0',
      'freeze .rodata',
      'load entry',
    ])
    expect([...collection.maps.keys()]).toEqual(['numbers', '.rodata', '.bss'])
    expect(collection.programs.get('entry')).toMatchObject({ fd: 13 })
    const insns = kernel.programs[0]?.insns ?? []
    expect([insns[0]?.src, insns[0]?.imm]).toEqual([1, 10])
    expect([insns[2]?.src, insns[2]?.imm, insns[3]?.imm]).toEqual([2, 11, 4])
    expect(kernel.programs[0]).toMatchObject({ license: 'GPL', type: 6, expectedAttachType: 37 })
    expect(spec.programs.get('entry')?.insns[0]?.imm).toBe(0)
  })

  test.each([
    ['create .bss', ['close numbers', 'close .rodata']],
    ['freeze', ['close numbers', 'close .rodata', 'close .bss']],
    ['load', ['close numbers', 'close .rodata', 'close .bss']],
  ])('closes what it made when the kernel refuses to %s', (refuse, closed) => {
    const kernel = new RecordingKernel()
    kernel.refuse = refuse
    expect(() => Collection.create(loadCollectionSpec(everything()), { kernel })).toThrow('refused')
    expect(kernel.log.filter((line) => line.startsWith('close'))).toEqual(closed)
  })

  test('closing closes programs and maps once; what `using` calls does it, too', () => {
    const kernel = new RecordingKernel()
    const collection = Collection.create(loadCollectionSpec(everything()), { kernel })
    expect(collection.programs.size).toBe(1)
    collection.close()
    collection[Symbol.dispose]()
    expect(kernel.log.filter((line) => line.startsWith('close'))).toEqual([
      'close entry',
      'close numbers',
      'close .rodata',
      'close .bss',
    ])
  })

  test('an edited spec is what gets loaded', () => {
    const kernel = new RecordingKernel()
    const spec = loadCollectionSpec(everything())
    const numbers = spec.maps.get('numbers')
    if (numbers === undefined) throw new Error('no map')
    numbers.maxEntries = 1 << 24
    numbers.name = 'renamed'
    const collection = Collection.create(spec, { kernel })
    expect(collection.maps.get('numbers')?.attributes).toMatchObject({ name: 'renamed', maxEntries: 1 << 24 })
  })
})

describe('sizes that are filled in', () => {
  test('an event array without a size has an entry a CPU, a ring is pages in a power of two', () => {
    const kernel = { ...recordingSizes(), possibleCpus: 6 }
    const spec = loadCollectionSpec(everything())
    const numbers = spec.maps.get('numbers')
    if (numbers === undefined) throw new Error('no map')
    const { PERF_EVENT_ARRAY, RINGBUF, ARRAY } = MAP_TYPE
    for (const [type, maxEntries] of [
      [PERF_EVENT_ARRAY, 0],
      [RINGBUF, 1],
      [RINGBUF, 5000],
      [ARRAY, 3],
    ] as const) {
      spec.maps.set('numbers', { ...numbers, type, maxEntries })
      Collection.create(specToJudge(spec, 'entry'), { kernel })
    }
    expect(kernel.sizes).toEqual([6, 4096, 8192, 3])
  })
})

/** Notes the sizes of the map `numbers`. */
function recordingSizes(): LoaderKernel & { readonly sizes: number[] } {
  const sizes: number[] = []
  const kernel = new RecordingKernel()
  return {
    sizes,
    createMap: (request) => {
      if (request.name === 'numbers') sizes.push(request.maxEntries)
      return kernel.createMap(request)
    },
    loadProgram: (request) => kernel.loadProgram(request),
  }
}

describe('which programs are loaded', () => {
  const bytes = writeElf({
    sections: [
      code('xdp', [...PASS, ...PASS]),
      code('?xdp', PASS),
      code('tc', [CALL, ...PASS], [{ offsetBytes: 0, type: R_BPF_64_32, symbol: 0 }]),
    ],
    symbols: [
      { name: 'elsewhere' },
      func('one', 'xdp', 0, 2),
      func('two', 'xdp', 2, 2),
      func('later', '?xdp', 0, 2),
      func('needs', 'tc', 0, 3),
    ],
  })
  const loaded = (programs?: readonly string[]): string[] => {
    const options = programs === undefined ? {} : { programs }
    return [
      ...Collection.create(loadCollectionSpec(bytes), { kernel: new RecordingKernel(), ...options }).programs.keys(),
    ]
  }

  test('those asked for, in the order of the object', () => {
    expect(loaded(['later', 'two'])).toEqual(['two', 'later'])
  })

  test('one that is unsupported is refused when it is to be loaded, before anything is made', () => {
    const kernel = new RecordingKernel()
    const create = (): unknown => Collection.create(loadCollectionSpec(bytes), { kernel })
    expect(create).toThrow(expect.objectContaining({ code: 'LOADER_UNSUPPORTED' }))
    expect(kernel.log).toEqual([])
  })

  test('an unknown name is refused with the names there are', () => {
    expect(() => loaded(['three'])).toThrow(
      expect.objectContaining({ code: 'LOADER_PROGRAM_UNKNOWN', expected: 'one, two, later, needs' }),
    )
  })

  test('a program in the initial contents of a map is loaded with the others', () => {
    const spec = loadCollectionSpec(bytes)
    const jumps = {
      type: 3,
      keySizeBytes: 4,
      valueSizeBytes: 4,
      maxEntries: 1,
      flags: 0,
      pinByName: false,
      freeze: false,
    }
    const contents = [{ key: new Uint8Array(4), value: { program: 'later' } }]
    spec.maps.set('jumps', { ...jumps, name: 'jumps', contents, btfKeyTypeId: 0, btfValueTypeId: 0, section: '.maps' })
    const kernel = new RecordingKernel()
    expect([...Collection.create(spec, { kernel, programs: ['one'] }).programs.keys()]).toEqual(['one', 'later'])
    expect(kernel.log.at(-1)).toBe('update jumps 0,0,0,0 = 12,0,0,0')
    jumps.valueSizeBytes = 4
    contents[0] = { key: new Uint8Array(4), value: { program: 'nobody' } }
    expect(() => Collection.create(spec, { kernel, programs: ['one'] })).toThrow(
      expect.objectContaining({ code: 'LOADER_CONTENTS' }),
    )
  })
})

test('an inner map is made first, and closed when the outer one is there', () => {
  const spec = loadCollectionSpec(everything())
  const numbers = spec.maps.get('numbers')
  if (numbers === undefined) throw new Error('no map')
  spec.maps.set('outer', { ...numbers, name: 'outer', type: 12, inner: { ...numbers, name: 'inner' } })
  const kernel = new RecordingKernel()
  Collection.create(spec, { kernel })
  expect(kernel.log.filter((line) => /inner|outer/.test(line))).toEqual([
    'create inner',
    'create outer of inner',
    'close inner',
  ])
})

test('an object of the other byte order is not loaded', () => {
  const spec = loadCollectionSpec(everything('big'))
  expect(() => Collection.create(spec, { kernel: new RecordingKernel() })).toThrow(
    expect.objectContaining({ code: 'LOADER_BYTE_ORDER' }),
  )
})

test('a program whose map was taken out of the spec is refused', () => {
  const spec = loadCollectionSpec(everything())
  spec.maps.delete('numbers')
  const create = (): unknown => Collection.create(spec, { kernel: new RecordingKernel() })
  expect(create).toThrow(
    expect.objectContaining({ code: 'LOADER_RELOCATION', where: { program: 'entry', pc: 0, map: 'numbers' } }),
  )
})
