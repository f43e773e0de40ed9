/** Pointers in tasks' values to memory that user space shares: r7 is a value, `shared` its pointer in r0, `out` the end. */
import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { Setting, SettingCase } from '../support/kernel-comparison.ts'
import { TypeSketch } from '../support/type-sketch.ts'

const types = new TypeSketch()
const { int, char, u64 } = types
const plain = types.struct('case_user_plain', { b: u64, c: u64, d: u64 })
const page = types.struct('case_user_page', { b: types.array(char, 4096) })
const valueTypeId = types.struct('case_user_value', {
  sum: u64,
  plain: types.pointer(plain, 'uptr'),
  page: types.pointer(page, 'uptr'),
  own: types.pointer(plain, 'percpu_kptr'),
  after: u64,
})
const functions = [types.fn('main')]
const VALUE_BYTES = types.sizeOf(valueTypeId)
const INITIAL_VALUE = Array.from(
  { length: VALUE_BYTES / 8 },
  (_, index) => `*(u64 *)(r10 - ${8 * index + 8}) = 0`,
).join('\n')

export const USER_POINTER_SETTING: Setting = {
  btf: types.build(),
  functions,
  maps: {
    values: {
      type: MAP_TYPE.TASK_STORAGE,
      keySizeBytes: 4,
      maxEntries: 0,
      flags: MAP_FLAG.NO_PREALLOC,
      keyTypeId: int,
      valueTypeId,
      valueSizeBytes: VALUE_BYTES,
    },
  },
  calls: ['bpf_rcu_read_lock', 'bpf_rcu_read_unlock'],
  words: [
    [/$/, '\nout: r0 = 0\nexit'],
    [/^/, 'call 158\nr1 = values ll\nr2 = r0\ninitial value\ncall 156\nif r0 == 0 goto out\nr7 = r0\n'],
    [/^initial value$/m, `${INITIAL_VALUE}\nr3 = r10\nr3 += -${VALUE_BYTES}\nr4 = 1`],
    [/^shared$/gm, 'r0 = *(u64 *)(r7 + 8)\nif r0 == 0 goto out'],
    [/^page$/gm, 'r0 = *(u64 *)(r7 + 16)\nif r0 == 0 goto out'],
    [/^any (\d+)$/gm, 'r6 = *(u64 *)(r7 + 0)\nr6 &= $1'],
  ],
}

const PROGRAMS: readonly (readonly [name: string, asm: string])[] = [
  ['read, written', 'shared\nr1 = *(u64 *)(r0 + 16)\n*(u64 *)(r0 + 8) = r1\n*(u8 *)(r0 + 23) = 1'],
  ['added to', 'shared\nr1 = 1\nlock *(u64 *)(r0 + 0) += r1'],
  ['not looked at', 'r0 = *(u64 *)(r7 + 8)\nr1 = *(u64 *)(r0 + 0)'],
  ['beyond its end', 'shared\nr1 = *(u64 *)(r0 + 24)'],
  ['before its start', 'shared\nr1 = *(u64 *)(r0 - 8)'],
  ['a whole page', 'page\n*(u64 *)(r0 + 4088) = 1'],
  ['beyond a page', 'page\n*(u64 *)(r0 + 4089) = 1'],
  ['somewhere in a page', 'page\nany 4095\nr0 += r6\n*(u8 *)(r0 + 0) = 1'],
  ['somewhere, too far', 'page\nany 8191\nr0 += r6\n*(u8 *)(r0 + 0) = 1'],
  ['two of one field', 'r8 = *(u64 *)(r7 + 8)\nshared\n*(u64 *)(r0 + 0) = 1\n*(u64 *)(r8 + 0) = 1'],
  ['a copy looked at', 'r0 = *(u64 *)(r7 + 8)\nr8 = r0\nif r0 == 0 goto out\n*(u64 *)(r8 + 0) = 1'],
  ['a helper writes to it', 'page\nr1 = r0\nr2 = 16\ncall 16'],
  ['a helper writes beyond it', 'page\nr1 = r0\nr2 = 4097\ncall 16'],
  ['stored into', 'r1 = 0\n*(u64 *)(r7 + 8) = r1'],
  ['cleared', '*(u64 *)(r7 + 8) = 0'],
  ['exchanged', 'r1 = r7\nr1 += 8\nr2 = 0\ncall 194'],
  ['half of it loaded', 'r1 = *(u32 *)(r7 + 8)'],
  ['loaded beside its place', 'r1 = *(u64 *)(r7 + 12)'],
  ['half of a counted pointer', 'r1 = *(u32 *)(r7 + 24)'],
  ['beside a counted pointer', 'r1 = *(u64 *)(r7 + 20)'],
  ['loaded from somewhere', 'any 8\nr7 += r6\nr1 = *(u64 *)(r7 + 0)'],
  ['somewhere from a counted pointer on', 'any 8\nr7 += r6\nr1 = *(u64 *)(r7 + 24)'],
  ['changed in one step', 'r1 = 1\nlock *(u64 *)(r7 + 8) += r1'],
  ['sign-extended', 'r1 = *(s32 *)(r7 + 8)'],
  ['handed to a helper', 'r1 = r7\nr1 += 8\nr2 = 8\ncall 16'],
  ['a counted pointer is handed to a helper', 'r1 = r7\nr1 += 24\nr2 = 8\ncall 16'],
  ['what is beside it handed to a helper', 'r1 = r7\nr2 = 8\ncall 16'],
  ['what is after it', 'r1 = *(u64 *)(r7 + 32)\n*(u64 *)(r7 + 0) = r1'],
  ['in a read-side section', 'call 9000\nshared\nr8 = r0\ncall 9001\n*(u64 *)(r8 + 0) = 1'],
  ['kept over the section', 'call 9000\nr8 = *(u64 *)(r7 + 8)\ncall 9001\nif r8 == 0 goto out\n*(u64 *)(r8 + 0) = 1'],
  ['kept in memory', 'shared\n*(u64 *)(r10 - 48) = r0\nr1 = *(u64 *)(r10 - 48)\n*(u64 *)(r1 + 8) = 1'],
  ['kept in the value', 'shared\n*(u64 *)(r7 + 0) = r0'],
  ['put there again', 'shared\n*(u64 *)(r7 + 8) = r0'],
  ['told', 'shared\nr0 += 8\nexit'],
  ['a pointer kept in it', 'shared\n*(u64 *)(r0 + 0) = r7'],
]

export const USER_POINTER_CASES: readonly SettingCase[] = PROGRAMS.map(([name, asm]) => [name, asm, 'sleeps'])
