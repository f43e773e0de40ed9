/** Random programs that fill and empty a list and a tree leave the same on the running kernel and on every engine. */
import * as fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { assembled, closeBench, ENGINES, kernelAbsence, runOurs, runTheirs } from './function-bench.ts'
import { listProgram } from './object-cases.ts'

/** `PROGRAMS=500` before the tests for a longer run. */
const PROGRAMS = Number(process.env['PROGRAMS'] ?? 6)

afterAll(closeBench)

const key = fc.nat(9)
const operation = fc.oneof(
  fc.record({ kind: fc.constantFrom('pushFront', 'pushBack', 'plant', 'plant', 'plant'), key }),
  fc.record({ kind: fc.constantFrom('popFront', 'popBack', 'pick'), key: fc.constant(0) }),
)

it('on lists and trees', (ctx) => {
  const missing = kernelAbsence()
  if (missing !== undefined) return ctx.skip(missing)
  const property = fc.property(fc.array(operation, { minLength: 4, maxLength: 14 }), (operations) => {
    const program = assembled(listProgram(operations))
    const theirs = runTheirs(program)
    for (const [engine, make] of ENGINES) {
      for (const harden of [0, 2] as const) {
        const { retval, live } = runOurs(program, make, harden)
        expect({ engine, harden, retval, live }).toEqual({ engine, harden, retval: theirs, live: 0 })
      }
    }
  })
  fc.assert(property, { numRuns: PROGRAMS })
})
