/** Structures of a program's own: which the kernel takes no BTF with, and what it keeps to itself in the others. */
import type { Btf } from '@bpfoundry/btf'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { afterAll, describe, expect, it } from 'vitest'
import { OwnTypes, ownFields } from '../../src/kernel-types/own-types.ts'
import { TypeSketch } from '../support/type-sketch.ts'

class OwnSketch extends TypeSketch {
  readonly lock = this.struct('bpf_spin_lock', { val: this.int })
  readonly count = this.struct('bpf_refcount', { val: this.int })
  readonly node = this.struct('bpf_rb_node', { opaque: this.array(this.u64, 4) })
  readonly root = this.struct('bpf_rb_root', { opaque: this.array(this.u64, 2) })
  readonly link = this.struct('bpf_list_node', { opaque: this.array(this.u64, 3) })
  readonly list = this.struct('bpf_list_head', { opaque: this.array(this.u64, 2) })
  readonly item = this.struct('case_item', { key: this.u64, node: this.node })

  /** With a lock and a tree of `linked`. */
  grove(name: string, linked: string, more: Readonly<Record<string, number>> = {}): number {
    const id = this.struct(name, { lock: this.lock, root: this.root, ...more })
    this.contains(id, 1, linked)
    return id
  }

  /** Objects that hold each the next one by a pointer. */
  row(length: number): number {
    let last = this.item
    for (let index = 0; index < length; index++) {
      last = this.struct(`case_row${index}`, { key: this.u64, next: this.pointer(last, 'kptr') })
    }
    return last
  }
}

type Row = readonly [what: string, sketch: (types: OwnSketch) => number, fields: readonly string[] | undefined]

// biome-ignore format: table
const ROWS: readonly Row[] = [
  ['nothing special',                     (t) => t.struct('one', { key: t.u64 }),                                   []],
  ['a node',                              (t) => t.item,                                                            ['bpf_rb_node 8+32']],
  ['a node and a link with a count',      (t) => t.struct('one', { node: t.node, link: t.link, count: t.count }),   ['bpf_rb_node 0+32', 'bpf_list_node 32+24', 'bpf_refcount 56+4']],
  ['a node and a link without a count',   (t) => t.struct('one', { node: t.node, link: t.link }),                   undefined],
  ['two nodes',                           (t) => t.struct('one', { node: t.node, other: t.node }),                  ['bpf_rb_node 0+32', 'bpf_rb_node 32+32']],
  ['nodes in an array',                   (t) => t.struct('one', { nodes: t.array(t.node, 2) }),                    []],
  ['nodes in an array, and another one',  (t) => t.struct('one', { nodes: t.array(t.node, 2), node: t.node }),      undefined],
  ['two locks',                           (t) => t.struct('one', { lock: t.lock, other: t.lock }),                  undefined],
  ['a lock in a structure',               (t) => t.struct('one', { inner: t.struct('inner', { lock: t.lock }) }),   []],
  ['a lock in a structure, and a count',  (t) => t.struct('one', { inner: t.struct('inner', { lock: t.lock }), count: t.count }), ['bpf_spin_lock 0+4', 'bpf_refcount 4+4']],
  ['a tree',                              (t) => t.grove('one', 'case_item:node'),                                  ['bpf_spin_lock 0+4', 'bpf_rb_root 8+16']],
  ['a tree without a lock',               (t) => { const id = t.struct('one', { root: t.root }); t.contains(id, 0, 'case_item:node'); return id }, undefined],
  ['a tree of nothing',                   (t) => t.struct('one', { lock: t.lock, root: t.root }),                   undefined],
  ['a tree of an unknown structure',      (t) => t.grove('one', 'absent:node'),                                     undefined],
  ['a tree by no member',                 (t) => t.grove('one', 'case_item:absent'),                                undefined],
  ['a tree by what are no links',         (t) => t.grove('one', 'case_item:key'),                                   undefined],
  ['a list by what a tree links',         (t) => { const id = t.struct('one', { lock: t.lock, list: t.list }); t.contains(id, 1, 'case_item:node'); return id }, undefined],
  ['a tree of its own',                   (t) => t.grove('one', 'one:node', { node: t.node }),                      undefined],
  ['a tree in an object of a tree',       (t) => t.grove('one', 'case_item:node', { node: t.node }),                ['bpf_spin_lock 0+4', 'bpf_rb_root 8+16', 'bpf_rb_node 24+32']],
  ['pointers',                            (t) => t.struct('one', { one: t.pointer(t.item, 'kptr'), other: t.pointer(t.item, 'kptr_untrusted') }), ['kptr 0+8', 'kptr_untrusted 8+8']],
  ['pointers in an array',                (t) => t.struct('one', { all: t.array(t.pointer(t.item, 'kptr'), 2) }),   []],
  ['pointers in an array, and a lock',    (t) => t.struct('one', { all: t.array(t.pointer(t.item, 'kptr'), 2), lock: t.lock }), ['kptr 0+8', 'kptr 8+8', 'bpf_spin_lock 16+4']],
  ['a pointer with an unknown tag',       (t) => t.struct('one', { one: t.pointer(t.item, 'unknown') }),            []],
  ['a pointer with an unknown tag, and a lock', (t) => t.struct('one', { one: t.pointer(t.item, 'unknown'), lock: t.lock }), undefined],
  ['twelve pointers',                     (t) => t.struct('one', { all: t.array(t.pointer(t.item, 'kptr'), 11), last: t.pointer(t.item, 'kptr') }), undefined],
  ['seven objects in a row, and the last', (t) => t.row(7),                                                         ['kptr 8+8']],
  ['eight objects in a row, and the last', (t) => t.row(8),                                                         undefined],
]

/** What 6.12 was mended to refuse, and the 6.18 compared with was not. */
const TAKEN: ReadonlySet<string> = new Set(['eight objects in a row, and the last'])

function described(sketch: Row[1]): { readonly btf: Btf; readonly id: number; readonly functionTypeId: number } {
  const types = new OwnSketch()
  const id = sketch(types)
  const functionTypeId = types.fn('main')
  return { btf: types.build(), id, functionTypeId }
}

describe('structures of the program', () => {
  it.each(ROWS)('%s', (_, sketch, fields) => {
    const { btf, id, functionTypeId: typeId } = described(sketch)
    const program = { name: '', type: 0, expectedAttachType: 0, insns: [], gplCompatible: true, maps: new Map() }
    const types = OwnTypes.of({ ...program, btf, functionInfo: [{ pc: 0, typeId }] }, undefined)
    const struct = types?.structOf(types.type(id))
    const found = ownFields(struct).map(({ kind, offsetBytes, sizeBytes }) => `${kind} ${offsetBytes}+${sizeBytes}`)
    expect(struct === undefined ? undefined : found).toEqual(fields)
  })

  it('are refused where the running kernel takes no such BTF', (ctx) => {
    const oracle = kernelOracle()
    if ('unavailable' in oracle) return ctx.skip(oracle.unavailable)
    afterAll(() => oracle.close())
    for (const [what, sketch, fields] of ROWS) {
      const load = (): number => oracle.loadBtf(described(sketch).btf.encode())
      if (fields === undefined && !TAKEN.has(what)) expect(load, what).toThrow('the kernel does not take the BTF')
      else expect(load, what).not.toThrow()
    }
  })
})
