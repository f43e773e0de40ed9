import { readdirSync, readFileSync } from 'node:fs'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { DeploymentInvalid, parseDeployment } from '../src/index.ts'

export const name = 'deployment'

const FOLDER = new URL('../../../fixtures/deployments/', import.meta.url)

/** Any text is a deployment, or is refused with errors that all have their places. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    parseDeployment(new TextDecoder().decode(input), { file: 'fuzz.yaml', folder: '.' })
  } catch (error) {
    if (!(error instanceof DeploymentInvalid)) throw error
    for (const one of error.errors) {
      if (!isDiagnostic(one) || one.where?.source === undefined || one.where.source.line < 1) throw one
    }
  }
}

/** The examples, and each line of the smallest one. */
export function seeds(): Uint8Array[] {
  const examples = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(new URL(file, FOLDER)))
  const smallest = [...examples].sort((one, other) => one.length - other.length)[0] ?? new Uint8Array(0)
  const lines = new TextDecoder().decode(smallest).split('\n')
  return [...examples, ...lines.map((line) => new TextEncoder().encode(line))]
}
