import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type DataCase, readDataCase } from '../src/index.ts'

/** fixtures/conformance/ */
export const SUITE_FOLDER: string = fileURLToPath(new URL('../../../fixtures/conformance/', import.meta.url))

/** Every `.data` file of the suite, by its path in the folder. */
export function suiteFiles(): string[] {
  return (readdirSync(SUITE_FOLDER, { recursive: true }) as string[]).filter((name) => name.endsWith('.data')).sort()
}

export function readSuiteCase(name: string): DataCase {
  return readDataCase(name, readFileSync(`${SUITE_FOLDER}${name}`, 'utf8'))
}
