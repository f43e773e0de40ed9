import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Btf, formatBtfRaw, LazyBtf } from '@bpfoundry/btf'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { readElf } from '@bpfoundry/elf'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CollectionSpec, loadCollectionSpec, minimalKernelTypes } from '../src/index.ts'
import { compile, hasProgram, withFolder } from './compile.ts'
import { everything } from './object.ts'

/** Of core-kernel.bpf.c what core-certain.bpf.c asks for; worked out by hand, and what bpftool makes. */
const NEEDED = `[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
[2] INT 'long' size=8 bits_offset=0 nr_bits=64 encoding=SIGNED
[3] INT '__ARRAY_SIZE_TYPE__' size=4 bits_offset=0 nr_bits=32 encoding=(none)
[4] STRUCT 'thing' size=80 vlen=7
\t'first' type_id=1 bits_offset=64
\t'flags' type_id=1 bits_offset=96 bitfield_size=7
\t'(anon)' type_id=5 bits_offset=128
\t'narrow' type_id=8 bits_offset=192
\t'negative' type_id=7 bits_offset=224
\t'list' type_id=9 bits_offset=256
\t'next' type_id=10 bits_offset=512
[5] UNION '(anon)' size=8 vlen=1
\t'(anon)' type_id=6 bits_offset=0
[6] STRUCT '(anon)' size=8 vlen=1
\t'within' type_id=1 bits_offset=32
[7] INT 'short' size=2 bits_offset=0 nr_bits=16 encoding=SIGNED
[8] INT 'unsigned int' size=4 bits_offset=0 nr_bits=32 encoding=(none)
[9] ARRAY '(anon)' type_id=1 index_type_id=3 nr_elems=8
[10] PTR '(anon)' type_id=11
[11] STRUCT 'inner' size=4 vlen=0
[12] STRUCT 'shape' size=24 vlen=3
\t'before' type_id=2 bits_offset=0
\t'first' type_id=1 bits_offset=64
\t'next' type_id=10 bits_offset=128
[13] TYPEDEF 'number' type_id=1
[14] ENUM 'colour' encoding=SIGNED size=4 vlen=3
\t'GREEN' val=70000
\t'RED' val=-3
\t'BLUE' val=5
`

interface Needed {
  readonly types: Uint8Array
  readonly typesPath: string
  readonly objects: readonly { readonly name: string; readonly path: string; readonly bytes: Uint8Array }[]
}

function btfOf(object: Uint8Array): Uint8Array {
  const elf = readElf(object)
  const section = elf.section('.BTF')
  if (section === undefined) throw new Error('no BTF')
  return elf.data(section)
}

function compileAll(folder: string, ...names: string[]): Needed {
  const types = btfOf(compile(folder, 'core-kernel').bytes)
  const typesPath = join(folder, 'kernel.btf')
  writeFileSync(typesPath, types)
  return { types, typesPath, objects: names.map((name) => ({ name, ...compile(folder, name) })) }
}

function insnsOf(spec: CollectionSpec): unknown {
  return [...spec.programs.values()].map(({ name, insns, unsupported }) => [name, insns, unsupported?.message])
}

const minimum = ({ types, objects }: Needed): Btf => minimalKernelTypes(new LazyBtf(types), objects)

describe.skipIf(!hasProgram('clang-19'))('the types that relocations need', () => {
  test('are those that programs name, with the members that they ask for', () => {
    withFolder((folder) => {
      expect(formatBtfRaw(minimum(compileAll(folder, 'core-certain')))).toBe(NEEDED)
    })
  })

  test('do for relocation what all types do', () => {
    withFolder((folder) => {
      const needed = compileAll(folder, 'core-certain')
      const [object] = needed.objects
      const types = minimum(needed).encode()
      expect(types.length).toBeLessThan(needed.types.length)
      const by = (kernel: Uint8Array): unknown =>
        insnsOf(loadCollectionSpec(object?.bytes ?? types, { kernelTypes: new LazyBtf(kernel) }))
      expect(by(types)).toEqual(by(needed.types))
    })
  })

  test('are none of an object that asks for nothing', () => {
    withFolder((folder) => {
      const { types, objects } = compileAll(folder, 'maps')
      expect(minimalKernelTypes(new LazyBtf(types), objects).types.length).toBe(1)
    })
  })

  test('can not be told where a relocation can not be made', () => {
    withFolder((folder) => {
      const needed = compileAll(folder, 'core')
      expect(() => minimum(needed)).toThrowError(
        expect.objectContaining({ code: 'LOADER_RELOCATION', where: { input: 'core', section: 'socket', pc: 24 } }),
      )
    })
  })

  test('of damaged objects are found, or it is an error of who reads them', () => {
    withFolder((folder) => {
      const { types, objects } = compileAll(folder, 'core-certain')
      const [object] = objects
      const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
      fc.assert(
        fc.property(fc.boolean(), changes, (isObject, list) => {
          const bytes = (isObject ? (object?.bytes ?? types) : types).slice()
          for (const [offset, value] of list) bytes[offset % bytes.length] = value
          try {
            const kernel = new LazyBtf(isObject ? types : bytes)
            minimalKernelTypes(kernel, [{ name: 'damaged.o', bytes: isObject ? bytes : (object?.bytes ?? types) }])
          } catch (error) {
            if (!isDiagnostic(error)) throw error
          }
        }),
        { numRuns: process.env['CI'] === undefined ? 250 : 1000 },
      )
    })
  })

  test("are bpftool's, byte for byte", (ctx) => {
    if (!hasProgram('bpftool')) return ctx.skip('bpftool is not installed')
    withFolder((folder) => {
      for (const names of [['core-certain'], ['linking'], ['core-certain', 'maps', 'linking']]) {
        const needed = compileAll(folder, ...names)
        const path = join(folder, 'theirs.btf')
        const args = ['gen', 'min_core_btf', needed.typesPath, path, ...needed.objects.map((one) => one.path)]
        const { status, stderr } = spawnSync('bpftool', args, { encoding: 'utf8' })
        expect([status, stderr]).toEqual([0, ''])
        expect(Buffer.from(minimum(needed).encode()).equals(readFileSync(path)), names.join()).toBe(true)
      }
    })
  })
})

test('an object without types is refused', () => {
  const types = new LazyBtf(btfOf(everything()))
  expect(() => minimalKernelTypes(types, [{ name: 'plain.o', bytes: everything() }])).toThrowError(
    expect.objectContaining({ code: 'LOADER_SECTION' }),
  )
})
