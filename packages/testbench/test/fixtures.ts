import { fileURLToPath } from 'node:url'

/** Path of a file under fixtures/. */
export function fixture(path: string): string {
  return fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url))
}

/** CI compares everything; elsewhere the tests are to take about a minute, and say what they leave out. */
export const THOROUGH: boolean = process.env['CI'] !== undefined

/** Path of a fixture program's object. */
export function object(name: string, cpu = 'v3'): string {
  return fixture(`programs/${name}/${name}.${cpu}.o`)
}
