import { ConformanceError } from '../../conformance-error.ts'

export const BASELINE_SCHEMA = 'bpfoundry.baseline/1'

/** The file as JSON. */
export interface BaselineDocument {
  readonly $schema: typeof BASELINE_SCHEMA
  readonly release: string
  readonly engines: readonly string[]
  /** By group of ids: members, as `formatMembers` writes them. */
  readonly passing: Readonly<Record<string, string>>
}

/** Reads and checks a baseline file. @throws ConformanceError CONFORMANCE_BASELINE */
export function readBaselineDocument(file: string, text: string): BaselineDocument {
  const value = parse(file, text)
  const wrong = (Object.keys(FIELDS) as (keyof BaselineDocument)[]).find((name) => !FIELDS[name](value[name]))
  if (wrong === undefined) return value as unknown as BaselineDocument
  throw invalid(file, `the field ${JSON.stringify(wrong)} is missing or is not as it should be`)
}

const isText = (value: unknown): boolean => typeof value === 'string'

const FIELDS: Readonly<Record<keyof BaselineDocument, (value: unknown) => boolean>> = {
  $schema: (value) => value === BASELINE_SCHEMA,
  release: isText,
  engines: (value) => Array.isArray(value) && value.every(isText),
  passing: (value) => isRecord(value) && Object.values(value).every(isLine),
}

/** Ranges are within what a file can hold, so that a broken file is an error and no list without end. */
function isLine(value: unknown): boolean {
  if (typeof value !== 'string') return false
  return [...value.matchAll(/(?<=^| )(\d+)-(\d+)(?= |$)/g)].every(([, from, to]) => {
    const count = Number(to) - Number(from)
    return count >= 0 && count < MOST_OF_A_RANGE
  })
}

const MOST_OF_A_RANGE = 1_000_000

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(file: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid(file, `not JSON: ${(cause as Error).message}`, cause)
  }
  if (!isRecord(value)) throw invalid(file, 'not a JSON object')
  return value
}

function invalid(file: string, message: string, cause?: unknown): ConformanceError {
  return new ConformanceError({
    code: 'CONFORMANCE_BASELINE',
    message: `no baseline: ${message}`,
    where: { input: file },
    expected: `a file of schema ${BASELINE_SCHEMA}`,
    hint: 'write it anew with --update-baseline',
    ...(cause === undefined ? {} : { cause }),
  })
}
