import { describe, expect, it } from 'vitest'
import { formatPlace, type Place } from '../src/index.ts'

// biome-ignore format: table
const cases: readonly (readonly [Place, string])[] = [
  [{},                                                      ''],
  [{ input: 'a.o' },                                        'a.o'],
  [{ section: 'xdp' },                                      'section xdp'],
  [{ program: 'filter' },                                   'program filter'],
  [{ map: 'blocked' },                                      'map blocked'],
  [{ offsetBytes: 0 },                                      'offset 0x0'],
  [{ offsetBytes: 255 },                                    'offset 0xff'],
  [{ pc: 0 },                                               'insn 0'],
  [{ source: { file: 'a.c', line: 1 } },                    'a.c:1'],
  [{ source: { file: 'a.c', line: 1, column: 2 } },         'a.c:1:2'],
  [{ pc: 7, section: 'xdp', input: 'a.o' },                 'a.o, section xdp, insn 7'],
]

describe('formatPlace', () => {
  it.each(cases)('%j is "%s", the most specific last', (place, text) => {
    expect(formatPlace(place)).toBe(text)
  })
})
