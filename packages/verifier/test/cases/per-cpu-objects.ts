/** Objects that every CPU has one of. `new(plain)`, `drop`, `exchange` stand for calls, `slot` for a map's value in r7. */
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { Setting, SettingCase } from '../support/kernel-comparison.ts'
import { TypeSketch } from '../support/type-sketch.ts'

const types = new TypeSketch()
const { int, char, u64 } = types
const lock = types.struct('bpf_spin_lock', { val: int })
const plain = types.struct('case_cpu_plain', { b: u64, c: u64, d: u64 })
const ids = {
  plain,
  other: types.struct('case_cpu_other', { b: u64 }),
  pointing: types.struct('case_cpu_pointing', { p: types.pointer(char) }),
  locked: types.struct('case_cpu_locked', { lock }),
  large: types.struct('case_cpu_large', { b: types.array(char, 600) }),
  full: types.struct('case_cpu_full', { b: types.array(char, 512) }),
  empty: types.struct('case_cpu_empty', { a: u64, b: types.array(u64, 0) }),
  nested: types.struct('case_cpu_nested', { inner: types.struct('case_cpu_inner', { words: types.array(int, 4) }) }),
}
const valueTypeId = types.struct('case_cpu_value', {
  sum: u64,
  pc: types.pointer(plain, 'percpu_kptr'),
  one: types.pointer(plain, 'kptr'),
  uncounted: types.pointer(plain, 'kptr_untrusted'),
  lock,
})
const functions = [types.fn('main')]

export const PER_CPU_SETTING: Setting = {
  btf: types.build(),
  functions,
  maps: {
    slots: {
      type: MAP_TYPE.ARRAY,
      keySizeBytes: 4,
      maxEntries: 1,
      keyTypeId: int,
      valueTypeId,
      valueSizeBytes: types.sizeOf(valueTypeId),
    },
  },
  calls: [
    'bpf_percpu_obj_new_impl',
    'bpf_percpu_obj_drop_impl',
    'bpf_obj_new_impl',
    'bpf_obj_drop_impl',
    'bpf_rcu_read_lock',
    'bpf_rcu_read_unlock',
  ],
  words: [
    [/$/, '\nout: r0 = 0\nexit'],
    [/^/, 'r1 = r1\n'],
    ...Object.entries(ids).map(([one, id]) => [new RegExp(`(new|one)\\(${one}\\)`, 'g'), `$1(${id})`] as const),
    [/new\((\d+)\)/g, 'r1 = $1\nr2 = 0\ncall 9000'],
    [/one\((\d+)\)/g, 'r1 = $1\nr2 = 0\ncall 9002'],
    [/^drop$/gm, 'r2 = 0\ncall 9001'],
    [/^drop one$/gm, 'r2 = 0\ncall 9003'],
    [/^exchange$/gm, 'call 194'],
    [/^this cpu$/gm, 'call 154'],
    [/^cpu (\d+)$/gm, 'r2 = $1\ncall 153'],
    [/^enter$/gm, 'call 9004'],
    [/^leave$/gm, 'call 9005'],
    [/^slot$/gm, '*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = slots ll\ncall 1\nif r0 == 0 goto out\nr7 = r0'],
  ],
}

const THERE = '\nif r0 == 0 goto out'
const made = (struct: string): string => `\nnew(${struct})${THERE}\nr6 = r0`
const DROP = '\nr1 = r6\ndrop'
const SLOT = '\nslot'
const put = (offset = 8): string => `\nr1 = r7\nr1 += ${offset}\nr2 = r6\nexchange`
const REST = `${THERE}\nr1 = r0\ndrop`
/** r6 = what is at `offset` of the value. */
const found = (offset = 8): string => `${SLOT}\nr6 = *(u64 *)(r7 + ${offset})\nif r6 == 0 goto out`
const THIS = '\nr1 = r6\nthis cpu'
const SECOND = '\nr1 = r6\ncpu 1'

// biome-ignore format: table
export const PER_CPU_CASES: readonly SettingCase[] = [
  ['made and given up',                       made('plain') + DROP],
  ['made and kept',                           made('plain')],
  ['made, and may be NULL when given up',     '\nnew(plain)\nr1 = r0\ndrop'],
  ['as large as may be',                      made('full') + DROP],
  ['too large',                               made('large') + DROP],
  ['with a pointer in it',                    made('pointing') + DROP],
  ['with a lock in it',                       made('locked') + DROP],
  ['with an empty array in it',               made('empty') + DROP],
  ['with a structure in it',                  made('nested') + DROP],
  ['of no structure',                         '\nnew(0)'],
  ['of a number',                             '\nnew(1)'],
  ['given up like one that is not per CPU',   `${made('plain')}\nr1 = r6\ndrop one`],
  ['one that is not per CPU, given up like one that is', `\none(plain)${THERE}\nr1 = r0\ndrop`],
  ['read',                                    `${made('plain')}\nr1 = *(u64 *)(r6 + 0)${DROP}`],
  ['written',                                 `${made('plain')}\n*(u64 *)(r6 + 0) = 1${DROP}`],
  ['its middle, given up',                    `${made('plain')}\nr6 += 8${DROP}`],
  ['owned, and asked for one CPU\'s',         made('plain') + THIS],
  ['put into a map',                          SLOT + made('plain') + put() + REST],
  ['put into a map, and what was there kept', SLOT + made('plain') + put()],
  ['put into a map, and given up',            SLOT + made('plain') + put() + DROP],
  ['of another structure, put into a map',    SLOT + made('other') + put() + REST],
  ['its middle, put into a map',              `${SLOT}${made('plain')}\nr6 += 8${put()}${REST}`],
  ['put where one belongs that is not per CPU', `${SLOT}${made('plain')}${put(16)}${THERE}\nr1 = r0\ndrop one`],
  ['put into a map beside its place',         SLOT + made('plain') + put(0) + REST],
  ['stored into a map',                       `${SLOT}${made('plain')}\n*(u64 *)(r7 + 8) = r6${DROP}`],
  ['a number, stored into a map',             `${SLOT}\n*(u64 *)(r7 + 8) = 0`],
  ['read from a map under RCU, this CPU\'s',  `${found()}${THIS}\nr1 = *(u64 *)(r0 + 8)\n*(u64 *)(r0 + 8) = 3`],
  ['read from a map under RCU, the second CPU\'s', `${found()}${SECOND}${THERE}\n*(u64 *)(r0 + 16) = 3`],
  ['the second CPU\'s, not asked whether it is there', `${found()}${SECOND}\n*(u64 *)(r0 + 16) = 3`],
  ['past one CPU\'s',                         `${found()}${THIS}\nr1 = *(u64 *)(r0 + 24)`],
  ['read from a map, may be NULL',            `${SLOT}\nr6 = *(u64 *)(r7 + 8)${THIS}`],
  ['read from a map, itself loaded from',     `${found()}\nr1 = *(u64 *)(r6 + 0)`],
  ['read from a map, given up',               found() + DROP],
  ['read from a map, its middle, one CPU\'s', `${found()}\nr6 += 8${THIS}`],
  ['read from a map, put back',               found() + put() + REST],
  ['one CPU\'s, given up',                    `${found()}${THIS}\nr1 = r0\ndrop`],
  ['one CPU\'s, put into a map',              `${found()}${THIS}\nr6 = r0${put(16)}`],
  ['put into a map under RCU, then one CPU\'s', `${SLOT}${made('plain')}${put()}${REST}${THIS}\n*(u64 *)(r0 + 0) = 1`],
  ['one that is not per CPU, one CPU\'s',     `${found(16)}${THIS}`],
  ['a number, one CPU\'s',                    `\nr6 = 7${THIS}`],
  ['a pointer that nobody counts',            `${found(24)}\nr1 = *(u64 *)(r6 + 0)`],
  ['a pointer that nobody counts, written to', `${found(24)}\n*(u64 *)(r6 + 0) = 1`],
  ['a pointer that nobody counts, past the end', `${found(24)}\nr1 = *(u64 *)(r6 + 24)`],
  ['stored where nobody counts',              `${SLOT}\none(plain)${THERE}\nr6 = r0\n*(u64 *)(r7 + 24) = r6\nr1 = r6\ndrop one`],
  ['under a lock',                            `${found()}\nr1 = r7\nr1 += 32\ncall 93${THIS}\nr1 = r7\nr1 += 32\ncall 94`],
  ['asleep: put into a map',                  SLOT + made('plain') + put() + REST, 'sleeps'],
  ['asleep: put into a map, then one CPU\'s', SLOT + made('plain') + put() + REST + THIS, 'sleeps'],
  ['asleep: read from a map, one CPU\'s',     found() + THIS, 'sleeps'],
  ['asleep: read from a map, loaded from',    `${found(16)}\nr1 = *(u64 *)(r6 + 0)`, 'sleeps'],
  ['asleep: read from a map, written to',     `${found(16)}\n*(u64 *)(r6 + 0) = 1`, 'sleeps'],
  ['asleep: in a section, one CPU\'s',        `${SLOT}\nenter\nr6 = *(u64 *)(r7 + 8)\nif r6 == 0 goto skip${THIS}\n*(u64 *)(r0 + 0) = 1\nskip:\nleave`, 'sleeps'],
  ['asleep: after a section, one CPU\'s',     `${SLOT}\nenter\nr6 = *(u64 *)(r7 + 8)\nleave\nif r6 == 0 goto out${THIS}`, 'sleeps'],
  ['asleep: one CPU\'s, after the section',   `${SLOT}\nenter\nr6 = *(u64 *)(r7 + 8)\nif r6 == 0 goto skip${THIS}\nr8 = r0\nleave\nr1 = *(u64 *)(r8 + 0)\ngoto out\nskip:\nleave`, 'sleeps'],
  ['asleep: put into a map in a section, then one CPU\'s', `${SLOT}${made('plain')}\nenter${put()}\nif r0 == 0 goto none\nr1 = r0\ndrop\nnone: ${THIS}\nleave`, 'sleeps'],
]
