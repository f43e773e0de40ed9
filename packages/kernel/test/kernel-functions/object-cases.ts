/** Programs that make objects of their own and link them, and what they answer on Linux. */
import type { FunctionCase } from './function-cases.ts'

const OUT = '\nout: r0 = -1000\nexit'
/** r7 = the map's value. */
const VALUE = `
*(u32 *)(r10 - 4) = 0
r2 = r10
r2 += -4
r1 = objects ll
call 1
if r0 == 0 goto out
r7 = r0`
/** r6 = a fresh object, of which the first number is `key`. */
const made = (struct: string, key: number): string => `
r1 = type(${struct})
r2 = 0
call bpf_obj_new_impl
if r0 == 0 goto out
r6 = r0
*(u64 *)(r6 + 0) = ${key}`
const dropped = (register: string): string => `\nr1 = ${register}\nr2 = 0\ncall bpf_obj_drop_impl`
const LOCK = '\nr1 = r7\ncall 93'
const UNLOCK = '\nr1 = r7\ncall 94'

/** Puts a fresh object into the list at `list` of the value; r9 += what that answers. */
const pushed = (
  end: 'front' | 'back',
  struct: string,
  list: number,
  key: number,
): string => `${made(struct, key)}${LOCK}
r1 = r7
r1 += ${list}
r2 = r6
r2 += 8
r3 = 0
r4 = 0
call bpf_list_push_${end}_impl
r9 += r0${UNLOCK}`

/** r9 = r9 * 10 + the number of what is taken out, which is given up; `label` is behind it. */
const popped = (end: 'front' | 'back', list: number, label: string): string => `${LOCK}
r1 = r7
r1 += ${list}
call bpf_list_pop_${end}
r8 = r0${UNLOCK}
r9 *= 10
if r8 == 0 goto ${label}
r8 += -8
r1 = *(u64 *)(r8 + 0)
r9 += r1${dropped('r8')}
${label}: r9 += 0`
const START = `${VALUE}\nr9 = 0`
const END = `\nr0 = r9\nexit${OUT}`

/** Puts a fresh object into the tree; r9 += what that answers. */
const planted = (key: number, less = 'less'): string => `${made('leaf', key)}${LOCK}
r1 = r7
r1 += 40
r2 = r6
r2 += 8
r3 = ${less} ll
r4 = 0
r5 = 0
call bpf_rbtree_add_impl
r9 += r0${UNLOCK}`
const FIRST = '\nr1 = r7\nr1 += 40\ncall bpf_rbtree_first'

/** r9 = r9 * 10 + the number of the tree's first object, which is taken out and given up. */
const picked = (label: string): string => `${LOCK}${FIRST}
r9 *= 10
if r0 == 0 goto unlock${label}
r1 = r7
r1 += 40
r2 = r0
call bpf_rbtree_remove
r8 = r0
goto locked${label}
unlock${label}: r8 = 0
locked${label}:${UNLOCK}
if r8 == 0 goto ${label}
r8 += -8
r1 = *(u64 *)(r8 + 0)
r9 += r1${dropped('r8')}
${label}: r9 += 0`

/** The callback: whether the first object's number is below the second's. */
const LESS = `
less: r3 = *(u64 *)(r1 - 8)
r4 = *(u64 *)(r2 - 8)
r0 = 1
if r3 < r4 goto +1
r0 = 0
exit`
const planting = (body: string): string => START + body + END + LESS
const all = (keys: readonly number[]): string => keys.map((key) => planted(key)).join('')
const picks = (count: number): string => Array.from({ length: count }, (_, at) => picked(`p${at}`)).join('')

/** r0 = what was at `offset` of the value; `register` is there now. */
const exchanged = (offset: number, register: string): string => `
r1 = r7
r1 += ${offset}
r2 = ${register}
call 194`
/** Gives up what r0 is, unless it is NULL. */
const rest = (label: string): string => `\nif r0 == 0 goto ${label}${dropped('r0')}\n${label}: r9 += 0`

// biome-ignore format: table
export const OBJECT_CASES: readonly FunctionCase[] = [
  ['an object',                                  `${made('plain', 7)}\nr9 = *(u64 *)(r6 + 0)${dropped('r6')}${END}`, 7],
  ['an object in the map',                       `${START}${made('plain', 7)}${exchanged(56, 'r6')}${rest('a')}\nr9 += 3${END}`, 3],
  ['an object put into the map and taken out',   `${START}${made('plain', 7)}${exchanged(56, 'r6')}${rest('a')}\nr6 = 0${exchanged(56, 'r6')}\nif r0 == 0 goto out\nr9 = *(u64 *)(r0 + 0)${dropped('r0')}${END}`, 7],
  ['an object that holds another',               `${START}${made('plain', 5)}\nr8 = r6\nr1 = type(holder)\nr2 = 0\ncall bpf_obj_new_impl\nif r0 == 0 goto back\nr6 = r0\nr1 = r6\nr1 += 8\nr2 = r8\ncall 194${rest('a')}${exchanged(64, 'r6')}${rest('b')}\nr9 = 4\ngoto end\nback:${dropped('r8')}\nend: r9 += 0${END}`, 4],
  ['an object counted twice',                    `${made('shared', 7)}\nr1 = r6\nr2 = 0\ncall bpf_refcount_acquire_impl\nr8 = r0${dropped('r6')}\nr9 = *(u64 *)(r8 + 0)${dropped('r8')}${END}`, 7],
  ['an object in a list, and counted',           `${START}${made('shared', 6)}\nr1 = r6\nr2 = 0\ncall bpf_refcount_acquire_impl\nr8 = r0${LOCK}\nr1 = r7\nr1 += 24\nr2 = r6\nr2 += 8\nr3 = 0\nr4 = 0\ncall bpf_list_push_back_impl${UNLOCK}\nr9 = *(u64 *)(r8 + 0)${dropped('r8')}${END}`, 6],
  ['an object put into a list twice',            `${START}${made('shared', 6)}\nr1 = r6\nr2 = 0\ncall bpf_refcount_acquire_impl\nr8 = r0${LOCK}\nr1 = r7\nr1 += 24\nr2 = r6\nr2 += 8\nr3 = 0\nr4 = 0\ncall bpf_list_push_back_impl\nr9 = r0\nr1 = r7\nr1 += 24\nr2 = r8\nr2 += 8\nr3 = 0\nr4 = 0\ncall bpf_list_push_back_impl\nr9 += r0${UNLOCK}${END}`, -22],
  ['objects left in a list',                     `${START}${pushed('back', 'item', 8, 1)}${pushed('back', 'item', 8, 2)}${END}`, 0],
  ['a list from its front',                      `${START}${[1, 2, 3].map((key) => pushed('back', 'item', 8, key)).join('')}${popped('front', 8, 'a')}${popped('front', 8, 'b')}${popped('front', 8, 'c')}${popped('front', 8, 'd')}${END}`, 1230],
  ['a list from its back',                       `${START}${[1, 2, 3].map((key) => pushed('back', 'item', 8, key)).join('')}${popped('back', 8, 'a')}${popped('back', 8, 'b')}${popped('front', 8, 'c')}${END}`, 321],
  ['a list filled at its front',                 `${START}${[1, 2, 3].map((key) => pushed('front', 'item', 8, key)).join('')}${popped('front', 8, 'a')}${popped('back', 8, 'b')}${popped('back', 8, 'c')}${END}`, 312],
  ['an empty list',                              `${START}${popped('front', 8, 'a')}${END}`, 0],
  ['a tree of one',                              planting(planted(7) + picks(2)), 70],
  ['an empty tree',                              planting(`${planted(1) + picks(1) + LOCK + FIRST}\nr8 = r0${UNLOCK}\nif r8 == 0 goto none\nr9 += 500\nnone: r9 += 100`), 101],
  ['a tree, sorted',                             planting(all([3, 1, 4, 1, 5, 9, 2, 6]) + picks(9)), 112345690],
  ['a tree left behind',                         planting(all([5, 3, 8, 1])), 0],
  ['a tree filled upwards',                      planting(all([1, 2, 3, 4, 5, 6, 7, 8, 9]) + picks(9)), 123456789],
  ['a tree filled downwards',                    planting(all([9, 8, 7, 6, 5, 4, 3, 2, 1]) + picks(9)), 123456789],
]

/** What a random program does: `key` is the number of the object that is put in. */
export interface ListOperation {
  readonly kind: string
  readonly key: number
}

// biome-ignore format: table
const OPERATIONS: Readonly<Record<string, (key: number, label: string) => string>> = {
  pushFront: (key) => pushed('front', 'item', 8, key),
  pushBack:  (key) => pushed('back', 'item', 8, key),
  plant:     (key) => planted(key),
  popFront:  (_, label) => popped('front', 8, label),
  popBack:   (_, label) => popped('back', 8, label),
  pick:      (_, label) => picked(label),
}

/** A program of such operations; what is left in list and tree goes with the map. */
export function listProgram(operations: readonly ListOperation[]): string {
  const body = operations.map(({ kind, key }, at) => OPERATIONS[kind]?.(key, `at${at}`) ?? '').join('')
  // A callback that nothing names is no function of its own.
  return planting(operations.some(({ kind }) => kind === 'plant') ? body : body + planted(1))
}
