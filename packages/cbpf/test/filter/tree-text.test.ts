import { expect, test } from 'vitest'
import { compileFilter, describeFilter } from '../../src/index.ts'
import { EXPRESSIONS } from './expressions.ts'

test('a tree tells what belongs together, and what ids take over', () => {
  expect(describeFilter('tcp src port 80 or 443 and not (ip[2:2] - 4 & 0xf >= len or vlan 5)')).toEqual([
    'and',
    '  or',
    '    tcp src port 80',
    '    tcp src port 443',
    '  not',
    '    or',
    '      ((ip[2:2] - 4) & 15) >= len',
    '      vlan 5',
  ])
  expect(describeFilter('ip or arp or rarp')).toEqual(['or', '  ip', '  arp', '  rarp'])
  expect(describeFilter('')).toEqual(['everything'])
})

test('% takes all that follows, as in libpcap', () => {
  expect(describeFilter('7 % 4 * 2 + 1 = len')).toEqual(['(7 % ((4 * 2) + 1)) = len'])
})

/** What a tree says means the same: written on one line, in parentheses, it is compiled to the same program. */
test.for(EXPRESSIONS.filter((text) => text !== ''))('%s', (expression) => {
  const written = sentence(describeFilter(expression))
  expect(compileFilter(written, { optimize: false })).toEqual(compileFilter(expression, { optimize: false }))
})

/** A tree's lines as an expression. */
function sentence(lines: readonly string[]): string {
  const [first = '', ...rest] = lines
  const children = subtrees(rest.map((line) => line.slice(2)))
  if (children.length === 0) return quoted(first)
  if (first === 'not') return `not (${sentence(children[0] as string[])})`
  return children.map((child) => `(${sentence(child)})`).join(` ${first} `)
}

function subtrees(lines: readonly string[]): string[][] {
  const found: string[][] = []
  for (const line of lines) {
    if (line.startsWith(' ')) found.at(-1)?.push(line)
    else found.push([line])
  }
  return found
}

/** Names of protocols behind `proto` are words of the language, too. */
const quoted = (line: string): string => line.replace(/(proto(?:chain)?) (?=[a-z])/, '$1 \\')
