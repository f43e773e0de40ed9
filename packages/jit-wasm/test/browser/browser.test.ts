import { missingBrowser, runInPage } from '@bpfoundry/browser-page'
import { expect, it } from 'vitest'
import type { PageOutcome } from './page.ts'

it('runs in a browser page, with shared memory, as the interpreter does there', { timeout: 60_000 }, async (ctx) => {
  const missing = missingBrowser()
  if (missing !== undefined) return ctx.skip(missing)
  const { outcome, isolated } = await runInPage('packages/jit-wasm/test/browser/page.ts')
  expect(isolated).toBe(true)
  const [interpreter, wasm] = outcome as [PageOutcome, PageOutcome]
  expect({ ...wasm, engine: '' }).toEqual({ ...interpreter, engine: '' })
  expect([wasm.engine, wasm.fault]).toEqual(['wasm', 'FAULT_OUT_OF_BOUNDS'])
  // Sum of the squares up to 100, twice, bytes reversed.
  const sum = BigInt(2 * 338_350)
  const reversed = [...Array(8).keys()].reduce((out, at) => (out << 8n) | ((sum >> BigInt(8 * at)) & 0xffn), 0n)
  expect(wasm.r0).toBe(`${(reversed & 0xffffffffn).toString(16)} ${(reversed >> 32n).toString(16)}`)
})
