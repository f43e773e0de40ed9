/** Kernel functions leave on every engine, blinded or not, what they leave on the running kernel. */
import { afterAll, describe, expect, it } from 'vitest'
import { ARENA_CASES } from './arena-cases.ts'
import { EXCEPTION_CASES } from './exception-cases.ts'
import { assembled, closeBench, ENGINES, kernelAbsence, runOurs, runTheirs, types } from './function-bench.ts'
import { FUNCTION_CASES } from './function-cases.ts'
import { OBJECT_CASES } from './object-cases.ts'
import { RING_CASES } from './ring-cases.ts'

afterAll(closeBench)

const CASES = [...FUNCTION_CASES, ...OBJECT_CASES, ...ARENA_CASES, ...EXCEPTION_CASES, ...RING_CASES]

const ROWS = CASES.flatMap(([name, source, expected, type]) =>
  ENGINES.flatMap(([engine, make]) =>
    // The interpreter sees no program blinded.
    (make === undefined ? ([0] as const) : ([0, 2] as const)).map((harden) => {
      const title = `${name}, on ${engine}${harden === 0 ? '' : ', blinded'}`
      return [title, { program: assembled(source, type), expected, make, harden }] as const
    }),
  ),
)

describe('programs that call kernel functions', () => {
  it.each(ROWS)('%s', (_title, { program, expected, make, harden }) => {
    if (types === undefined) return
    const { retval, live } = runOurs(program, make, harden)
    expect({ retval: retval | 0, live }).toEqual({ retval: expected, live: 0 })
  })

  it('have the types of a kernel', (ctx) => {
    if (types === undefined) ctx.skip(`no types of a kernel: ${ROWS.length} runs`)
  })
})

describe('the running kernel says the same', () => {
  const missing = kernelAbsence()

  it.each(CASES.map(([name, source, expected, type]) => ({ name, source, expected, type })))('$name', (row) => {
    const { source, expected, type } = row
    if (missing !== undefined) return
    const theirs = runTheirs(assembled(source, type))
    expect(typeof theirs === 'number' ? theirs | 0 : theirs).toBe(expected)
  })

  it('was there to be asked', (ctx) => {
    if (missing !== undefined) ctx.skip(`${missing}: ${CASES.length} programs`)
  })
})
