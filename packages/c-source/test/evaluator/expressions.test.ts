import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clangNumbers, NO_CLANG } from '../outside.ts'
import { complaint, plain, unitOf, valueOfX } from '../read-text.ts'

describe('constant expressions', () => {
  // biome-ignore format: table
  it.each([
    ['0xcafe4all is 0xcafe4a with the suffix ll', 'sizeof(0xcafe4all) * 0x1000000 + 0xcafe4all', 8 * 0x1000000 + 0xcafe4a],
    ['the type of a hex constant may be unsigned', '-0xffffffff > 0',              1],
    ['that of a decimal one is not',               '-4294967295 < 0',              1],
    ['~0U has 32 bits',                            '~0U',                          4294967295],
    ['(int)~0 is negative',                        '(int)~0U',                     -1],
    ['arithmetic shifts keep the sign',            '-8 >> 1',                      -4],
    ['unsigned char wraps',                        '(unsigned char)300',           44],
    ['_Bool is 0 or 1',                            '(_Bool)256 + (_Bool)0',        1],
    ['characters are signed',                      "'\\xff'",                      -1],
    ['several characters are one int',             "'ab'",                         0x6162],
    ['a choice has the common type',               '(1 ? -1 : 0u) > 0',            1],
    ['GNU leaves the middle out',                  '5 ?: 6',                       5],
    ['what is not chosen need not be constant',    '1 ? 2 : f()',                  2],
    ['sizeof does not evaluate',                   'sizeof(f()) + sizeof f',       5],
    ['sizeof of an array, of its element',         'sizeof(arr) / sizeof arr[0]',  3],
    ['offsetof, through the builtin',              '__builtin_offsetof(struct s, in.b[1])', 12],
    ['offsetof, through a null pointer',           '(unsigned long)&((struct s *)0)->in.b[1]', 12],
    ['alignments',                                 '_Alignof(struct s) * 10 + __alignof__(char)', 41],
    ['__builtin_bswap16, 32',                      '__builtin_bswap16(0x1234) + __builtin_bswap32(1)', 0x3412 + 0x1000000],
    ['__builtin_constant_p',                       '__builtin_constant_p(1) * 2 + __builtin_constant_p(f())', 2],
    ['__builtin_choose_expr',                      '__builtin_choose_expr(0, f(), 3)', 3],
    ['__builtin_types_compatible_p',               '__builtin_types_compatible_p(int, const int) + __builtin_types_compatible_p(int, long)', 1],
    ['enumerators count on',                       'A * 100 + B * 10 + C',         5 * 100 + 6 * 10 - 1],
    ['a const variable is a constant to clang',    'k + 1',                        8],
    ['a compound literal read as an integer',      '*(int *)&((struct bits){ .lo = 3, .hi = 5 })', 0x53],
    ['a member of a compound literal',             '((struct bits){ 1, 2 }).hi',   2],
    ['an element of a string',                     '"abc"[1]',                     98],
    ['pointer differences count elements',         '(int)(&arr[2] - &arr[0])',     2],
    ['nothing named is at address 0',              '&arr[0] != 0 && &f',           1],
    ['typeof an expression',                       'sizeof(typeof(arr[0] + 1ll))', 8],
    ['commas give the last value',                 '(1, 2)',                       2],
  ])('%s', (_, expression, value) => {
    const text = `
      int f(void); enum { A = 5, B, C = -1 }; static const int k = 7; static int arr[3];
      struct s { int a; struct { int pad; int b[2]; } in; }; struct bits { unsigned lo : 4, hi : 4; };
      long x = ${expression};`
    expect(valueOfX(text)).toBe(value)
  })

  // biome-ignore format: table
  it.each([
    ['a function',                 'void (*x)(void) = f;',        '&f'],
    ['its address',                'void *x = &f;',               '&f'],
    ['an array',                   'int *x = arr;',               '&arr'],
    ['an element',                 'int *x = &arr[2];',           '&arr+8'],
    ['an address plus a number',   'int *x = arr + 1;',           '&arr+4'],
    ['a member',                   'int *x = &st.b;',             '&st+4'],
    ['an address as an integer',   'long x = (long)&st + 3;',     '&st+3'],
    ['a string',                   'const char *x = "a" "b";',    'ab'],
    ['a null pointer',             'void *x = 0;',                0],
    ['another constant pointer',   'static int *const p = &arr[1]; int *x = p;', '&arr+4'],
  ])('addresses: %s', (_, declaration, value) => {
    expect(valueOfX(`void f(void); int arr[3]; struct { int a, b; } st; ${declaration}`)).toBe(value)
  })

  it('of asm operands: a variable stands for itself', () => {
    const unit = unitOf('int v[4]; int w; void f(void) { asm ("" : : "i"(w), "p"(&v[1]), "r"(f), "i"(2 * 3)); }')
    const operands = unit.definitions[0]?.asm?.[0]?.inputs.map(({ expression }) => plain(unit.evaluate(expression)))
    expect(operands).toEqual(['&w', '&v+4', '&f', 6])
  })

  it('are read as text, with the macros and types at the end of the file', () => {
    const unit = unitOf('struct s { char c; long l; };\n#define TWICE(x) ((x) * 2)\nenum { N = 3 };')
    expect(plain(unit.evaluateText('TWICE(N) + sizeof(struct s)'))).toBe(22)
    expect(() => unit.evaluateText('N N')).toThrow(expect.objectContaining({ code: 'C_SYNTAX' }))
    expect(() => unit.evaluateText('M')).toThrow(expect.objectContaining({ code: 'C_NAME' }))
  })
})

describe('what is no constant is told where it stands', () => {
  // biome-ignore format: table
  it.each([
    ['a call',                    'int f(void); int x = f();',             'C_VALUE 1:23'],
    ['a variable',                'int y = 1; int x = y;',                 'C_VALUE 1:20'],
    ['an unknown name',           'int x = y;',                            'C_NAME 1:9'],
    ['an unknown member',         'struct s { int a; } s; int *x = &s.b;', 'C_NAME 1:35'],
    ['a division by zero',        'int x = 1 / 0;',                        'C_VALUE 1:11'],
    ['a shift too far',           'int x = 1 << 32;',                      'C_VALUE 1:11'],
    ['itself',                    'static const int x = x + 1;',           'C_VALUE 1:18'],
    ['a statement expression',    'int x = ({ 1; });',                     'C_VALUE 1:9'],
    ['a floating constant',       'int x = 1.5;',                          'C_VALUE 1:9'],
    ['an assignment',             'int y; int x = y = 1;',                 'C_VALUE 1:18'],
    ['half an address',           'int y; short x = (short)(long)&y;',     'C_VALUE 1:18'],
    ['past 64 bits',              'long x = 0x10000000000000000;',         'C_VALUE 1:10'],
  ])('%s', (_, text, told) => {
    expect(complaint(text)).toBe(told)
  })
})

const LITERALS = [
  '0',
  '1',
  '2',
  '7',
  '31',
  '255',
  '-1',
  '0x80',
  '0xffffu',
  '65536',
  '0x7fffffff',
  '0x80000000',
  '0xffffffff',
]
const WIDE = [
  '0xffffffffull',
  '0x100000000',
  '0x8000000000000000ull',
  '-1ll',
  '0x7fffffffffffffffl',
  '1ul',
  "'a'",
  "'\\xff'",
]
const TYPES = ['char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned', 'long', 'unsigned long', '_Bool']

/** Expressions without undefined behaviour: shifts by few bits, of unsigned; divisors that are not zero. */
const expressions = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...LITERALS, ...WIDE).map((text) => `(${text})`),
    fc.tuple(fc.constantFrom('~', '!', '+'), tie('node')).map(([operator, a]) => `(${operator}${a})`),
    fc.tuple(fc.constantFrom(...TYPES), tie('node')).map(([type, a]) => `((${type})${a})`),
    fc
      .tuple(tie('node'), fc.constantFrom('&', '|', '^', '==', '!=', '<', '>', '<=', '>=', '&&', '||'), tie('node'))
      .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    fc
      .tuple(tie('node'), fc.constantFrom('+', '-', '*'), tie('node'))
      .map(([a, operator, b]) => `((unsigned long)${a} ${operator} ${b})`),
    fc.tuple(tie('node'), fc.integer({ min: 0, max: 31 })).map(([a, bits]) => `((unsigned)${a} << ${bits})`),
    fc.tuple(tie('node'), fc.integer({ min: 0, max: 31 })).map(([a, bits]) => `((int)${a} >> ${bits})`),
    fc
      .tuple(tie('node'), fc.constantFrom('/', '%'), fc.constantFrom('3', '7u', '(-5)', '1000ull'))
      .map(([a, operator, b]) => `((short)${a} ${operator} ${b})`),
    fc.tuple(tie('node'), tie('node'), tie('node')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    tie('node').map((a) => `sizeof(${a})`),
    tie('node').map((a) => `__builtin_bswap32(${a})`),
  ),
})).node

const EXPRESSIONS = process.env['THOROUGH'] === '1' ? 20_000 : 1000

it(`${EXPRESSIONS} random expressions have the values that clang gives them`, ({ skip }) => {
  if (NO_CLANG !== undefined) return skip(NO_CLANG)
  const seed = Number(process.env['SEED'] ?? 1)
  const sample = fc.sample(expressions, { numRuns: EXPRESSIONS, seed })
  const theirs = clangNumbers(
    `unsigned long a[] = {\n${sample.map((text) => `(unsigned long)${text}`).join(',\n')}\n};\n`,
  )
  const unit = unitOf('')
  const wrong = sample.flatMap((text, index) => {
    const value = unit.evaluateText(`(unsigned long)${text}`)
    const ours = value.kind === 'number' ? value.value : value.kind
    return ours === theirs[index] ? [] : [`${text}: ${ours}, clang ${theirs[index]}`]
  })
  expect(wrong, `seed ${seed}`).toEqual([])
  expect(theirs.length).toBe(EXPRESSIONS)
})
