import { expect, test } from 'vitest'
import { compareRow, type PublishedRow, summariseRows } from '../../src/index.ts'

const row = (published: number): PublishedRow => ({
  id: `row.${published}`,
  group: 'test',
  what: 'a figure',
  hardware: 'a machine',
  source: 'a paper',
  unit: 'Mpps',
  published,
  role: 'validates',
})

test('an error is relative to what was published, with its sign', () => {
  expect(compareRow(row(10), 9)).toMatchObject({ modelled: 9, error: -0.1 })
  expect(compareRow(row(10), 12.5)).toMatchObject({ error: 0.25 })
})

test('a row without an answer has a reason instead', () => {
  expect(compareRow(row(10), 'nobody knows')).toMatchObject({
    modelled: undefined,
    error: undefined,
    why: 'nobody knows',
  })
})

test('medians are over what was answered, by size', () => {
  const rows = [compareRow(row(10), 9), compareRow(row(10), 12), compareRow(row(10), 10.5), compareRow(row(1), 'no')]
  expect(summariseRows(rows)).toEqual({ rows: 4, answered: 3, medianError: 0.1, worstError: 0.2 })
  const { medianError } = summariseRows(rows.slice(0, 2))
  expect(medianError).toBeCloseTo(0.15, 12)
  expect(summariseRows([])).toEqual({ rows: 0, answered: 0, medianError: undefined, worstError: undefined })
})
