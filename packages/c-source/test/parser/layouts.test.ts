import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CRecord, TranslationUnit } from '../../src/index.ts'
import { clangNumbers, NO_CLANG } from '../outside.ts'
import { unitOf } from '../read-text.ts'

const layoutOf = (unit: TranslationUnit, name: string): string => {
  const { sizeBytes, alignmentBytes, members = [] } = unit.type(name) as CRecord
  const places = members.map(({ name: member, offsetBits, widthBits }) =>
    widthBits === undefined ? `${member}@${offsetBits / 8}` : `${member}@${offsetBits}:${widthBits}`,
  )
  return `${sizeBytes}/${alignmentBytes} ${places.join(' ')}`
}

describe('layouts', () => {
  // biome-ignore format: table
  it.each([
    ['members are aligned, the end too',     'struct s { char a; int b; char c; };',                          '12/4 a@0 b@4 c@8'],
    ['a union is as large as its largest',   'union s { char a[5]; short b; };',                              '6/2 a@0 b@0'],
    ['bit-fields share units',               'struct s { int a : 3, b : 4; char c; };',                       '4/4 a@0:3 b@3:4 c@1'],
    ['one that would cross goes on',         'struct s { int a : 30, b : 4; };',                              '8/4 a@0:30 b@32:4'],
    ['a width of 0 begins a unit',           'struct s { char a : 3; int : 0; char b : 2; };',                '5/1 a@0:3 @32:0 b@32:2'],
    ['packed leaves no gap',                 'struct __attribute__((packed)) s { char a; int b : 12; long c; };', '11/1 a@0 b@8:12 c@3'],
    ['a packed member',                      'struct s { char a; int b __attribute__((packed)); };',          '5/1 a@0 b@1'],
    ['an aligned member',                    'struct s { char a; char b __attribute__((aligned(8))); };',     '16/8 a@0 b@8'],
    ['_Alignas',                             'struct s { char a; _Alignas(long) char b; _Alignas(4) char c; };', '16/8 a@0 b@8 c@12'],
    ['aligned without a number',             'struct s { char a; } __attribute__((aligned));',                '16/16 a@0'],
    ['an aligned type',                      'typedef int t __attribute__((aligned(16))); struct s { char a; t b; };', '32/16 a@0 b@16'],
    ['an aligned record',                    'struct s { int a; } __attribute__((aligned(32)));',             '32/32 a@0'],
    ['a flexible array takes no place',      'struct s { int a; short b[]; };',                               '4/4 a@0 b@4'],
    ['an anonymous record',                  'struct s { int a; struct { char b; long c; }; };',              '24/8 a@0 @8'],
    ['an empty record (GNU)',                'struct s { };',                                                 '0/1 '],
    ['a pointer to itself',                  'struct s { struct s *next; char a; };',                         '16/8 next@0 a@8'],
  ])('%s', (_, text, layout) => {
    expect(layoutOf(unitOf(text), text.startsWith('union') ? 'union s' : 'struct s')).toBe(layout)
  })

  // biome-ignore format: table
  it.each([
    ['enum e { A };',                           4, false], ['enum e { A = -1 };',          4, true],
    ['enum e { A = 0xffffffff };',              4, false], ['enum e { A = 1ull << 40 };',  8, false],
    ['enum e { A = -1, B = 0xffffffff };',      8, true],  ['enum __attribute__((packed)) e { A = 255 };', 1, false],
    ['enum e { A, B = 1ull << 63, C = B | 1 };', 8, false],
  ])('%s', (text, sizeBytes, signed) => {
    expect(unitOf(text).type('enum e')).toMatchObject({ kind: 'enum', sizeBytes, signed })
  })
})

const SCALARS = [
  'char',
  'unsigned char',
  'short',
  'unsigned short',
  'int',
  'unsigned',
  'long',
  'unsigned long long',
  'void *',
  '_Bool',
  '__int128',
  'double',
]
const FIELD_TYPES = [
  ['char', 8],
  ['unsigned short', 16],
  ['int', 32],
  ['unsigned', 32],
  ['long', 64],
  ['_Bool', 1],
] as const
const ATTRIBUTES = [
  '',
  '',
  '',
  '',
  ' __attribute__((packed))',
  ' __attribute__((aligned(4)))',
  ' __attribute__((aligned(16)))',
  ' __attribute__((aligned))',
]

const attribute = fc.constantFrom(...ATTRIBUTES)
const whole = fc.tuple(fc.constantFrom(...SCALARS), fc.constantFrom('', '', '[3]', '[0]', '[2][2]'), attribute).map(
  ([type, array, attributes]) =>
    (name: string) =>
      `${type} ${name}${array}${attributes};`,
)
const field = fc
  .constantFrom(...FIELD_TYPES)
  .chain(([type, bits]) => fc.tuple(fc.constant(type), fc.integer({ min: 0, max: bits }), attribute))
  .map(
    ([type, width, attributes]) =>
      (name: string) =>
        `${type} ${width === 0 ? '' : name} : ${width}${attributes};`,
  )
const nested = fc
  .tuple(fc.constantFrom('struct', 'union'), fc.array(fc.oneof(whole, field), { minLength: 1, maxLength: 4 }))
  .map(
    ([kind, members]) =>
      (name: string) =>
        `${kind} { ${members.map((one, i) => one(`${name}_${i}`)).join(' ')} };`,
  )
const record = fc.tuple(
  fc.constantFrom('struct', 'struct', 'union'),
  fc.array(fc.oneof({ weight: 3, arbitrary: whole }, { weight: 3, arbitrary: field }, nested), {
    minLength: 1,
    maxLength: 7,
  }),
  attribute,
)

const RECORDS = process.env['THOROUGH'] === '1' ? 5000 : 300

it(`${RECORDS} random records are laid out as clang does`, ({ skip }) => {
  if (NO_CLANG !== undefined) return skip(NO_CLANG)
  const seed = Number(process.env['SEED'] ?? 1)
  const sample = fc.sample(record, { numRuns: RECORDS, seed }).map(([kind, members, attributes], index) => ({
    name: `${kind} s${index}`,
    text: `${kind} s${index} { ${members.map((one, at) => one(`m${at}`)).join(' ')} }${attributes};`,
  }))
  const unit = unitOf(sample.map(({ text }) => text).join('\n'))
  const asked = sample.flatMap(({ name, text }) =>
    questions(unit.type(name) as CRecord, name).map((ask) => ({ ask, text })),
  )
  const theirs = clangNumbers(
    `${sample.map(({ text }) => text).join('\n')}\nunsigned long a[] = {\n${asked.map(({ ask }) => ask).join(',\n')}\n};\n`,
  )
  const wrong = asked.flatMap(({ ask, text }, index) => {
    const value = unit.evaluateText(ask)
    const ours = value.kind === 'number' ? value.value : value.kind
    return ours === theirs[index] ? [] : [`${text} ${ask}: ${ours}, clang ${theirs[index]}`]
  })
  expect(wrong, `seed ${seed}`).toEqual([])
  expect(theirs.length).toBe(asked.length)
})

/** Sizes, alignments and places of members; where bit-fields are, shows in what comes after them. */
function questions(record: CRecord, name: string): string[] {
  const places = wholeMembers(record).map((member) => `__builtin_offsetof(${name}, ${member})`)
  return [`sizeof(${name})`, `_Alignof(${name})`, ...places]
}

function wholeMembers({ members = [] }: CRecord): string[] {
  return members.flatMap(({ name, type, widthBits }) => {
    if (name !== '') return widthBits === undefined ? [name] : []
    return type.kind === 'struct' || type.kind === 'union' ? wholeMembers(type) : []
  })
}
