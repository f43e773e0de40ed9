import { nearestNames } from '@bpfoundry/diagnostics'
import type { z } from 'zod'
import { DeploymentError } from '../deployment-error.ts'
import { knownKeys } from '../schema/json-schema.ts'
import type { SourceDocument, SourcePath } from './source-document.ts'

type Issue = z.core.$ZodIssue

/** What the schema says of a value, as errors at their places. */
export function schemaErrors(document: SourceDocument, error: z.ZodError): DeploymentError[] {
  return error.issues.flatMap((issue) => issueErrors(document, issue))
}

function issueErrors(document: SourceDocument, issue: Issue): DeploymentError[] {
  const row = ROWS[issue.code] ?? other
  return row(
    document,
    issue,
    issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step)),
  )
}

type Row = (document: SourceDocument, issue: Issue, path: SourcePath) => DeploymentError[]

/** How each kind of issue reads. @see https://zod.dev/error-customization */
const ROWS: Readonly<Record<string, Row>> = {
  unrecognized_keys(document, issue, path) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : []
    const names = knownKeys(path, document.value)
    return keys.map((key) => {
      return new DeploymentError({
        code: 'DEPLOYMENT_SCHEMA',
        message: `no such key: ${key}`,
        source: document.at([...path, key], true),
        got: key,
        ...(names.length === 0 ? {} : { expected: names.join(', '), hint: nearestNames(key, names) }),
      })
    })
  },
  invalid_type(document, issue, path) {
    const missing = valueAt(document.value, path) === undefined
    const key = path.at(-1)
    const expected = 'expected' in issue ? (WORDS[String(issue.expected)] ?? String(issue.expected)) : ''
    if (missing) return [error(document, path, `${key} is missing`, { expected })]
    return [
      error(document, path, `${key ?? 'the file'} is no ${expected.replace(/^an? /, '')}`, {
        got: shown(document, path),
        expected,
      }),
    ]
  },
  invalid_value(document, issue, path) {
    const values = 'values' in issue ? issue.values.map(String) : []
    const got = valueAt(document.value, path)
    if (got === undefined) return [error(document, path, `${path.at(-1)} is missing`, { expected: values.join(', ') })]
    const hint = typeof got === 'string' ? { hint: nearestNames(got, values) } : {}
    return [
      error(document, path, `no such ${path.at(-1)}: ${shown(document, path)}`, {
        got: shown(document, path),
        expected: values.join(', '),
        ...hint,
      }),
    ]
  },
  invalid_union(document, issue, path) {
    const discriminator = 'discriminator' in issue ? issue.discriminator : undefined
    if (discriminator === undefined) return other(document, issue, path)
    const kinds = 'options' in issue ? (issue.options ?? []).map(String) : []
    const got = valueAt(document.value, path)
    if (got === undefined) return [error(document, path, `${discriminator} is missing`, { expected: kinds.join(', ') })]
    return [
      error(document, path, `no such ${discriminator}: ${shown(document, path)}`, {
        got: shown(document, path),
        expected: kinds.join(', '),
        hint: nearestNames(String(got), kinds),
      }),
    ]
  },
  custom(document, issue, path) {
    const { got, expected, hint, unit } = ('params' in issue ? issue.params : undefined) ?? {}
    const more = {
      ...(got === undefined ? {} : { got: String(got) }),
      ...(expected === undefined ? {} : { expected: String(expected) }),
      ...(hint === undefined ? {} : { hint: String(hint) }),
    }
    return [error(document, path, issue.message, more, unit === true ? 'DEPLOYMENT_UNIT' : 'DEPLOYMENT_SCHEMA')]
  },
  invalid_key(document, issue, path) {
    const inner = 'issues' in issue ? issue.issues[0]?.message : undefined
    return [
      new DeploymentError({
        code: 'DEPLOYMENT_SCHEMA',
        message: inner ?? issue.message,
        source: document.at(path, true),
        got: String(path.at(-1)),
      }),
    ]
  },
}

const other: Row = (document, issue, path) => {
  const bounds = [
    'minimum' in issue ? `at least ${issue.minimum}` : '',
    'maximum' in issue ? `at most ${issue.maximum}` : '',
  ].filter((text) => text !== '')
  const message = bounds.length === 0 ? issue.message : `${path.at(-1) ?? 'the file'} is out of range`
  return [
    error(document, path, message, {
      got: shown(document, path),
      ...(bounds.length === 0 ? {} : { expected: bounds.join(', ') }),
    }),
  ]
}

function error(
  document: SourceDocument,
  path: SourcePath,
  message: string,
  more: { readonly got?: string; readonly expected?: string; readonly hint?: string },
  code: 'DEPLOYMENT_SCHEMA' | 'DEPLOYMENT_UNIT' = 'DEPLOYMENT_SCHEMA',
): DeploymentError {
  return new DeploymentError({ code, message, source: document.at(path), ...more })
}

/** Words for what the schema calls types. */
const WORDS: Readonly<Record<string, string>> = {
  object: 'a section with keys',
  record: 'a section with names',
  array: 'a list',
  tuple: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

function valueAt(value: unknown, path: SourcePath): unknown {
  let at: unknown = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    at = (at as Record<string | number, unknown>)[step]
  }
  return at
}

function shown(document: SourceDocument, path: SourcePath): string {
  const value = valueAt(document.value, path)
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
