import { expect, test } from 'vitest'
import { BTF_KIND, BtfBuilder, JsonText, ValueJson } from '../src/index.ts'

const K = BTF_KIND
const builder = new BtfBuilder()
const int = (name: string, sizeBytes: number, encoding = 0): number =>
  builder.add({ kind: K.INT, name, sizeBytes, encoding, bitOffset: 0, bits: 8 * sizeBytes })
const array = (elementTypeId: number, length: number): number =>
  builder.add({ kind: K.ARRAY, name: '', elementTypeId, indexTypeId: u32, length })
const member = (name: string, typeId: number, bitOffset: number, bitfieldBits = 0) => ({
  name,
  typeId,
  bitOffset,
  bitfieldBits,
})

const u32 = int('unsigned int', 4)
const s8 = int('signed char', 1, 1)
const char = int('char', 1, 1)
const bool = int('_Bool', 1, 4)
const u128 = int('__int128', 16)
const letter = int('letter', 1, 2)
const float = builder.add({ kind: K.FLOAT, name: 'float', sizeBytes: 4 })
const pointer = builder.add({ kind: K.PTR, name: '', typeId: 0 })
const typedChar = builder.add({ kind: K.TYPEDEF, name: 'c_t', typeId: char })
const constChar = builder.add({ kind: K.CONST, name: '', typeId: char })
const colours = [
  { name: 'RED', value: 0n },
  { name: 'OLD', value: 0x80000001n },
]
const colour = builder.add({ kind: K.ENUM, name: 'colour', sizeBytes: 4, signed: false, values: colours })
const bits = [member('a', u32, 0, 3), member('b', u32, 3, 20), member('c', u32, 23, 9)]
const bitfields = builder.add({ kind: K.STRUCT, name: 'bits', sizeBytes: 4, kindFlag: true, members: bits })
const broken = [member('x', u32, 0), member('y', float, 32), member('z', u32, 64)]
const withFloat = builder.add({ kind: K.STRUCT, name: 'f', sizeBytes: 12, kindFlag: false, members: broken })
const variable = builder.add({ kind: K.VAR, name: 'count', typeId: u32, linkage: 1 })
const entries = [{ typeId: variable, offsetBytes: 4, sizeBytes: 4 }]
const section = builder.add({ kind: K.DATASEC, name: '.bss', sizeBytes: 8, entries })
const [text, typedText, constText, table] = [
  array(char, 4),
  array(typedChar, 2),
  array(constChar, 3),
  array(array(s8, 2), 2),
]
const btf = builder.build()

/** Texts are bpftool's: for people, and with -j. */
// biome-ignore format: table
test.for([
  ['a number',                       u32,       [1, 2, 0, 0x80],                 '2147484161',                   '2147484161'],
  ['a signed one',                   s8,        [0x80],                          '-128',                         '-128'],
  ['128 bits',                       u128,      [3, ...Array(8).fill(0), 1],     '0x1000000000000000003',        '"0x1000000000000000003"'],
  ['true',                           bool,      [2],                             'true',                         'true'],
  ['a letter',                       letter,    [0x61],                          '"a"',                          '"a"'],
  ['no letter',                      letter,    [0x1f],                          '0x1f',                         '"\\u001f"'],
  ['NULL',                           pointer,   [],                              '"(nil)"',                      '0'],
  ['an address',                     pointer,   [0xef, 0xbe],                    '"0xbeef"',                     '48879'],
  ['an enumerator',                  colour,    [0, 0, 0, 0],                    '"RED"',                        '"RED"'],
  ['one from 2^31 on',               colour,    [1, 0, 0, 0x80],                 '"OLD"',                        '"OLD"'],
  ['no enumerator',                  colour,    [0xff, 0xff, 0xff, 0xff],        '-1',                           '-1'],
  ['text',                           text,      [0x68, 0x22, 0, 0xff],           '"h\\""',                       '"h\\""'],
  ['text without an end',            text,      [0x68, 0x68, 0x68, 0x68],        '[104,104,104,104\n]',          '[104,104,104,104]'],
  ['text of const',                  constText, [0x68, 0, 0],                    '"h"',                          '"h"'],
  ['numbers: no text by typedef',    typedText, [0x68, 0],                       '[104,0\n]',                    '[104,0]'],
  ['rows',                           table,     [1, 2, 3, 0xff],                 '[[1,2\n    ],[3,-1\n    ]\n]', '[[1,2],[3,-1]]'],
  ['bit-fields',                     bitfields, [0xfd, 0xff, 0x7f, 0x80],        '{\n    "a": 0x5,\n    "b": 0xfffff,\n    "c": 0x100\n}', '{"a":"0x5","b":"0xfffff","c":"0x100"}'],
  ['a section',                      section,   [9, 9, 9, 9, 5],                 '{\n    ".bss": [{\n            "count": 5\n        }\n    ]\n}', '{".bss":[{"count":5}]}'],
  ['what ends at a float',           withFloat, [7],                             '{\n    "x": 7,\n    "y": (unsupported-kind\n}', '{"x":7,"y":(unsupported-kind}'],
] as const)('%s', ([, typeId, bytes, plain, json]) => {
  const shown = (isPlain: boolean): string => {
    const text = new JsonText({ pretty: isPlain })
    new ValueJson(btf, text, { isPlain }).put(typeId, Uint8Array.from(bytes))
    return text.toString()
  }
  expect([shown(true), shown(false)]).toEqual([`${plain}\n`, `${json}\n`])
})
