/** Work queues in map values. `init`, `set(f)`, `start` stand for calls, `work` for a value of `works` in r6, its queue at 8. */
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { Setting, SettingCase } from '../support/kernel-comparison.ts'
import { TypeSketch } from '../support/type-sketch.ts'

const types = new TypeSketch()
const VOID = 0
const { int, u64 } = types
const queue = types.struct('bpf_wq', { a: u64, b: u64 })
const timer = types.struct('bpf_timer', { a: u64, b: u64 })
const lock = types.struct('bpf_spin_lock', { val: int })
const plainId = types.struct('case_work', { counter: u64, work: queue })
const mixedId = types.struct('case_mixed', { counter: int, timer, lock, work: queue })
const lockedId = types.struct('case_locked', { counter: int, lock })
const map = (type: number, maxEntries: number, valueTypeId: number): Setting['maps'][string] => ({
  type,
  keySizeBytes: 4,
  maxEntries,
  keyTypeId: int,
  valueTypeId,
  valueSizeBytes: types.sizeOf(valueTypeId),
})
const functions = [types.fn('main'), types.fn('done', [types.pointer(VOID), types.pointer(int), types.pointer(VOID)])]

export const WORK_SETTING: Setting = {
  btf: types.build(),
  functions,
  maps: {
    works: map(MAP_TYPE.HASH, 8, plainId),
    others: map(MAP_TYPE.LRU_HASH, 8, plainId),
    one: map(MAP_TYPE.ARRAY, 1, plainId),
    mixed: map(MAP_TYPE.HASH, 8, mixedId),
    locked: map(MAP_TYPE.ARRAY, 1, lockedId),
  },
  calls: [
    'bpf_wq_init',
    'bpf_wq_set_callback_impl',
    'bpf_wq_start',
    'bpf_copy_from_user_str',
    'bpf_rcu_read_lock',
    'bpf_rcu_read_unlock',
  ],
  words: [
    [/^/, 'r1 = r1\n'],
    [
      /^value\((\w+)\)$/gm,
      '*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = $1 ll\ncall 1\nif r0 == 0 goto out\nr6 = r0',
    ],
    [/^at\((\d+)\)$/gm, 'r1 = r6\nr1 += $1'],
    [/^init\((\w+)\)$/gm, 'r2 = $1 ll\nr3 = 0\ncall 9000'],
    [/^set\((\w+)\)$/gm, 'r2 = $1 ll\nr3 = 0\nr4 = 0\ncall 9001'],
    [/^start$/gm, 'r2 = 0\ncall 9002'],
    [/^user string$/gm, 'r1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\nr4 = 0\ncall 9003'],
  ],
}

const OUT = '\nout: r0 = 0\nexit'
/** Callbacks that give 0, and what they do before. */
const done = (asm = ''): string => `${OUT}\ndone:\n${asm}\nr0 = 0\nexit`
const SET = '\nat(8)\nset(done)'
const TIMED = '\nr1 = r6\nr1 += 8\nr2 = done ll\ncall 170'

// biome-ignore format: table
export const WORK_CASES: readonly SettingCase[] = [
  ['set up, set and started',                 `value(works)\nat(8)\ninit(works)${SET}\nat(8)\nstart${done()}`],
  ['of an LRU map',                           `value(others)\nat(8)\ninit(others)${SET}\nat(8)\nstart${done()}`],
  ['of an array',                             `value(one)\nat(8)\ninit(one)\nat(8)\nstart${OUT}`],
  ['beside a timer and a lock',               `value(mixed)\nat(32)\ninit(mixed)\nat(32)\nset(done)${done()}`],
  ['at another offset',                       `value(works)\nat(0)\ninit(works)${OUT}`],
  ['started at another offset',               `value(works)\nat(9)\nstart${OUT}`],
  ['at any offset',                           `value(works)\nr1 = *(u64 *)(r6 + 0)\nr1 &= 8\nr1 += r6\nstart${OUT}`],
  ['where a timer is',                        `value(mixed)\nat(8)\nstart${OUT}`],
  ['in a map without one',                    `value(locked)\nat(0)\nstart${OUT}`],
  ['on the stack',                            `r1 = r10\nr1 += -16\nstart${OUT}`],
  ['a number',                                `r1 = 7\nstart${OUT}`],
  ['of no map',                               `value(works)\nat(8)\nr2 = 0\nr3 = 0\ncall 9000${OUT}`],
  ['of the stack',                            `value(works)\nat(8)\nr2 = r10\nr3 = 0\ncall 9000${OUT}`],
  ['of another map',                          `value(works)\nat(8)\ninit(others)${OUT}`],
  ['of a value of its map',                   `value(works)\nat(8)\nr2 = r6\nr3 = 0\ncall 9000${OUT}`],
  ['flags that are a pointer',                `value(works)\nat(8)\nr2 = works ll\nr3 = r10\ncall 9000${OUT}`],
  ['a callback that is a number',             `value(works)\nat(8)\nr2 = 7\nr3 = 0\nr4 = 0\ncall 9001${OUT}`],
  ['a callback that is a map',                `value(works)\nat(8)\nr2 = works ll\nr3 = 0\nr4 = 0\ncall 9001${OUT}`],
  ['a callback that gives 1',                 `value(works)${SET}${OUT}\ndone: r0 = 1\nexit`],
  ['a callback that gives anything',          `value(works)${SET}${OUT}\ndone: r0 = *(u32 *)(r3 + 0)\nexit`],
  ['a callback that reads its value',         `value(works)${SET}${done('r1 = *(u64 *)(r3 + 0)')}`],
  ['a callback that reads its key',           `value(works)${SET}${done('r1 = *(u32 *)(r2 + 0)')}`],
  ['a callback that reads past its value',    `value(works)${SET}${done('r1 = *(u64 *)(r3 + 24)')}`],
  ['a callback that reads its queue',         `value(works)${SET}${done('r1 = *(u64 *)(r3 + 8)')}`],
  ['a callback that starts its queue again',  `value(works)${SET}${done('r1 = r3\nr1 += 8\nr2 = 0\ncall 9002')}`],
  ['a callback that sets itself up',          `value(works)${SET}${done('r4 = r1\nr1 = r3\nr1 += 8\nr2 = r4\nr3 = 0\ncall 9000')}`],
  ['a callback that sets itself again',       `value(works)${SET}${done('r1 = r3\nr1 += 8\nset(done)')}`],
  ['a callback that sleeps',                  `value(works)${SET}${done('user string')}`],
  ['a callback that sleeps in a section',     `value(works)${SET}${done('call 9004\nuser string\ncall 9005')}`],
  ['a callback that leaves a section open',   `value(works)${SET}${done('call 9004')}`],
  ['a callback that keeps a lock',            `value(mixed)\nat(32)\nset(done)${done('r1 = r3\nr1 += 24\ncall 93')}`],
  ['a program that sleeps, like its callback', `user string${OUT}`],
  ['a callback of a timer that sleeps',       `value(mixed)${TIMED}${done('user string')}`],
  ['one callback, twice',                     `value(works)${SET}${SET}${done()}`],
  ['loaded',                                  `value(works)\nr1 = *(u64 *)(r6 + 8)${OUT}`],
  ['stored to',                               `value(works)\n*(u64 *)(r6 + 16) = 1${OUT}`],
  ['asleep: set up, set and started',         `value(one)\nat(8)\ninit(one)${SET}\nat(8)\nstart${done('user string')}`, 'sleeps'],
  ['asleep: a callback of a timer that sleeps', `value(mixed)${TIMED}${done('user string')}`, 'sleeps'],
]
