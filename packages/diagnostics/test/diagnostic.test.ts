import { describe, expect, it } from 'vitest'
import { Diagnostic, type DiagnosticFields, isDiagnostic } from '../src/index.ts'

class MapError extends Diagnostic {}

const full: DiagnosticFields = {
  code: 'MAP_MAX_ENTRIES',
  message: 'map has no entries',
  where: { map: 'blocked', source: { file: 'filter.c', line: 12, column: 3, text: '\t__uint(max_entries, 0);' } },
  got: 0,
  expected: 'at least 1',
  hint: 'set max_entries',
}

describe('Diagnostic', () => {
  it('is one line as a string: code, message, place', () => {
    expect(String(new MapError(full))).toBe('MAP_MAX_ENTRIES: map has no entries (map blocked, filter.c:12:3)')
    expect(String(new MapError({ code: 'A', message: 'b' }))).toBe('A: b')
    expect(String(new MapError({ code: 'A', message: 'b', where: {} }))).toBe('A: b')
  })

  it('formats with source text, got, expected and hint, each on its line', () => {
    expect(new MapError(full).format()).toBe(
      [
        'MAP_MAX_ENTRIES: map has no entries',
        '  at       map blocked, filter.c:12:3',
        '           __uint(max_entries, 0);',
        '            ^',
        '  got      0',
        '  expected at least 1',
        '  hint     set max_entries',
      ].join('\n'),
    )
    expect(new MapError({ code: 'A', message: 'b' }).format()).toBe('A: b')
  })

  it('puts a caret below the column, however far the line is indented', () => {
    const quoted = (column: number, text: string): string[] =>
      new MapError({ code: 'A', message: 'b', where: { source: { file: 'f', line: 1, column, text } } })
        .format()
        .split('\n')
        .slice(2)
    expect(quoted(4, '  ab c')).toEqual(['           ab c', '            ^'])
    expect(quoted(4, '\ta\tb')).toEqual(['           a\tb', '            \t^'])
    expect(quoted(3, 'ab ')).toEqual(['           ab', '             ^'])
    expect(quoted(9, 'ab')).toEqual(['           ab'])
  })

  it('has a JSON form with what is known, and no more', () => {
    expect(JSON.parse(JSON.stringify(new MapError(full)))).toEqual(full)
    expect(new MapError({ code: 'A', message: 'b', cause: new Error('c') }).toJSON()).toEqual({
      code: 'A',
      message: 'b',
    })
  })

  it('is an Error with the name of its class, its message and its cause', () => {
    const cause = new RangeError('deep')
    const error = new MapError({ code: 'A', message: 'b', cause })
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.message, error.cause]).toEqual(['MapError', 'b', cause])
    expect('cause' in new MapError({ code: 'A', message: 'b' })).toBe(false)
  })

  it('takes a place that is known later, without losing what is known', () => {
    const error = new MapError({ code: 'A', message: 'b', where: { pc: 3 } })
    expect(error.at({ pc: 9, program: 'filter' })).toBe(error)
    expect(error.where).toEqual({ pc: 3, program: 'filter' })
    expect(error.at({ input: 'a.o' }).where).toEqual({ pc: 3, program: 'filter', input: 'a.o' })
  })
})

describe('isDiagnostic', () => {
  it('tells a Diagnostic from other errors and values', () => {
    expect(isDiagnostic(new MapError(full))).toBe(true)
    expect(isDiagnostic(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false)
    expect([new Error('x'), undefined, null, 'A: b', { code: 'A', format: () => '' }].some(isDiagnostic)).toBe(false)
  })

  it('knows one of another copy of the package', () => {
    const other = Object.assign(new Error('x'), { code: 'A', format: () => 'A: x' })
    expect(isDiagnostic(other)).toBe(true)
  })
})
