import { describe, expect, it } from 'vitest'
import { preprocess } from '../../src/index.ts'
import { complaint, expanded, optionsFor } from '../read-text.ts'

const placed = (text: string): string[] =>
  preprocess('a.c', optionsFor(text)).tokens.map(({ spelling, line, column }) => `${spelling} ${line}:${column}`)

describe('tokens (C11 6.4)', () => {
  // biome-ignore format: table
  it.each([
    ['the longest punctuator wins (6.4, example 2)',     'x+++++y',                   'x ++ ++ + y'],
    ['a pp-number takes letters, dots, signs of exponents', '1Ex 0xe+1 .5e-3f 1..2',  '1Ex 0xe+1 .5e-3f 1..2'],
    ['ellipsis is one token, two dots are two',          'a... b.. c',                'a ... b . . c'],
    ['strings and characters keep their spelling',       String.raw`"a\"b" 'c\'' L"d" u8"e" L 'f'`, String.raw`"a\"b" 'c\'' L"d" u8"e" L 'f'`],
    ['comments are white space',                         'a/* b\n*/c//d\ne/**/f',     'a c e f'],
    ['no comment begins in a string',                    '"/*" a "*/"',               '"/*" a "*/"'],
    ['a splice joins names, numbers and operators',      'ab\\\nc 1\\\n2 "x\\\ny"',   'abc 12 "xy"'],
    ['a splice goes on with a line comment',             'a // b \\\n c\nd',          'a d'],
    ['a splice may end with a carriage return',          'a\\\r\nb\r\nc',             'ab c'],
    ['a dollar sign and letters past ASCII are in names', '$a naïve_x',               '$a naïve_x'],
  ])('%s', (_, text, tokens) => {
    expect(expanded(text)).toBe(tokens)
  })

  it('stand where they begin, lines and columns from 1', () => {
    expect(placed('a bc\n  /* x\n */ d\\\ne f')).toEqual(['a 1:1', 'bc 1:3', 'de 3:5', 'f 4:3'])
  })

  it('of a macro stand where the outermost call does, arguments where they are written', () => {
    expect(placed('#define ONE 1\n#define ADD(a) (ONE + a)\n x = ADD(\n  y);')).toEqual([
      'x 3:2',
      '= 3:4',
      '( 3:6',
      '1 3:6',
      '+ 3:6',
      'y 4:3',
      ') 3:6',
      '; 4:5',
    ])
  })
})

describe('what is no token', () => {
  it.each([
    ['an unfinished comment', 'int a; /* b', 'C_TOKEN 1:8'],
    ['an unfinished string', 'char *x = "abc;\n', 'C_TOKEN 1:11'],
    ['an unfinished character', "int x = 'a;\n", 'C_TOKEN 1:9'],
    ['a stray character', 'int x = 1 @ 2;', 'C_TOKEN 1:11'],
    ['a number with a foreign suffix', 'int x = 12abc;', 'C_TOKEN 1:9'],
    ['an escape that C does not have', String.raw`char x[] = "\q";`, 'C_TOKEN 1:12'],
    ['an empty character', "int x = '';", 'C_TOKEN 1:9'],
  ])('%s is told with its place', (_, text, told) => {
    expect(complaint(text)).toBe(told)
  })

  it('is no matter in a group that is left out', () => {
    expect(expanded('#if 0\nit\'s "so\n#endif\na')).toBe('a')
  })
})
