/** Strings that helpers take, of maps that nobody can change any more. `text(5)` is r7, from there on in the frozen value. */
import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { Setting, SettingCase } from '../support/kernel-comparison.ts'
import { TypeSketch } from '../support/type-sketch.ts'

const types = new TypeSketch()
const functions = [types.fn('main')]
const { RDONLY_PROG } = MAP_FLAG

/** Each from a multiple of 8 bytes on. */
const FORMATS = ['%d', '%s', '%pI4', '%5.2f', '%', 'plain', '%d %d', '%%', '%lld', '\x01', '%sx', '%pks', 'é', '%q']
const at = (format: string): number => 8 * FORMATS.indexOf(format)
const TEXT = new Uint8Array(8 * FORMATS.length)
FORMATS.forEach((format) => {
  TEXT.set(new TextEncoder().encode(format), at(format))
})

const map = (flags: number, valueSizeBytes: number): Setting['maps'][string] => ({
  ...{ type: MAP_TYPE.ARRAY, keySizeBytes: 4, maxEntries: 1, flags, keyTypeId: 0, valueTypeId: 0, valueSizeBytes },
})

export const STRING_SETTING: Setting = {
  btf: types.build(),
  functions,
  maps: {
    text: { ...map(RDONLY_PROG, TEXT.length), frozenValue: TEXT },
    endless: { ...map(RDONLY_PROG, 8), frozenValue: new TextEncoder().encode('endless!') },
    open: map(RDONLY_PROG, 8),
    writable: map(0, 8),
  },
  calls: [],
  words: [
    [/^/, 'r1 = r1\n'],
    [/$/, '\nout: r0 = 0\nexit'],
    [
      /(\w+)\((\d+)\)$/gm,
      '*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = $1 ll\ncall 1\nif r0 == 0 goto out\nr7 = r0\nr7 += $2',
    ],
    [/^compare$/gm, '*(u64 *)(r10 - 16) = 0\nr1 = r10\nr1 += -16\nr2 = 8\nr3 = r7\ncall 182'],
    [
      /^print (-?\d+)$/gm,
      '*(u64 *)(r10 - 24) = 0\n*(u64 *)(r10 - 16) = 0\nr1 = r10\nr1 += -16\nr2 = 8\nr3 = r7\nr4 = r10\nr4 += -24\nr5 = $1\ncall 165',
    ],
  ],
}

const print = (format: string, bytes: number): string => `text(${at(format)})\nprint ${bytes}`

// biome-ignore format: table
export const STRING_CASES: readonly SettingCase[] = [
  ['a string',                                'text(0)\ncompare'],
  ['the end of a string',                     'text(7)\ncompare'],
  ['a string of a map that may change',       'open(0)\ncompare'],
  ['a string of a map that programs change',  'writable(0)\ncompare'],
  ['a string without an end',                 'endless(0)\ncompare'],
  ['the end of a string without one',         'endless(7)\ncompare'],
  ['past a string',                           'endless(8)\ncompare'],
  ['before a string',                         'endless(0)\nr7 += -1\ncompare'],
  ['a string at any place',                   'text(0)\nr1 = *(u8 *)(r7 + 0)\nr7 += r1\ncompare'],
  ['a string on the stack',                   'r7 = r10\nr7 += -16\ncompare'],
  ['a string that may be absent',             '*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = text ll\ncall 1\nr7 = r0\ncompare'],
  ...FORMATS.map((format): SettingCase => [`print ${JSON.stringify(format)}, one argument`, print(format, 8)]),
  ['print two numbers, two arguments',        print('%d %d', 16)],
  ['print a number, no argument',             print('%d', 0)],
  ['print nothing, no argument',              print('plain', 0)],
  ['print with half an argument',             print('%d', 12)],
  ['print with any number of arguments',      `text(0)\nr6 = *(u8 *)(r7 + 0)\nif r6 > 8 goto out\n*(u64 *)(r10 - 24) = 0\nr1 = r10\nr1 += -16\nr2 = 8\nr3 = r7\nr4 = r10\nr4 += -24\nr5 = r6\ncall 165`],
]
