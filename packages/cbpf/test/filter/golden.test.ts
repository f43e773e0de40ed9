import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LINK_TYPES } from '../../src/index.ts'
import { EXPRESSIONS, LINK_EXPRESSIONS } from './expressions.ts'
import { RandomExpressions } from './random-expressions.ts'
import { type FilterCase, ourAnswer, tcpdumpAnswer } from './tcpdump-filter.ts'

/** What tcpdump 4.99.3 with libpcap 1.10.3 said: link layer, `-O` or `-`, expression, answer. BLESS=1 asks again. */
const GOLDEN = new URL('filters.golden.txt', import.meta.url)

function* allCases(): Generator<FilterCase> {
  for (const optimize of [true, false]) {
    for (const expression of EXPRESSIONS) yield { linkType: 'EN10MB', optimize, expression }
    for (const { name } of LINK_TYPES.slice(1)) {
      for (const expression of LINK_EXPRESSIONS) yield { linkType: name, optimize, expression }
    }
    const random = new RandomExpressions(4711)
    for (let count = 0; count < 60; count++) yield { linkType: 'EN10MB', optimize, expression: random.next() }
  }
}

const keyOf = ({ linkType, optimize, expression }: FilterCase): string =>
  `${linkType}\t${optimize ? '-' : '-O'}\t${expression}`

if (process.env['BLESS'] === '1') {
  writeFileSync(GOLDEN, [...allCases()].map((filter) => `${keyOf(filter)}\t${tcpdumpAnswer(filter)}\n`).join(''))
}

const answers = new Map(
  readFileSync(GOLDEN, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): [string, string] => {
      const tab = line.lastIndexOf('\t')
      return [line.slice(0, tab), line.slice(tab + 1)]
    }),
)

test('filters are compiled to the instructions that libpcap makes, or refused with its words', () => {
  const cases = [...allCases()]
  expect(answers.size).toBeGreaterThan(900)
  for (const filter of cases) {
    const key = keyOf(filter)
    expect(`${key}\t${ourAnswer(filter)}`).toBe(`${key}\t${answers.get(key)}`)
  }
  expect([...answers.values()].filter((answer) => answer.startsWith('error')).length).toBeLessThan(200)
})
