import { readFileSync } from 'node:fs'
import { missingBrowser, runInPage } from '@bpfoundry/browser-page'
import { expect, it } from 'vitest'
import { OBJECTS } from './objects.ts'
import { verifyObject } from './verify-object.ts'

const objectFile = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../../fixtures/programs/${name}`, import.meta.url))

it('verifies objects in a browser page as it does here: verdicts, counts and logs', {
  timeout: 60_000,
}, async (ctx) => {
  const here = OBJECTS.map((name) => [name, verifyObject(objectFile(name))] as const)
  const accepted = here.map(([name, findings]) => [name, findings.length > 0 && findings.every((one) => one.accepted)])
  expect(accepted).toEqual(OBJECTS.map((name) => [name, !name.startsWith('refused/')]))
  const missing = missingBrowser()
  if (missing !== undefined) return ctx.skip(missing)
  const { outcome } = await runInPage('packages/verifier/test/browser/page.ts')
  expect(outcome).toEqual(here)
})
