/**
 * Trees of a program's own objects, in map values and in such objects. Words stand for calls: `slot` gives a value of the map
 * in r0, `new(item)` an object; `add`, `remove`, `first`, `push`, `pop` take the root in r1 and the links in r2.
 */
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { Setting, SettingCase } from '../support/kernel-comparison.ts'
import { TypeSketch } from '../support/type-sketch.ts'

const types = new TypeSketch()
const { int, u64 } = types
const node = types.struct('bpf_rb_node', { opaque: types.array(u64, 4) })
const root = types.struct('bpf_rb_root', { opaque: types.array(u64, 2) })
const link = types.struct('bpf_list_node', { opaque: types.array(u64, 3) })
const list = types.struct('bpf_list_head', { opaque: types.array(u64, 2) })
const lock = types.struct('bpf_spin_lock', { val: int })
const count = types.struct('bpf_refcount', { val: int })
const timer = types.struct('bpf_timer', { opaque: types.array(u64, 2) })
/** node at 8, other at 40, data at 72 */
const item = types.struct('case_item', { key: u64, node, other: node, data: u64 })
/** node at 8, link at 40, count at 64 */
const shared = types.struct('case_shared', { key: u64, node, link, count })
/** A lock, a tree at 8, a list at 24: none of its own links. */
const owner = types.struct('case_owner', { lock, tree: root, list, key: u64 })
types.contains(owner, 1, 'case_item:node')
types.contains(owner, 2, 'case_shared:link')
const bare = types.struct('case_bare', { key: u64, lock })
/** Nothing special but in a structure of it: all its bytes are the program's. */
const wrapped = types.struct('case_wrapped', { key: u64, inner: bare, timer })
/** The same with a count at 8: the structure at 16 is a special one, too, its lock at 24. */
const mixed = types.struct('case_mixed', { key: u64, count, inner: bare })
/** A lock, trees at 8 and 24, pointers at 40 and 48, and in a structure a tree at 56. */
const stand = types.struct('case_stand', { tree: types.array(root, 1) })
types.contains(stand, 0, 'case_item:other')
const grove = types.struct('case_grove', {
  ...{ lock, trees: types.array(root, 2), kept: types.array(types.pointer(item, 'kptr'), 2) },
  stand,
})
types.contains(grove, 1, 'case_item:node')
/** Of pointers in an array only, the kernel knows nothing. */
const row = types.struct('case_row', { key: u64, kept: types.array(types.pointer(item, 'kptr'), 2) })
const forest = types.struct('case_forest', { trees: types.array(root, 2) })
types.contains(forest, 0, 'case_item:other')
/** node trees at 8, shared ones at 24, a list at 40, kept pointers at 56, 64, 72, trees by other links at 80, 96, a loose pointer at 112 */
const value = types.struct('case_value', {
  ...{ lock, tree: root, shared: root, list },
  ...{ item: types.pointer(item, 'kptr'), kept: types.pointer(shared, 'kptr'), owner: types.pointer(owner, 'kptr') },
  ...{ forest, loose: types.pointer(item, 'kptr_untrusted') },
})
types.contains(value, 1, 'case_item:node')
types.contains(value, 2, 'case_shared:node')
types.contains(value, 3, 'case_shared:link')

const map = (type: number, maxEntries: number): Setting['maps'][string] => {
  return { type, keySizeBytes: 4, maxEntries, keyTypeId: int, valueTypeId: value, valueSizeBytes: types.sizeOf(value) }
}
const links = [types.pointer(node), types.pointer(node)]
const functions = [types.fn('main'), types.fn('less', links), types.fn('deep', links)]
const IDS: Readonly<Record<string, number>> = { item, shared, owner, bare, wrapped, mixed, grove, row }

export const TREE_SETTING: Setting = {
  btf: types.build(),
  functions,
  maps: { values: map(MAP_TYPE.ARRAY, 2) },
  // biome-ignore format: table
  calls: [
    'bpf_obj_new_impl', 'bpf_obj_drop_impl', 'bpf_refcount_acquire_impl', 'bpf_rbtree_add_impl', 'bpf_rbtree_remove',
    'bpf_rbtree_first', 'bpf_list_push_front_impl', 'bpf_list_pop_front', 'bpf_rcu_read_lock', 'bpf_rcu_read_unlock',
    'bpf_throw', 'bpf_rbtree_root', 'bpf_rbtree_left', 'bpf_rbtree_right', 'bpf_list_front', 'bpf_list_back',
  ],
  words: [
    [/^/, 'r1 = r1\n'],
    [/^slot$/gm, '*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = values ll\ncall 1\nif r0 == 0 goto out'],
    ...Object.entries(IDS).map(
      ([name, id]) =>
        [new RegExp(`^new\\(${name}\\)$`, 'gm'), `r1 = ${id}\nr2 = 0\ncall 9000\nif r0 == 0 goto out`] as const,
    ),
    [/^drop\((\w+)\)$/gm, 'r1 = $1\nr2 = 0\ncall 9001'],
    [/^acquire\((\w+)\)$/gm, 'r1 = $1\nr2 = 0\ncall 9002'],
    [/^at\((\w+), (\d+)\)$/gm, 'r1 = $1\nr1 += $2'],
    [/^links\((\w+), (\d+)\)$/gm, 'r2 = $1\nr2 += $2'],
    [/^add$/gm, 'r3 = less ll\nr4 = 0\nr5 = 0\ncall 9003'],
    [/^remove$/gm, 'call 9004'],
    [/^first$/gm, 'call 9005'],
    [/^push$/gm, 'r3 = 0\nr4 = 0\ncall 9006'],
    [/^pop$/gm, 'call 9007'],
    [/^lock\((\w+)\)$/gm, 'r1 = $1\ncall 93'],
    [/^unlock\((\w+)\)$/gm, 'r1 = $1\ncall 94'],
    [/^exchange$/gm, 'call 194'],
  ],
}

/** What ends a program that has a callback, and what that does before it answers. */
const less = (asm = ''): string => `\nout: r0 = 0\nexit\nless:\n${asm}\nr0 = 0\nexit`
/** A third function. */
const deep = (asm: string): string => `\ndeep:\n${asm}\nr0 = 0\nexit`
const OUT = '\nout: r0 = 0\nexit'
/** r7 = a value of the map, r6 = an object; what is not there was not asked for yet. */
const SLOT = 'slot\nr7 = r0'
const made = (name: string): string => `\nnew(${name})\nr6 = r0`
const LOCK = '\nlock(r7)'
const UNLOCK = '\nunlock(r7)'
/** r6 goes into the tree at `tree` of the value by its links at `links`. */
const add = (tree = 8, links = 8): string => `\nat(r7, ${tree})\nlinks(r6, ${links})\nadd`
/** r0 = the first object of the tree, or NULL; the second one leaves the locked part then. */
const first = (tree = 8): string => `\nat(r7, ${tree})\nfirst`
const FOUND = `${first()}\nif r0 == 0 goto end`
/** r0 is taken out of the tree. */
const remove = (tree = 8): string => `\nr2 = r0\nat(r7, ${tree})\nremove`
const END = `\nend:${UNLOCK}`
/** Gives up what r0 points to `links` bytes into, if anything. */
const given = (links = 8): string => `\nif r0 == 0 goto out\nr0 += -${links}\ndrop(r0)`

// biome-ignore format: table
export const TREE_CASES: readonly SettingCase[] = [
  ['added',                                   `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less()}`],
  ['added, and the objects compared',         `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('r0 = *(u64 *)(r1 - 8)\nr1 = *(u64 *)(r2 + 64)\nif r0 < r1 goto +2')}`],
  ['added without the lock',                  `${SLOT}${made('item')}${add()}${less()}`],
  ['added under the lock of another value',   `${SLOT}${made('item')}\nr8 = r6\n${LOCK}\nr9 = r7${UNLOCK}\nr6 = r8${add()}${less()}`],
  ['added under another lock',                `${SLOT}\nslot\nr8 = r0${made('item')}\nlock(r8)${add()}\nunlock(r8)${less()}`],
  ['added and read',                          `${SLOT}${made('item')}${LOCK}${add()}\nr1 = *(u64 *)(r6 + 0)\n*(u64 *)(r6 + 72) = r1${UNLOCK}${less()}`],
  ['added and read after the lock was given back', `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}\nr1 = *(u64 *)(r6 + 0)${less()}`],
  ['a counted object, added and read after the lock was given back', `${SLOT}${made('shared')}${LOCK}${add(24)}${UNLOCK}\nr1 = *(u64 *)(r6 + 0)${less()}`],
  ['added twice',                             `${SLOT}${made('item')}${LOCK}${add()}${add()}${UNLOCK}${less()}`],
  ['added to two trees by two links',         `${SLOT}${made('item')}${LOCK}${add()}${add(80, 40)}${UNLOCK}${less()}`],
  ['added by other links',                    `${SLOT}${made('item')}${LOCK}${add(8, 40)}${UNLOCK}${less()}`],
  ['added by what are no links',              `${SLOT}${made('item')}${LOCK}${add(8, 0)}${UNLOCK}${less()}`],
  ['added by links somewhere',                `${SLOT}${made('item')}\nr8 = *(u64 *)(r6 + 0)\nr8 &= 8\nr6 += r8${LOCK}${add()}${UNLOCK}${less()}`],
  ['added to a tree of others',               `${SLOT}${made('item')}${LOCK}${add(24)}${UNLOCK}${less()}`],
  ['added to a tree of an array, in a structure', `${SLOT}${made('item')}${LOCK}${add(96, 40)}${UNLOCK}${less()}`],
  ['added beside a tree',                     `${SLOT}${made('item')}${LOCK}${add(16)}${UNLOCK}${less()}`],
  ['added to a list',                         `${SLOT}${made('shared')}${LOCK}${add(40)}${UNLOCK}${less()}`],
  ['added to a tree somewhere',               `${SLOT}${made('item')}\nr8 = *(u64 *)(r6 + 0)\nr8 &= 8\nr7 += r8${LOCK}${add()}${UNLOCK}${less()}`],
  ['added to a number',                       `${made('item')}\nr7 = 8${add()}${less()}`],
  ['a number, added',                         `${SLOT}\nr6 = 7${LOCK}${add()}${UNLOCK}${less()}`],
  ['what may be NULL, added',                 `${SLOT}\nr1 = ${item}\nr2 = 0\ncall 9000\nr6 = r0${LOCK}\nat(r7, 8)\nr2 = r6\nadd${UNLOCK}${less()}`],
  ['added, with no function to compare',      `${SLOT}${made('item')}${LOCK}\nat(r7, 8)\nlinks(r6, 8)\nr3 = 0\nr4 = 0\nr5 = 0\ncall 9003${UNLOCK}${OUT}`],
  ['added, with the value to compare',        `${SLOT}${made('item')}${LOCK}\nat(r7, 8)\nlinks(r6, 8)\nr3 = r7\nr4 = 0\nr5 = 0\ncall 9003${UNLOCK}${OUT}`],
  ['added, with an object to compare',        `${SLOT}${made('item')}${LOCK}\nat(r7, 8)\nlinks(r6, 8)\nr3 = r6\nr4 = 0\nr5 = 0\ncall 9003${UNLOCK}${OUT}`],
  ['added, and what comes back looked at',    `${SLOT}${made('item')}${LOCK}${add()}\nr8 = r0${UNLOCK}\nif r8 == 0 goto out\nr8 += 1${less()}`],
  ['added and given up',                      `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}\ndrop(r6)${less()}`],
  ['two objects added',                       `${SLOT}${made('item')}\nr8 = r6\nr1 = ${item}\nr2 = 0\ncall 9000\nif r0 != 0 goto both\ndrop(r8)\ngoto out\nboth: r6 = r0${LOCK}${add()}\nr6 = r8${add()}${UNLOCK}${less()}`],
  ['a callback that answers any number',      `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${OUT}\nless: r0 = *(u64 *)(r1 - 8)\nexit`],
  ['a callback that answers with an object',  `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${OUT}\nless: r0 = r1\nexit`],
  ['a callback that reads the third argument', `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('r0 = r3')}`],
  ['a callback that writes an object',        `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('*(u64 *)(r1 + 64) = 1')}`],
  ['a callback that writes the links',        `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('*(u64 *)(r1 + 0) = 1')}`],
  ['a callback that gives the lock back',     `${SLOT}${made('item')}\n*(u64 *)(r10 - 16) = r7${LOCK}${add()}${UNLOCK}${less('r1 += -8\ncall 94')}`],
  ['a callback that gives a lock back',       `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('slot')}`],
  ['a callback that calls a helper',          `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('call 5')}`],
  ['a callback that looks for the first',     `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('r1 = r2\ncall 9005')}`],
  ['a callback that takes an object out',     `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('call 9004')}`],
  ['a callback that adds an object',          `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('r3 = less ll\nr4 = 0\nr5 = 0\ncall 9003')}`],
  ['a callback that gives an object up',      `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('r2 = 0\ncall 9001')}`],
  ['a callback that makes an object',         `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less(`r1 = ${item}\nr2 = 0\nr3 = 0\ncall 9000`)}`],
  ['a callback that counts an object',        `${SLOT}${made('shared')}${LOCK}${add(24)}${UNLOCK}${less('r1 += -8\nr2 = 0\ncall 9002')}`],
  ['a callback that throws',                  `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('r1 = 0\ncall 9010')}`],
  ['a callback that loops',                   `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('r6 = 0\nagain: r6 += 1\nif r6 < 5 goto again')}`],
  ['added in a loop',                         `${SLOT}\nr9 = 0\ngoto again\nagain:${made('item')}${LOCK}${add()}${UNLOCK}\nr9 += 1\nif r9 < 4 goto again${less()}`],
  ['the first, read',                         `${SLOT}${LOCK}${FOUND}\nr1 = *(u64 *)(r0 - 8)${END}${OUT}`],
  ['the first that may be NULL, read',        `${SLOT}${LOCK}${first()}\nr1 = *(u64 *)(r0 - 8)${UNLOCK}${OUT}`],
  ['the first, without the lock',             `${SLOT}${first()}${OUT}`],
  ['the first, read after the lock was given back', `${SLOT}${LOCK}${FOUND}\nr6 = r0${UNLOCK}\nr1 = *(u64 *)(r6 - 8)\ngoto out${END}${OUT}`],
  ['the first of counted ones, read after the lock was given back', `${SLOT}${LOCK}${first(24)}\nif r0 == 0 goto end\nr6 = r0${UNLOCK}\nr1 = *(u64 *)(r6 - 8)\ngoto out${END}${OUT}`],
  ['the first, given up',                     `${SLOT}${LOCK}${FOUND}\nr6 = r0${UNLOCK}\ndrop(r6)\ngoto out${END}${OUT}`],
  ['the first of a list',                     `${SLOT}${LOCK}${first(40)}${UNLOCK}${OUT}`],
  ['the first, stored to a map',              `${SLOT}${LOCK}${FOUND}\nr2 = r0\nat(r7, 56)\nexchange${END}${OUT}`],
  ['the first, added to another tree',        `${SLOT}${LOCK}${FOUND}\nr6 = r0\nat(r7, 80)\nlinks(r6, 32)\nadd${END}${less()}`],
  ['the first, counted',                      `${SLOT}${LOCK}${first(24)}\nif r0 == 0 goto end\nr0 += -8\nacquire(r0)\nr6 = r0${UNLOCK}\nif r6 == 0 goto out\ndrop(r6)\ngoto out${END}${OUT}`],
  ['the first, counted and kept',             `${SLOT}${LOCK}${first(24)}\nif r0 == 0 goto end\nr0 += -8\nacquire(r0)${END}${OUT}`],
  ['the first without a count, counted',      `${SLOT}${LOCK}${FOUND}\nacquire(r0)${END}${OUT}`],
  ['the first, twice',                        `${SLOT}${LOCK}${FOUND}\nr6 = r0${FOUND}\nr1 = *(u64 *)(r6 - 8)\nr2 = *(u64 *)(r0 - 8)${END}${OUT}`],
  ['taken out',                               `${SLOT}${LOCK}${FOUND}${remove()}\nr6 = r0${UNLOCK}\nr0 = r6${given()}\ngoto out${END}${OUT}`],
  ['taken out and kept',                      `${SLOT}${LOCK}${FOUND}${remove()}\nr6 = r0${UNLOCK}\ngoto out${END}${OUT}`],
  ['taken out, and its links given up',       `${SLOT}${LOCK}${FOUND}${remove()}\nr6 = r0${UNLOCK}\nif r6 == 0 goto out\ndrop(r6)\ngoto out${END}${OUT}`],
  ['taken out without a look',                `${SLOT}${LOCK}${FOUND}${remove()}\nr6 = r0${UNLOCK}\nr1 = *(u64 *)(r6 - 8)\ngoto out${END}${OUT}`],
  ['taken out of another tree',               `${SLOT}${LOCK}${first(24)}\nif r0 == 0 goto end${remove()}${END}${OUT}`],
  ['taken out by other links',                `${SLOT}${LOCK}${FOUND}\nr0 += 32${remove()}${END}${OUT}`],
  ['taken out by the object',                 `${SLOT}${LOCK}${FOUND}\nr0 += -8${remove()}${END}${OUT}`],
  ['taken out twice',                         `${SLOT}${LOCK}${FOUND}\nr6 = r0${remove()}\nr8 = r0\nr0 = r6${remove()}\nr9 = r0${UNLOCK}\nif r8 == 0 goto none\nr8 += -8\ndrop(r8)\nnone: if r9 == 0 goto out\nr9 += -8\ndrop(r9)\ngoto out${END}${OUT}`],
  ['taken out after it was added',            `${SLOT}${made('item')}${LOCK}${add()}\nlinks(r6, 8)\nat(r7, 8)\nremove\nr6 = r0${UNLOCK}\nr0 = r6${given()}${less()}`],
  ['never added, taken out',                  `${SLOT}${made('item')}${LOCK}\nlinks(r6, 8)\nat(r7, 8)\nremove\nr8 = r0${UNLOCK}\ndrop(r6)\nr0 = r8${given()}${OUT}`],
  ['taken out after the lock was given back', `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${LOCK}\nlinks(r6, 8)\nat(r7, 8)\nremove${UNLOCK}${less()}`],
  ['a counted one, taken out after the lock was given back', `${SLOT}${made('shared')}${LOCK}${add(24)}${UNLOCK}${LOCK}\nlinks(r6, 8)\nat(r7, 24)\nremove${UNLOCK}${less()}`],
  ['a number, taken out',                     `${SLOT}${LOCK}\nat(r7, 8)\nr2 = 7\nremove${UNLOCK}${OUT}`],
  ['NULL, taken out',                         `${SLOT}${LOCK}\nat(r7, 8)\nr2 = 0\nremove${UNLOCK}${OUT}`],
  ['what may be NULL, taken out',             `${SLOT}${LOCK}${first()}${remove()}${UNLOCK}${OUT}`],
  ['an object that is kept in a map, taken out', `${SLOT}\nr0 = *(u64 *)(r7 + 64)\nif r0 == 0 goto out\nr6 = r0${LOCK}\nlinks(r6, 8)\nat(r7, 24)\nremove\nr6 = r0${UNLOCK}\nr0 = r6${given()}${OUT}`],
  ['put into a tree and a list',              `${SLOT}${made('shared')}\nacquire(r6)\nr8 = r0${LOCK}${add(24)}\nat(r7, 40)\nlinks(r8, 40)\npush${UNLOCK}${less()}`],
  ['put into a tree, and its twin kept',      `${SLOT}${made('shared')}\nacquire(r6)\nr8 = r0${LOCK}${add(24)}${UNLOCK}${less()}`],
  ['put into a tree, and its twin stored',    `${SLOT}${made('shared')}\nacquire(r6)\nr8 = r0${LOCK}${add(24)}${UNLOCK}\nat(r7, 64)\nr2 = r8\nexchange\nif r0 == 0 goto out\ndrop(r0)${less()}`],
  ['taken out of a list, put into a tree',    `${SLOT}${LOCK}\nat(r7, 40)\npop\nif r0 == 0 goto end\nr6 = r0\nat(r7, 24)\nlinks(r6, 0)\nr2 += -32\nadd${END}${less()}`],
  ['a tree, loaded',                          `${SLOT}\nr1 = *(u64 *)(r7 + 8)${OUT}`],
  ['a tree, handed to a helper as memory',    `${SLOT}\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = r7\nr3 += 8\ncall 113${OUT}`],
  ['counted, added, and its links read',      `${SLOT}${made('shared')}${LOCK}${add(24)}\nr1 = *(u64 *)(r6 + 8)${UNLOCK}${less()}`],
  ['under RCU',                               `${SLOT}${made('item')}\ncall 9008${LOCK}${add()}${UNLOCK}\ncall 9009${less()}`],
  ['leaving RCU under the lock',              `${SLOT}\ncall 9008${LOCK}\ncall 9009${UNLOCK}${OUT}`],
]

/** r6 = an object with a lock, a tree and a list; it is given up at the end. */
const OWNER = 'new(owner)\nr7 = r0'
const DROP = '\ndrop(r7)'
/** r6 = an object; with none the first is given up. */
const second = (name: string): string =>
  `\nr1 = ${IDS[name]}\nr2 = 0\ncall 9000\nif r0 != 0 goto both\ndrop(r7)\ngoto out\nboth: r6 = r0`

// biome-ignore format: table
export const OWNER_CASES: readonly SettingCase[] = [
  ['a lock, taken and given back',            `new(bare)\nr7 = r0\nr7 += 8${LOCK}${UNLOCK}\nr7 += -8${DROP}${OUT}`],
  ['a lock that is kept',                     `new(bare)\nr7 = r0\nr7 += 8${LOCK}${OUT}`],
  ['a lock that is kept, and an object', `${SLOT}${made('item')}${LOCK}${OUT}`],
  ['a lock beside its place',                 `new(bare)\nr7 = r0${LOCK}${UNLOCK}${DROP}${OUT}`],
  ['a lock that is not there',                `new(item)\nr7 = r0${LOCK}${UNLOCK}${DROP}${OUT}`],
  ['a lock of nothing special',               `new(wrapped)\nr7 = r0${LOCK}${UNLOCK}${DROP}${OUT}`],
  ['a lock somewhere',                        `new(bare)\nr7 = r0\nr1 = *(u64 *)(r7 + 0)\nr1 &= 8\nr7 += r1${LOCK}${UNLOCK}${OUT}`],
  ['a lock of what may be NULL',              `r1 = ${bare}\nr2 = 0\ncall 9000\nr7 = r0${LOCK}${OUT}`],
  ['a lock given back that is not held',      `new(bare)\nr7 = r0\nr7 += 8${UNLOCK}${OUT}`],
  ['the lock of another object given back',   `new(bare)\nr7 = r0\nr1 = ${bare}\nr2 = 0\ncall 9000\nif r0 != 0 goto both\ndrop(r7)\ngoto out\nboth: r6 = r0\nr6 += 8\nr7 += 8${LOCK}\nunlock(r6)${OUT}`],
  ['the lock of a value given back',          `slot\nr6 = r0\nnew(bare)\nr7 = r0\nr7 += 8${LOCK}\nunlock(r6)${OUT}`],
  ['two locks',                               `slot\nr6 = r0\nnew(bare)\nr7 = r0\nr7 += 8${LOCK}\nlock(r6)${OUT}`],
  ['an object given up under its lock',       `new(owner)\nr7 = r0${LOCK}${DROP}${OUT}`],
  ['the lock in an object, stored to',        `${OWNER}\n*(u32 *)(r7 + 0) = 1${DROP}${OUT}`],
  ['the tree in an object, loaded',           `${OWNER}\nr1 = *(u64 *)(r7 + 8)${DROP}${OUT}`],
  ['the number behind the roots, stored to',  `${OWNER}\n*(u64 *)(r7 + 40) = 1${DROP}${OUT}`],
  ['a structure with a lock in one without',  `new(wrapped)\nr7 = r0\n*(u64 *)(r7 + 16) = 1\n*(u64 *)(r7 + 24) = 1${DROP}${OUT}`],
  ['a structure with a lock in a counted one', `new(mixed)\nr7 = r0\nr7 += 24${LOCK}${UNLOCK}\nr7 += -24${DROP}${OUT}`],
  ['a lock in a structure of a counted one, stored to', `new(mixed)\nr7 = r0\n*(u32 *)(r7 + 24) = 1${DROP}${OUT}`],
  ['an object with a lock, counted',          `new(mixed)\nr7 = r0\nacquire(r7)\nr6 = r0\nr7 += 24${LOCK}${UNLOCK}\nr6 += 24\nlock(r6)\nunlock(r6)\nr6 += -24\nr7 += -24${DROP}\ndrop(r6)${OUT}`],
  ['an object and its twin: two locks to the kernel', `new(mixed)\nr7 = r0\nacquire(r7)\nr6 = r0\nr7 += 24${LOCK}\nr6 += 24\nunlock(r6)${OUT}`],
  ['added to an object',                      `${OWNER}${second('item')}${LOCK}${add()}${UNLOCK}${DROP}${less()}`],
  ['added to an object without its lock',     `${OWNER}${second('item')}${add()}${less()}`],
  ['added to an object under another lock',   `slot\nr8 = r0\n${OWNER}${second('item')}\nlock(r8)${add()}\nunlock(r8)${less()}`],
  ['added to an object, read after the lock was given back', `${OWNER}${second('item')}${LOCK}${add()}${UNLOCK}\nr1 = *(u64 *)(r6 + 0)${less()}`],
  ['added to an object by other links',       `${OWNER}${second('item')}${LOCK}${add(8, 40)}${UNLOCK}${less()}`],
  ['added to an object beside the tree',      `${OWNER}${second('item')}${LOCK}${add(12)}${UNLOCK}${less()}`],
  ['added to an object that was given up',    `${OWNER}${second('item')}\nr8 = r7${DROP}\nlock(r8)${less()}`],
  ['added to a seen object',                  `slot\nr8 = r0\nr7 = *(u64 *)(r8 + 72)\nif r7 == 0 goto out${made('item')}\nlock(r7)${less()}`],
  ['an object as a tree of nothing',          `${made('item')}\nr7 = r6${add()}${less()}`],
  ['pushed to the list of an object',         `${OWNER}${second('shared')}${LOCK}\nat(r7, 24)\nlinks(r6, 40)\npush${UNLOCK}${DROP}${OUT}`],
  ['taken out of the list of an object',      `${OWNER}${LOCK}\nat(r7, 24)\npop\nr6 = r0${UNLOCK}${DROP}\nr0 = r6${given(40)}${OUT}`],
  ['the first of the tree of an object',      `${OWNER}${LOCK}${FOUND}\nr1 = *(u64 *)(r0 - 8)${END}${DROP}${OUT}`],
  ['taken out of the tree of an object',      `${OWNER}${LOCK}${first()}\nr6 = r0\nif r0 == 0 goto end${remove()}\nr6 = r0${END}${DROP}\nr0 = r6${OUT}`],
  ['an object with a tree, stored to a map',  `slot\nr8 = r0\n${OWNER}\nat(r8, 72)\nr2 = r7\nexchange\nif r0 == 0 goto out\ndrop(r0)${OUT}`],
  ['an object with a tree, from a map, locked', `slot\nr8 = r0\nnew(owner)\nr2 = r0\nat(r8, 72)\nexchange\nif r0 == 0 goto out\nr7 = r0${LOCK}${FOUND}\nr1 = *(u64 *)(r0 - 8)${END}${DROP}${OUT}`],
  ['added to a tree of an array in an object', `new(grove)\nr7 = r0${second('item')}${LOCK}${add(24)}${UNLOCK}${DROP}${less()}`],
  ['added between two trees of an array in an object', `new(grove)\nr7 = r0${second('item')}${LOCK}${add(16)}${UNLOCK}${DROP}${less()}`],
  ['added to a tree in a structure in an object', `new(grove)\nr7 = r0${second('item')}${LOCK}${add(56, 40)}${UNLOCK}${DROP}${less()}`],
  ['a tree in a structure in an object, stored to', `new(grove)\nr7 = r0\n*(u64 *)(r7 + 64) = 1${DROP}${OUT}`],
  ['an object put into an array of an object', `new(grove)\nr7 = r0${second('item')}\nat(r7, 48)\nr2 = r6\nexchange\nr6 = r0${DROP}\nif r6 == 0 goto out\ndrop(r6)${OUT}`],
  ['an object put into an array, and nothing else', `new(row)\nr7 = r0${second('item')}\nat(r7, 8)\nr2 = r6\nexchange${OUT}`],
  ['an array of pointers, and nothing else, written', `new(row)\nr7 = r0\n*(u64 *)(r7 + 8) = 1${DROP}${OUT}`],
  ['an object stored under a lock',           `slot\nr7 = r0${made('shared')}${LOCK}\nat(r7, 64)\nr2 = r6\nexchange\nr6 = r0${UNLOCK}\nif r6 == 0 goto out\ndrop(r6)${OUT}`],
]

/** Of kernels since 6.16: calls 9011 to 9015. */
// biome-ignore format: table
export const LATER_CASES: readonly SettingCase[] = [
  ['the top of a tree, read',                 `${SLOT}${LOCK}\nat(r7, 8)\ncall 9011\nif r0 == 0 goto end\nr1 = *(u64 *)(r0 - 8)${END}${OUT}`],
  ['the top of a tree, without the lock',     `${SLOT}\nat(r7, 8)\ncall 9011${OUT}`],
  ['the top of a tree, read after the lock was given back', `${SLOT}${LOCK}\nat(r7, 8)\ncall 9011\nr6 = r0${UNLOCK}\nif r6 == 0 goto out\nr1 = *(u64 *)(r6 - 8)${OUT}`],
  ['left of the top',                         `${SLOT}${LOCK}\nat(r7, 8)\ncall 9011\nif r0 == 0 goto end\nr2 = r0\nat(r7, 8)\ncall 9012\nif r0 == 0 goto end\nr1 = *(u64 *)(r0 - 8)${END}${OUT}`],
  ['left and right in a loop',                `${SLOT}${LOCK}\nr9 = 0\nat(r7, 8)\ncall 9011\nr6 = r0\ngoto again\nagain: if r6 == 0 goto end\nr8 = *(u64 *)(r6 - 8)\nr2 = r6\nat(r7, 8)\ngoto +0\nif r8 == 0 goto right\ncall 9012\ngoto next\nright: call 9013\nnext: r6 = r0\nr9 += 1\ngoto +0\nif r9 < 3 goto again${END}${OUT}`],
  ['left of what may be NULL',                `${SLOT}${LOCK}\nat(r7, 8)\ncall 9011\nr2 = r0\nat(r7, 8)\ncall 9012${END}${OUT}`],
  ['right of a number',                       `${SLOT}${LOCK}\nr2 = 7\nat(r7, 8)\ncall 9013${END}${OUT}`],
  ['right of an object by other links',       `${SLOT}${LOCK}\nat(r7, 8)\ncall 9011\nif r0 == 0 goto end\nr2 = r0\nr2 += 32\nat(r7, 8)\ncall 9013${END}${OUT}`],
  ['right of an object of the program',       `${SLOT}${made('item')}${LOCK}\nlinks(r6, 8)\nat(r7, 8)\ncall 9013${UNLOCK}\ndrop(r6)${OUT}`],
  ['left of an object in a callback',         `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('r6 = r2\nr1 = r2\nr2 = r6\ncall 9012')}`],
  ['the top of a tree, taken out',            `${SLOT}${LOCK}\nat(r7, 8)\ncall 9011\nif r0 == 0 goto end${remove()}\nr6 = r0${UNLOCK}\nr0 = r6${given()}\ngoto out${END}${OUT}`],
  ['the first of a list, read',               `${SLOT}${LOCK}\nat(r7, 40)\ncall 9014\nif r0 == 0 goto end\nr1 = *(u64 *)(r0 - 40)${END}${OUT}`],
  ['the last of a list, read after the lock was given back', `${SLOT}${LOCK}\nat(r7, 40)\ncall 9015\nr6 = r0${UNLOCK}\nif r6 == 0 goto out\nr1 = *(u64 *)(r6 - 40)${OUT}`],
  ['the first of a list, counted and put into a tree', `${SLOT}${LOCK}\nat(r7, 40)\ncall 9014\nif r0 == 0 goto end\nr0 += -40\nacquire(r0)\nif r0 == 0 goto end\nr6 = r0${add(24)}${END}${less()}`],
  ['the first of a tree, as of a list',       `${SLOT}${LOCK}\nat(r7, 8)\ncall 9014${UNLOCK}${OUT}`],
]

const ADDED = `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}`

// biome-ignore format: table
export const FUNCTION_CASES: readonly SettingCase[] = [
  ['a callback that calls a function',        `${ADDED}${less('call deep')}${deep('r1 = *(u64 *)(r1 - 8)')}`],
  ['a function of a callback that gives the lock back', `${ADDED}${less('call deep')}${deep('call 94')}`],
  ['a function of a callback that takes an object out', `${ADDED}${less('call deep')}${deep('call 9004')}`],
  ['a function of a callback that adds an object', `${ADDED}${less('call deep')}${deep('r3 = less ll\nr4 = 0\nr5 = 0\ncall 9003')}`],
  ['a function that takes the lock',          `${SLOT}${made('item')}\nr1 = r7\ncall deep${add()}${UNLOCK}${less()}${deep('call 93')}`],
  ['a function that gives the lock back',     `${SLOT}${made('item')}${LOCK}${add()}\nr1 = r7\ncall deep\nr1 = *(u64 *)(r6 + 0)${less()}${deep('call 94')}`],
  ['a function that adds an object',          `${SLOT}${made('item')}${LOCK}\nat(r7, 8)\nlinks(r6, 8)\ncall deep\nr1 = *(u64 *)(r6 + 0)${UNLOCK}${less()}${deep('r3 = less ll\nr4 = 0\nr5 = 0\ncall 9003')}`],
  ['a function that gives the first out',     `${SLOT}${LOCK}\nat(r7, 8)\ncall deep\nr1 = *(u64 *)(r0 - 8)${UNLOCK}${less()}\ndeep: call 9005\nexit`],
  ['one of two callbacks',                    `${SLOT}${made('item')}\nr8 = *(u64 *)(r6 + 0)${LOCK}\nr3 = less ll\nif r8 == 0 goto one\nr3 = deep ll\none:\nat(r7, 8)\nlinks(r6, 8)\nr4 = 0\nr5 = 0\ncall 9003${UNLOCK}${less()}${deep('r0 = *(u64 *)(r2 + 64)\nif r0 == 1 goto +1')}`],
  ['added in the callback of a loop',         `r1 = 3\nr2 = less ll\nr3 = 0\nr4 = 0\ncall 181\nr0 = 0\nexit\nless:\n${ADDED}\nout: r0 = 0\nexit${deep('r1 = *(u64 *)(r1 - 8)')}`.replace('r3 = less ll', 'r3 = deep ll')],
  ['objects on the stack, added',             `${SLOT}${made('item')}\n*(u64 *)(r10 - 16) = r6${LOCK}${add()}\nr8 = *(u64 *)(r10 - 16)\nr1 = *(u64 *)(r8 + 0)${UNLOCK}\nr8 = *(u64 *)(r10 - 16)\nr1 = *(u64 *)(r8 + 0)${less()}`],
  ['taken out in a loop',                     `${SLOT}\nr9 = 0\ngoto again\nagain:${LOCK}${FOUND}${remove()}\nr6 = r0${UNLOCK}\nif r6 == 0 goto out\nr6 += -8\ndrop(r6)\nr9 += 1\nif r9 < 3 goto again\ngoto out${END}${OUT}`],
  ['looked for in a loop under the lock',     `${SLOT}${LOCK}\nr9 = 0\ngoto again\nagain:${FOUND}\nr1 = *(u64 *)(r0 - 8)\nr9 += 1\ngoto +0\nif r9 < 3 goto again${END}${OUT}`],
]

// biome-ignore format: table
export const LOOSE_CASES: readonly SettingCase[] = [
  ['a loose pointer, read',                   `${SLOT}\nr6 = *(u64 *)(r7 + 112)\nif r6 == 0 goto out\nr1 = *(u64 *)(r6 + 0)\nr2 = *(u64 *)(r6 + 8)${OUT}`],
  ['a loose pointer, written',                `${SLOT}\nr6 = *(u64 *)(r7 + 112)\nif r6 == 0 goto out\n*(u64 *)(r6 + 0) = 1${OUT}`],
  ['a loose pointer that may be NULL, read',  `${SLOT}\nr6 = *(u64 *)(r7 + 112)\nr1 = *(u64 *)(r6 + 0)${OUT}`],
  ['a loose pointer, given up',               `${SLOT}\nr6 = *(u64 *)(r7 + 112)\nif r6 == 0 goto out\ndrop(r6)${OUT}`],
  ['a loose pointer, counted',                `${SLOT}\nr6 = *(u64 *)(r7 + 112)\nif r6 == 0 goto out\nacquire(r6)${OUT}`],
  ['a loose pointer, added',                  `${SLOT}\nr6 = *(u64 *)(r7 + 112)\nif r6 == 0 goto out${LOCK}${add()}${UNLOCK}${less()}`],
  ['a loose pointer, taken out',              `${SLOT}\nr6 = *(u64 *)(r7 + 112)\nif r6 == 0 goto out\nr0 = r6\nr0 += 8${LOCK}\nr0 = r6\nr0 += 8${remove()}${UNLOCK}${OUT}`],
  ['a loose pointer, stored again',           `${SLOT}\nr6 = *(u64 *)(r7 + 112)\n*(u64 *)(r7 + 112) = r6${OUT}`],
  ['a loose pointer, exchanged',              `${SLOT}${made('item')}\nr2 = r6\nat(r7, 112)\nexchange${OUT}`],
  ['an object, stored to a loose pointer',    `${SLOT}${made('item')}\n*(u64 *)(r7 + 112) = r6\ndrop(r6)${OUT}`],
  ['an object that may be NULL, stored to a loose pointer', `${SLOT}\nr1 = ${item}\nr2 = 0\ncall 9000\n*(u64 *)(r7 + 112) = r0${OUT}`],
  ['another object, stored to a loose pointer', `${SLOT}${made('shared')}\n*(u64 *)(r7 + 112) = r6\ndrop(r6)${OUT}`],
  ['the middle of an object, stored to a loose pointer', `${SLOT}${made('item')}\nr1 = r6\nr1 += 8\n*(u64 *)(r7 + 112) = r1\ndrop(r6)${OUT}`],
  ['a seen object, stored to a loose pointer', `${SLOT}${LOCK}${FOUND}\nr0 += -8\n*(u64 *)(r7 + 112) = r0${END}${OUT}`],
  ['a number, stored to a loose pointer',     `${SLOT}\n*(u64 *)(r7 + 112) = 1${OUT}`],
  ['nothing, stored to a loose pointer',      `${SLOT}\n*(u64 *)(r7 + 112) = 0${OUT}`],
  ['half of a loose pointer',                 `${SLOT}\nr1 = *(u32 *)(r7 + 112)${OUT}`],
]

/** Where 6.12 differs from the kernel compared with. */
// biome-ignore format: table
export const TREE_VERDICTS: readonly (readonly [name: string, asm: string, verdict: string])[] = [
  ['never added, taken out',                  `${SLOT}${made('item')}${LOCK}\nlinks(r6, 8)\nat(r7, 8)\nremove\nr8 = r0${UNLOCK}\ndrop(r6)\nr0 = r8${given()}${OUT}`, 'rbtree_remove node input must be non-owning ref'],
  ['taken out after the lock was given back', `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${LOCK}\nlinks(r6, 8)\nat(r7, 8)\nremove${UNLOCK}${less()}`, 'rbtree_remove node input must be non-owning ref'],
  ['a number, taken out',                     `${SLOT}${LOCK}\nat(r7, 8)\nr2 = 7\nremove${UNLOCK}${OUT}`, 'rbtree_remove node input must be non-owning ref'],
  ['a callback that takes an object out',     `${SLOT}${made('item')}${LOCK}${add()}${UNLOCK}${less('r6 = r1\nr1 = r2\nr2 = r6\ncall 9004')}`, 'arg#0 expected pointer to map value or allocated object'],
  ['taken out',                               `${SLOT}${LOCK}${FOUND}${remove()}\nr6 = r0${UNLOCK}\nr0 = r6${given()}\ngoto out${END}${OUT}`, 'accepted'],
  ['the first, counted',                      `${SLOT}${LOCK}${first(24)}\nif r0 == 0 goto end\nr0 += -8\nacquire(r0)\nr6 = r0${UNLOCK}\nif r6 == 0 goto out\ndrop(r6)\ngoto out${END}${OUT}`, 'accepted'],
  ['a lock that is kept, and an object',      `${SLOT}${made('item')}${LOCK}${OUT}`, 'bpf_spin_unlock is missing'],
  ['the top of a tree',                       `${SLOT}${LOCK}\nat(r7, 8)\ncall 9011${UNLOCK}${OUT}`, 'calling the kernel function bpf_rbtree_root is not supported'],
  ['a callback that keeps what it counts',    `${SLOT}${made('shared')}${LOCK}${add(24)}${UNLOCK}${less('r1 += -8\nr2 = 0\ncall 9002')}`, 'Unreleased reference id=5 alloc_insn=31'],
]
