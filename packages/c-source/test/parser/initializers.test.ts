import { describe, expect, it } from 'vitest'
import { readSource } from '../../src/index.ts'
import { gccBytes, NO_GCC } from '../outside.ts'
import { complaint, optionsFor, plain, unitOf, valueOfX } from '../read-text.ts'

/** What each comes to is the examples' own word (C11 6.7.9), or GNU's manual's. */
describe('initialisers', () => {
  // biome-ignore format: table
  it.each([
    ['6.7.9, example 2: an array is completed',    'int x[] = { 1, 3, 5 };',                                [1, 3, 5]],
    ['6.7.9, example 3: fully bracketed',          'int x[4][3] = { { 1, 3, 5 }, { 2, 4, 6 }, { 3, 5, 7 }, };', [[1, 3, 5], [2, 4, 6], [3, 5, 7]]],
    ['6.7.9, example 3: without inner braces',     'int x[4][3] = { 1, 3, 5, 2, 4, 6, 3, 5, 7 };',          [[1, 3, 5], [2, 4, 6], [3, 5, 7]]],
    ['6.7.9, example 4: the first column',         'int x[4][3] = { { 1 }, { 2 }, { 3 }, { 4 } };',         [[1], [2], [3], [4]]],
    ['6.7.9, example 5: inconsistently bracketed', 'struct { int a[3], b; } x[] = { { 1 }, 2 };',           [{ a: [1] }, { a: [2] }]],
    ['6.7.9, example 6: three levels',             'short x[4][3][2] = { { 1 }, { 2, 3 }, { 4, 5, 6 } };',  [[[1]], [[2, 3]], [[4, 5], [6]]]],
    ['6.7.9, example 8: strings',                  'char x[2][4] = { "abc", { "ab" } };',                   ['abc', 'ab']],
    ['6.7.9, example 9: indexes',                  'enum { one, two }; const char *x[] = { [two] = "two", [one] = "one" };', ['one', 'two']],
    ['6.7.9, example 10: members',                 'struct { int quot, rem; } x = { .quot = 2, .rem = -1 };', { quot: 2, rem: -1 }],
    ['6.7.9, example 11: indexes and members',     'struct { int a[3], b; } x[] = { [0].a = { 1 }, [1].a[0] = 2 };', [{ a: [1] }, { a: [2] }]],
    ['6.7.9, example 12: ends of an array',        'int x[10] = { 1, 3, 5, 7, 9, [10 - 5] = 8, 6, 4, 2, 0 };', [1, 3, 5, 7, 9, 8, 6, 4, 2, 0]],
    ['6.7.9, example 13: any member of a union',   'union { int any; char *p; } x = { .p = "s" };',         { p: 's' }],
    ['a union takes its first member',             'union { int a; char b[4]; } x = { 7 };',                { a: 7 }],
    ['the last one given counts',                  'int x[] = { [0] = 1, [1] = 2, [0] = 3 };',              [3, 2]],
    ['another member of a union replaces',         'union { int a; short b; } x = { .a = 1, .b = 2 };',     { b: 2 }],
    ['GNU ranges',                                 'int x[] = { [1 ... 3] = 5, 6 };',                       [0, 5, 5, 5, 6]],
    ['GNU: name: value',                           'struct { int a, b; } x = { b: 2, a: 1 };',              { b: 2, a: 1 }],
    ['designators go on from there',               'struct { int a; struct { int b, c; } d; int e; } x = { .d.b = 1, 2, 3 };', { d: { b: 1, c: 2 }, e: 3 }],
    ['nested ones add to what was given',          'struct { struct { int b, c; } d; } x = { .d = { 1, 2 }, .d.c = 3 };', { d: { b: 1, c: 3 } }],
    ['anonymous members by their names',           'struct { union { struct { int a, b; }; long c; }; int d; } x = { .b = 1, .d = 2 };', { b: 1, d: 2 }],
    ['anonymous members by their place',           'struct { int z; struct { int a, b; }; int d; } x = { 1, 2, 3, 4 };', { z: 1, a: 2, b: 3, d: 4 }],
    ['anonymous members in braces',                'struct { int z; struct { int a, b; }; int d; } x = { 1, { 2 }, 4 };', { z: 1, a: 2, d: 4 }],
    ['bit-fields wrap, unnamed ones are passed',   'struct { unsigned a : 4, : 3, b : 2; int c : 2; } x = { 17, 5, 3 };', { a: 1, b: 1, c: -1 }],
    ['values take their member\'s type',           'struct { unsigned char a; short b; _Bool c; } x = { -1, 65535, 2 };', { a: 255, b: -1, c: 1 }],
    ['a compound literal is a whole value',        'struct s { int a, b; }; struct s x[] = { (struct s){ 1, 2 }, 3, 4 };', [{ a: 1, b: 2 }, { a: 3, b: 4 }]],
    ['a string fills an array of characters',      'struct { char a[3]; char *b; } x = { "abcd", "ef" };',  { a: 'abc', b: 'ef' }],
    ['a scalar in braces',                         'int x = { 5 };',                                        5],
    ['an empty brace (GNU)',                       'struct { int a; } x = { };',                            {}],
    ['a pointer to a compound literal',            'int *x = (int[]){ 1, 2 };',                             [1, 2]],
    ['a macro that gives two elements',            '#define TWO 1, 2\nint x[] = { TWO, 3 };',               [1, 2, 3]],
  ])('%s', (_, text, value) => {
    expect(valueOfX(text)).toEqual(value)
  })

  it('count the elements of the array that they complete', () => {
    const unit = unitOf(
      'static struct { int a; } x[] = { [7] = { 1 } }; int n = sizeof(x) / sizeof(x[0]); char s[] = "abc";',
    )
    expect(plain(unit.valueOf('n'))).toBe(8)
    expect(unit.variables.get('s')?.type).toMatchObject({ kind: 'array', length: 4 })
  })

  it('tell where their braces stand: in the file, not where a macro is defined', () => {
    const { elements } = unitOf('#define ROW(a) { a }\nstruct { int a; } x[] = {\n  ROW(1),\n  { 2 } };').valueOf(
      'x',
    ) as never as {
      elements: { span: object }[]
    }
    expect(elements.map(({ span }) => span)).toEqual([
      { file: 'a.c', line: 3, column: 3 },
      { file: 'a.c', line: 4, column: 3 },
    ])
  })

  // biome-ignore format: table
  it.each([
    ['too many elements',     'int x[2] = { 1, 2, 3 };',                        'C_VALUE 1:20'],
    ['too many members',      'struct { int a; } x = { 1, 2 };',                'C_VALUE 1:28'],
    ['an unknown member',     'struct { int a; } x = { .b = 1 };',              'C_NAME 1:25'],
    ['an index past the end', 'int x[2] = { [2] = 1 };',                        'C_VALUE 1:15'],
    ['a list for a number',   'int x = { 1, 2 };',                              'C_VALUE 1:9'],
    ['a record not defined',  'struct s; struct s x = { 1 };',                  'C_NAME 1:24'],
    ['a number for a record', 'struct { int a; } x = 1;',                       'C_VALUE 1:23'],
    ['a range backwards',     'int x[] = { [2 ... 1] = 1 };',                   'C_VALUE 1:13'],
    ['no comma',              'int x[] = { 1 2 };',                             'C_SYNTAX 1:15'],
  ])('what does not fit is told: %s', (_, text, told) => {
    expect(complaint(text)).toBe(told)
  })

  it('tell of elements of a table that can not be read, and leave those out', () => {
    const unit = unitOf('struct { int a; } x[] = { { 1 }, { no_such }, { 3 }, [5] = { 1, 2 }, { 7 } };')
    const told: string[] = []
    const value = unit.valueOf('x', (error, index) => void told.push(`${index} ${(error as { code?: string }).code}`))
    expect(plain(value)).toEqual([{ a: 1 }, 0, { a: 3 }, 0, { a: 7 }])
    expect(told).toEqual(['1 C_NAME', '3 C_VALUE'])
    expect(() => unit.valueOf('x')).toThrow(expect.objectContaining({ code: 'C_NAME' }))
  })

  it('are not read before they are asked for', () => {
    const unit = readSource('a.c', optionsFor('int y = no_such; int x = 1;'))
    expect(unit.problems).toEqual([])
    expect(plain(unit.valueOf('x'))).toBe(1)
    expect(() => unit.valueOf('y')).toThrow(expect.objectContaining({ code: 'C_NAME' }))
    expect(() => unit.valueOf('z')).toThrow(expect.objectContaining({ code: 'C_NAME' }))
  })
})

const OBJECTS = [
  'struct { unsigned char code; unsigned char dst : 4, src : 4; short off; int imm; } x[3] = { { 0xb7, 1, 2, -1, 5 }, { .imm = 0xdeadbeef, .dst = 10 } };',
  'struct { char a; struct { short b; long c : 40, d : 24; } e[2]; union { int f; char g[6]; }; } x = { 1, { { 2, 3, 4 }, { .d = -1 } }, .g = "hello" };',
  'struct __attribute__((packed)) { char a; long b : 37; int c : 27; short d[3]; } x = { 1, -2, 3, { [1 ... 2] = 0x1234 } };',
  'struct { int a : 3, : 5, b : 9; char c; long long d; } x[2][2] = { { { 1, 2, 3, 4 }, { 5 } }, [1][1] = { .d = 1ull << 63 } };',
  'union { struct { char a, b; } c; unsigned long d; } x[] = { { { 1, 2 } }, { .d = 0x1122334455667788 } };',
]

it('objects have the bytes that gcc gives them', ({ skip }) => {
  if (NO_GCC !== undefined) return skip(NO_GCC)
  for (const text of OBJECTS) {
    const bytes = gccBytes(text)
    const unit = unitOf(text)
    const ours = Array.from({ length: bytes.length / 2 }, (_, index) => {
      const byte = unit.evaluateText(
        `((const unsigned char *)&(typeof(x))${text.slice(text.indexOf('= {') + 2, -1)})[${index}]`,
      )
      return byte.kind === 'number' ? byte.value.toString(16).padStart(2, '0') : byte.kind
    })
    expect(ours.join(''), text).toBe(bytes)
  }
})
