import { describe, expect, it } from 'vitest'
import { CSourceError, readSource } from '../src/index.ts'
import { complaint, optionsFor, valueOfX } from './read-text.ts'

const DEEP = 100_000

describe('hostile text ends in one located error', () => {
  // biome-ignore format: table
  it.each([
    ['parentheses',            `int x = ${'('.repeat(DEEP)}1${')'.repeat(DEEP)};`,                     'C_LIMIT'],
    ['unary operators',        `int x = ${'-~'.repeat(DEEP)}1;`,                                       'C_LIMIT'],
    ['casts',                  `int x = ${'(int)'.repeat(DEEP)}1;`,                                    'C_LIMIT'],
    ['choices',                `int x = ${'1 ? 2 : '.repeat(DEEP)}1;`,                                 'C_LIMIT'],
    ['braces',                 `int x = ${'{'.repeat(DEEP)}1${'}'.repeat(DEEP)};`,                     'C_LIMIT'],
    ['pointers',               `int ${'*'.repeat(DEEP)}x = 0;`,                                        'C_LIMIT'],
    ['declarators',            `int ${'('.repeat(DEEP)}x${')'.repeat(DEEP)} = 0;`,                     'C_LIMIT'],
    ['dimensions',             `int x${'[1]'.repeat(DEEP)} = { 0 };`,                                  'C_LIMIT'],
    ['structures',             `${'struct { '.repeat(DEEP)} int x; ${'};'.repeat(DEEP)}`,              'C_LIMIT'],
    ['postfix operators',      `int a[1]; int x = a${'[0]'.repeat(DEEP)};`,                            'C_LIMIT'],
    ['conditions',             `#if ${'('.repeat(DEEP)}1${')'.repeat(DEEP)}\n#endif\n`,                'C_LIMIT'],
    ['conditions of !',        `#if ${'!'.repeat(DEEP)}1\n#endif\n`,                                   'C_LIMIT'],
    ['macro arguments',        `#define A(x) x\nint x = ${'A('.repeat(5000)}1${')'.repeat(5000)};`,    'C_LIMIT'],
    ['an array too long',      'int x[1ull << 62];',                                                   'C_VALUE'],
    ['a range too long',       'int x[] = { [0 ... 1000000000] = 1 };',                                'C_VALUE'],
    ['an index below zero',    'int x[] = { [-1] = 1 };',                                              'C_VALUE'],
  ])('%s', (_, text, code) => {
    expect(complaint(text).split(' ')[0]).toBe(code)
  })

  it('a file that includes itself twice', () => {
    const read = (path: string): string | undefined => (path === 'a.c' ? '#include "a.c"\n#include "a.c"\n' : undefined)
    expect(() => readSource('a.c', { read, includePaths: [] })).toThrow(CSourceError)
  })

  it('macros that double fifty times', () => {
    const lines = Array.from({ length: 50 }, (_, index) => `#define A${index + 1} A${index} A${index}`)
    const text = `#define A0 1\n${lines.join('\n')}\nA50\n`
    expect(() => readSource('a.c', optionsFor(text))).toThrow(expect.objectContaining({ code: 'C_LIMIT' }))
  })

  it('a chain of operators is as long as it likes', () => {
    expect(valueOfX(`int x = ${Array.from({ length: DEEP }, () => '1').join(' + ')};`)).toBe(DEEP)
  })
})
