import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SELFTEST_TITLES } from './selftest-titles.ts'

const FOLDER = new URL('.', import.meta.url)

/** Titles that the tests of this folder carry. */
function carried(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.startsWith('selftest-') && name.endsWith('.test.ts'))
    .flatMap((name) => [
      ...readFileSync(new URL(name, FOLDER), 'utf8').matchAll(/^ *test\(\s*(['"`])(.*?)\1,\s*selftest\(/gm),
    ])
    .map(([, , title = '']) => title.replace(/\$\{.*?\}/, '%s'))
}

test("each title of the kernel's offload test is a test here, once", () => {
  expect(SELFTEST_TITLES).toHaveLength(65)
  expect(carried().sort()).toEqual([...SELFTEST_TITLES].sort())
})
