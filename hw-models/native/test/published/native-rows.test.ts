import { expect, test } from 'vitest'
import { NATIVE_COSTS, NATIVE_PARAMETERS, NATIVE_ROWS } from '../../src/index.ts'

test('ids are unique, sources and hardware are told', () => {
  expect(new Set(NATIVE_ROWS.map(({ id }) => id)).size).toBe(NATIVE_ROWS.length)
  for (const { id, source, hardware, published } of NATIVE_ROWS) {
    expect(source, id).not.toBe('')
    expect(hardware, id).not.toBe('')
    expect(published, id).toBeGreaterThan(0)
  }
})

test('rows that calibrate say what, and those that validate calibrate nothing', () => {
  for (const { id, role, calibrates = [] } of NATIVE_ROWS) {
    expect(calibrates.length > 0, id).toBe(role === 'calibrates')
    for (const name of calibrates) expect(Object.keys(NATIVE_PARAMETERS), id).toContain(name)
  }
})

/** No constant may be fitted to a single row. */
test.each(Object.keys(NATIVE_PARAMETERS))('%s hangs on more than one row', (name) => {
  const rows = NATIVE_ROWS.filter(({ calibrates }) => calibrates?.includes(name) === true)
  expect(rows.length).toBeGreaterThan(1)
})

test('rows are asked of costs that there are, or say why they have no answer', () => {
  for (const { id, setup } of NATIVE_ROWS) {
    if (typeof setup === 'string') expect(setup, id).not.toBe('')
    else expect(NATIVE_COSTS[setup.costs]?.actions[setup.action], id).toBeDefined()
  }
})

/** nfp.md 4.2 and 4.4, and what their sources hold beyond. */
test('most rows validate', () => {
  const calibrating = NATIVE_ROWS.filter(({ role }) => role === 'calibrates').length
  expect(NATIVE_ROWS.length - calibrating).toBeGreaterThan(2 * calibrating)
})
