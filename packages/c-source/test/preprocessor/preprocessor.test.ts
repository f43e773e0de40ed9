import { describe, expect, it } from 'vitest'
import { preprocess, readSource } from '../../src/index.ts'
import { complaint, expanded, optionsFor, plain, unitOf } from '../read-text.ts'

describe('conditions (C11 6.10.1)', () => {
  // biome-ignore format: table
  it.each([
    ['1', true], ['0', false], ['defined A', true], ['defined(B)', false], ['!defined A || A == 1', true],
    ['-1 > 0u', true], ['-1 > 0', false], ['1 ? 0 : 1/0', false], ['0 && 1/0', false], ['1 || (1/0)', true],
    ["'a' == 97 && '\\377' < 0", true], ['(2 || 3) != 1', false], ['1 << 2 + 1 == 8', true], ['~0u == 18446744073709551615u', true],
    ['NOT_A_MACRO', false], ['A + A == 2', true], ['FUNCTION(2) == 4', true], ['0x7fffffffffffffff + 1 < 0', true],
    ['__has_attribute(packed) && !__has_attribute(no_such)', true], ['__has_include("b.h") && !__has_include(<c.h>)', true],
    ['defined __has_builtin && __has_builtin(__builtin_bswap16)', true], ['__LINE__ == 3', true], ['5 % 3 == 2 && 7 / 2 == 3', true],
    ['__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && defined __bpf__ && !defined __x86_64__', true],
  ])('#if %s is %s', (condition, read) => {
    const text = `#define A 1\n#define FUNCTION(x) (x * 2)\n#if ${condition}\nyes\n#else\nno\n#endif`
    expect(expanded(text, { 'b.h': '' })).toBe(read ? 'yes' : 'no')
  })

  it('reads the first group that holds, and matches those within', () => {
    const text =
      '#if 0\n#if 1\na\n#else\nb\n#endif\n#elif 1\nc\n#elif 1\nd\n#else\ne\n#endif\n#ifdef X\n#elifndef X\nf\n#endif'
    expect(expanded(text)).toBe('c f')
  })
})

describe('macros', () => {
  // biome-ignore format: table
  it.each([
    ['a body may hold nothing',                'A B A',                             '#define A',                                   'B'],
    ['GNU: , ## drops the comma of no argument', 'A(1) A(1,2) A(1,2,3) A()',         '#define A(x, ...) f(x, ## __VA_ARGS__)',       'f ( 1 ) f ( 1 , 2 ) f ( 1 , 2 , 3 ) f ( )'],
    ['GNU: named rest',                        'A(1,2,3)',                          '#define A(x, rest...) x [rest]',              '1 [ 2 , 3 ]'],
    ['a name alone is no call',                'A A(1) (A)(2)',                     '#define A(x) <x>',                            'A < 1 > ( A ) ( 2 )'],
    ['a call goes on past its replacement',    'A(1)',                              '#define A B\n#define B(x) <x>',               '< 1 >'],
    ['a call may span lines',                  'A(1,\n2\n)',                        '#define A(x, y) y x',                         '2 1'],
    ['a macro within its own arguments',       'A(A(A(1)))',                        '#define A(x) [x]',                            '[ [ [ 1 ] ] ]'],
    ['two macros that name each other',        'A B',                               '#define A B + 1\n#define B A + 2',            'A + 2 + 1 B + 1 + 2'],
    ['commas in parentheses separate nothing', 'A((1,2),f(3,4))',                   '#define A(x, y) y x',                         'f ( 3 , 4 ) ( 1 , 2 )'],
    ['brackets and braces do not protect',     'A([1,2])',                          '#define A(x, y) <x|y>',                       '< [ 1 | 2 ] >'],
    ['## before the arguments are replaced',   'A(B,1)',                            '#define A(x, y) x ## y\n#define B 2\n#define B1 3', '3'],
    ['#undef and #define again',               'A\n#undef A\nA\n#define A 2\nA',    '#define A 1',                                 '1 A 2'],
    ['__COUNTER__ counts, __LINE__ is the call\'s', '__COUNTER__ A\n A __COUNTER__', '#define A __LINE__',                          '0 2 3 1'],
    ['__FILE__ is the file\'s name',           '__FILE__',                          '',                                            '"a.c"'],
    ['_Pragma leaves nothing',                 'a A b',                             '#define A _Pragma("GCC x") c',                'a c b'],
    ['# of a string escapes it',               String.raw`A("x\n" 'y')`,            '#define A(x) #x',                             String.raw`"\"x\\n\" 'y'"`],
  ])('%s', (_, text, definitions, result) => {
    expect(expanded(`${definitions}\n${text}`)).toBe(result)
  })

  it('are defined by the caller, with parameters too', () => {
    const options = { ...optionsFor('A B(2)'), defines: { A: '1', 'B(x)': '<x>' } }
    expect(
      preprocess('a.c', options)
        .tokens.map(({ spelling }) => spelling)
        .join(''),
    ).toBe('1<2>')
  })
})

describe('included files', () => {
  const files = {
    'b.h': '#pragma once\nb',
    'include/c.h': '#ifndef C\n#define C\nc\n#endif\n',
    'sub/d.h': '#include "e.h"\nd',
    'sub/e.h': 'e',
  }

  it('are found beside the including file, then in the paths; guards hold', () => {
    const text =
      '#define H <c.h>\n#include "b.h"\n#include "b.h"\n#include H\n#include "c.h"\n#include "sub/d.h"\n#include "sub/../b.h"'
    expect(expanded(text, files)).toBe('b c e d')
  })

  it('that are missing are told, or left out', () => {
    const options = optionsFor('a\n#include <none.h>\nb')
    expect(preprocess('a.c', options).problems.map(String)).toEqual([
      'C_INCLUDE: an included file that was not found (a.c:2:2)',
    ])
    const { tokens, problems } = preprocess('a.c', { ...options, missingIncludes: 'ignore' })
    expect([tokens.length, problems.length]).toEqual([2, 0])
  })

  it('of the compiler are there without any file', () => {
    const text =
      '#include <stdint.h>\n#include <stddef.h>\n#include <stdbool.h>\nstruct s { bool a; uint64_t b; };\nsize_t x = offsetof(struct s, b) + UINT8_MAX;'
    expect(plain(unitOf(text).valueOf('x'))).toBe(8 + 255)
  })

  it('#include_next goes on behind the folder of the including file', () => {
    const all = { 'c.h': '#include_next <c.h>\nouter', ...files }
    expect(expanded('#include <c.h>', all)).toBe('c outer')
  })
})

describe('what is wrong with a directive is told where it stands, and the rest is read', () => {
  // biome-ignore format: table
  it.each([
    ['#if without #endif',              'a\n#if 1\nb',            'C_DIRECTIVE 2:2'],
    ['#endif without #if',              '#endif',                 'C_DIRECTIVE 1:2'],
    ['#else twice',                     '#if 1\n#else\n#else\n#endif', 'C_DIRECTIVE 3:2'],
    ['a condition that is none',        '#if 1 +\n#endif',        'C_DIRECTIVE 1:2'],
    ['a division by zero',              '#if 1 / 0\n#endif',      'C_VALUE 1:7'],
    ['an unknown directive',            '#frob x',                'C_DIRECTIVE 1:2'],
    ['#error',                          '#error no good',         'C_DIRECTIVE 1:2'],
    ['#define without a name',          '#define',                'C_MACRO 1:2'],
    ['a parameter twice',               '#define A(x, x) x',      'C_MACRO 1:14'],
    ['## at the end',                   '#define A(x) x ##',      'C_MACRO 1:16'],
    ['# before no parameter',           '#define A(x) # y',       'C_MACRO 1:16'],
    ['a redefinition',                  '#define A 1\n#define A 2', 'C_MACRO 2:9'],
    ['too many arguments',              '#define A(x) x\nA(1, 2)', 'C_MACRO 2:1'],
    ['a call without its end',          '#define A(x) x\nA(1',    'C_MACRO 2:1'],
    ['## that makes no token',          '#define A(x) x ## +\nint x = A(1);', 'C_MACRO 2:9'],
    ['#pragma pack',                    '#pragma pack(1)',        'C_DIRECTIVE 1:2'],
    ['an #include without a file',      '#include 1',             'C_DIRECTIVE 1:2'],
  ])('%s', (_, text, told) => {
    expect(complaint(`${text}\n`)).toBe(told)
  })

  it('the same definition again is no redefinition', () => {
    expect(expanded('#define A(x) x + 1\n#define A( x )  x  + 1\nA(2)')).toBe('2 + 1')
  })
})

describe('a prelude', () => {
  it('has its macros, types and guards in scope, and is not changed', () => {
    const files = {
      'big.h':
        '#ifndef BIG\n#define BIG 2\nstruct s { int a[BIG]; };\nstruct later;\nenum { E = 5 };\nstatic int y = E;\n#endif\n',
    }
    const prelude = readSource('big.h', optionsFor('', files))
    const text =
      '#include "big.h"\nstruct later { char c; };\nint x = sizeof(struct s) + E + BIG + sizeof(struct later);'
    for (const round of [1, 2]) {
      const options = optionsFor(text, files)
      const read = (path: string): string | undefined => (path === 'big.h' ? undefined : options.read(path))
      // The guard is known: a file that has nothing left to say is found, but not read.
      const unit = readSource('a.c', { ...options, read: (path) => (path === 'big.h' ? '' : read(path)), prelude })
      expect(unit.problems, `round ${round}`).toEqual([])
      expect(plain(unit.valueOf('x'))).toBe(8 + 5 + 2 + 1)
      expect(plain(unit.valueOf('y'))).toBe(5)
    }
    expect(prelude.variables.has('x')).toBe(false)
  })
})
