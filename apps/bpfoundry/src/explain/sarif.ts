import { pathToFileURL } from 'node:url'
import type { Explanation, PathLine } from './explanation.ts'

/** A finding about one program of one object. */
export interface Finding {
  readonly object: string
  readonly program: string
  readonly explanation: Explanation
}

const INFORMATION_URI = 'https://docs.kernel.org/bpf/verifier.html'

/**
 * Refusals as SARIF 2.1.0, which code hosts and editors show at the source line, the path as a code flow.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifLog(findings: readonly Finding[]): object {
  const rules = new Map(findings.map(({ explanation }) => [explanation.code, explanation.hint]))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'bpfoundry',
            informationUri: INFORMATION_URI,
            rules: [...rules].map(([id, hint]) => ({ id, ...(hint === undefined ? {} : { help: { text: hint } }) })),
          },
        },
        results: findings.map(resultOf),
      },
    ],
  }
}

function resultOf({ object, program, explanation }: Finding): object {
  const { code, message, source, path } = explanation
  const location =
    source === undefined ? { physicalLocation: { artifactLocation: { uri: uriOf(object) } } } : at(source)
  return {
    ruleId: code,
    level: 'error',
    message: { text: `${program}: ${message}` },
    locations: [{ ...location, logicalLocations: [{ name: program, kind: 'function' }] }],
    ...(path.some(({ file }) => file !== undefined) ? { codeFlows: [{ threadFlows: [threadFlow(path)] }] } : {}),
  }
}

function threadFlow(path: readonly PathLine[]): object {
  return {
    locations: path.flatMap((step) => {
      const { file, line } = step
      return file === undefined || line === undefined
        ? []
        : [{ location: { ...at({ file, line }), message: { text: stepText(step) } }, ...stateOf(step) }]
    }),
  }
}

function stepText({ text, jumpedAt, values }: PathLine): string {
  const made = values.map(({ place, value }) => `; ${place} = ${value}`)
  return `${text}${jumpedAt.length > 0 ? ' (jumps)' : ''}${made.join('')}`
}

/** Values by name, as SARIF has them of a step. */
function stateOf({ values }: PathLine): { state?: object } {
  if (values.length === 0) return {}
  return { state: Object.fromEntries(values.map(({ place, value }) => [place, { text: value }])) }
}

function at({
  file,
  line,
  column,
}: {
  readonly file: string
  readonly line: number
  readonly column?: number
}): object {
  const region = {
    startLine: Math.max(1, line),
    ...(column === undefined || column < 1 ? {} : { startColumn: column }),
  }
  return { physicalLocation: { artifactLocation: { uri: uriOf(file) }, region } }
}

/** Relative paths stay relative, as the compiler was given them. */
function uriOf(path: string): string {
  return path.startsWith('/') ? pathToFileURL(path).href : path.split('/').map(encodeURIComponent).join('/')
}
