import { expect, test } from 'vitest'
import { GENERIC_HOSTS, GENERIC_PARAMETERS, GENERIC_ROWS } from '../../src/index.ts'

test('ids are unique; rows that calibrate say what', () => {
  expect(new Set(GENERIC_ROWS.map(({ id }) => id)).size).toBe(GENERIC_ROWS.length)
  for (const { id, role, calibrates = [] } of GENERIC_ROWS) {
    expect(calibrates.length > 0, id).toBe(role === 'calibrates')
    for (const name of calibrates) expect(Object.keys(GENERIC_PARAMETERS), id).toContain(name)
  }
})

/** No constant may be fitted to a single row. */
test.each(Object.keys(GENERIC_PARAMETERS))('%s hangs on more than one row', (name) => {
  expect(GENERIC_ROWS.filter(({ calibrates }) => calibrates?.includes(name) === true).length).toBeGreaterThan(1)
})

test('rows are asked of costs that there are, or say why they have no answer', () => {
  for (const { id, setup } of GENERIC_ROWS) {
    if (typeof setup === 'string') expect(setup, id).not.toBe('')
    else expect(GENERIC_HOSTS[setup.costs]?.actions[setup.action], id).toBeDefined()
  }
})
