import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BTF_KIND, type Btf, BtfBuilder, formatBtfRaw, uniqueTypes, withReferences } from '../src/index.ts'
import { typeArbitrary } from './generated-types.ts'

/** What is left, as bpftool prints it. */
function unique(btf: Btf): string {
  const builder = new BtfBuilder()
  for (const type of uniqueTypes(btf.types).types.slice(1)) builder.add(type)
  return formatBtfRaw(builder.build())
}

/** `struct node { struct node *next; struct inner *inner; }`; of the inner one a declaration only, or its size. */
function addNode(builder: BtfBuilder, innerBytes?: number): number {
  const inner =
    innerBytes === undefined
      ? builder.add({ kind: BTF_KIND.FWD, name: 'inner', isUnion: false })
      : builder.add({ kind: BTF_KIND.STRUCT, name: 'inner', sizeBytes: innerBytes, kindFlag: false, members: [] })
  const pointer = builder.add({ kind: BTF_KIND.PTR, name: '', typeId: inner })
  const next = builder.add({ kind: BTF_KIND.PTR, name: '', typeId: builder.nextId + 1 })
  const members = [
    { name: 'next', typeId: next, bitOffset: 0, bitfieldBits: 0 },
    { name: 'inner', typeId: pointer, bitOffset: 64, bitfieldBits: 0 },
  ]
  return builder.add({ kind: BTF_KIND.STRUCT, name: 'node', sizeBytes: 16, kindFlag: false, members })
}

const NODE = `[1] STRUCT 'inner' size=4 vlen=0
[2] PTR '(anon)' type_id=1
[3] PTR '(anon)' type_id=4
[4] STRUCT 'node' size=16 vlen=2
	'next' type_id=3 bits_offset=0
	'inner' type_id=2 bits_offset=64
`

function built(...innerBytes: readonly (number | undefined)[]): Btf {
  const builder = new BtfBuilder()
  for (const sizeBytes of innerBytes) addNode(builder, sizeBytes)
  return builder.build()
}

describe('each type once', () => {
  test('also one that refers to itself', () => {
    expect(unique(built(4, 4, 4))).toBe(NODE)
  })

  test('a declaration is the struct, and so are those that differ in no more', () => {
    expect(unique(built(4, undefined))).toBe(NODE)
    expect(unique(built(undefined, 4)).split('\n')).toContain("[1] PTR '(anon)' type_id=4")
    expect(unique(built(undefined, 4)).match(/STRUCT|FWD/g)).toEqual(['STRUCT', 'STRUCT'])
  })

  test('but a declaration that may be of two structs', () => {
    expect(unique(built(4, 8, undefined)).match(/STRUCT '\w+'|FWD/g)).toEqual([
      ...["STRUCT 'inner'", "STRUCT 'node'", "STRUCT 'inner'", "STRUCT 'node'", 'FWD', "STRUCT 'node'"],
    ])
  })

  test('and variables, which have places', () => {
    const builder = new BtfBuilder()
    const int = { kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 } as const
    for (let n = 0; n < 2; n++) builder.add({ kind: BTF_KIND.VAR, name: 'v', typeId: builder.add(int), linkage: 0 })
    expect(unique(builder.build())).toBe(
      "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n[2] VAR 'v' type_id=1, linkage=static\n[3] VAR 'v' type_id=1, linkage=static\n",
    )
  })

  test('twice the same types are the same as once, and what is left has none to leave', () => {
    fc.assert(
      fc.property(typeArbitrary, (type) => {
        const once = new BtfBuilder()
        type(once)
        const [first, second] = [once.build(), once]
        // Names of generated members depend on ids: the same types are added by hand.
        const { types } = first
        const shift = types.length - 1
        for (const one of types.slice(1)) second.add(withReferences(one, (id) => (id === 0 ? 0 : id + shift)))
        const text = unique(second.build())
        expect(text).toBe(unique(first))
        const { types: left, ids } = uniqueTypes(second.build().types)
        expect(uniqueTypes(left).types.length).toBe(left.length)
        expect(ids.slice(1 + shift)).toEqual(ids.slice(1, 1 + shift))
      }),
    )
  })
})
