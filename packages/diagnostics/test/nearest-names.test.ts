import { expect, test } from 'vitest'
import { nearestNames } from '../src/index.ts'

// biome-ignore format: table
test.each([
  ['a letter swapped',        'fliter',             ['pass', 'filter'],           'did you mean filter?'],
  ['the nearest first',       'etho',               ['eth10', 'eth0', 'wlan0'],   'did you mean eth0, eth10?'],
  ['capitals do not count',   'RINGSIZE',           ['ringSize', 'queues'],       'did you mean ringSize?'],
  ['nothing near',            'x-ray-of-something', ['a', 'b'],                   'there are: a, b'],
  ['no names at all',         'x',                  [],                           'there are none'],
])('%s', (_, wrong, names, hint) => {
  expect(nearestNames(wrong, names)).toBe(hint)
})

test('words and lists of any length give a short hint, soon', () => {
  const names = Array.from({ length: 2000 }, (_, index) => `name${index}`)
  expect(nearestNames('z'.repeat(1_000_000), names).length).toBeLessThan(500)
})
