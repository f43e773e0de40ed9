import type { Expectation } from './expectation.ts'
import type { JsonFields } from './json-fields.ts'
import { textFinder } from './text-pattern.ts'

type Holds = (value: unknown) => boolean

const integer: Holds = (value) => Number.isInteger(value)
const text: Holds = (value) => typeof value === 'string'
const either =
  (...kinds: readonly Holds[]): Holds =>
  (value) =>
    kinds.some((holds) => holds(value))
const listOf =
  (element: Holds): Holds =>
  (value) =>
    Array.isArray(value) && value.every(element)
const eachRun = (one: Holds): Holds => either(one, listOf(either(one, (value) => value === null)))
const hex: Holds = (value) => typeof value === 'string' && /^([0-9a-f]{2})*$/.test(value)
const masked: Holds = (value) => typeof value === 'string' && /^[0-9a-f?]{16}$/.test(value)

function pattern(value: unknown): boolean {
  try {
    return typeof value === 'string' && textFinder(value) !== undefined
  } catch {
    return false
  }
}

const ERRNO = '0 or a name such as "EACCES"'
const PATTERNS = 'text, or a list of texts, with whole expressions between {{ and }}'
const GROUPS = 'lists of instructions, 16 lower-case hex digits or ? each'
const RUNS = 'or a list of them, one a run'

/** What the fields of an expectation may be, and how that is said. */
// biome-ignore format: table
const FIELDS: Readonly<Record<keyof Expectation, readonly [holds: Holds, expected: string]>> = {
  load_ok:            [(value) => typeof value === 'boolean', 'true or false'],
  errno:              [either(integer, text),                 ERRNO],
  log:                [either(pattern, listOf(pattern)),      PATTERNS],
  log_lacks:          [either(pattern, listOf(pattern)),      PATTERNS],
  insn_processed:     [integer,                               'a number'],
  stack_depth:        [either(integer, text),                 'a number, or several as 16+0'],
  xlated:             [listOf(pattern),                       PATTERNS],
  jited:              [listOf(pattern),                       PATTERNS],
  xlated_insns:       [listOf(listOf(masked)),                GROUPS],
  xlated_lacks_insns: [listOf(listOf(masked)),                GROUPS],
  retval:             [eachRun(integer),                      `a number ${RUNS}`],
  run_errno:          [eachRun(either(integer, text)),        `${ERRNO} ${RUNS}`],
  data_out:           [eachRun(hex),                          `lower-case hex ${RUNS}`],
  ctx_out:            [eachRun(hex),                          `lower-case hex ${RUNS}`],
  r0:                 [text,                                  'hex with 0x'],
}

/**
 * The field `expect` of a vector. Fields that are not known are left alone.
 *
 * @throws ConformanceError CONFORMANCE_FIELD
 */
export function readExpectation(fields: JsonFields): Expectation {
  const expect = fields.raw('expect')
  if (typeof expect !== 'object' || expect === null || Array.isArray(expect)) {
    throw fields.wrong('expect', expect, 'an object of what the answer must say')
  }
  for (const [name, [holds, expected]] of Object.entries(FIELDS)) {
    const value = (expect as Readonly<Record<string, unknown>>)[name]
    if (value !== undefined && !holds(value)) throw fields.wrong(`expect.${name}`, value, expected)
  }
  return expect as Expectation
}
