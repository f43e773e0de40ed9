import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { expect, it } from 'vitest'
import type { PageOutcome } from './page.ts'
import { serveSources } from './server.ts'

/** Debian's, or the one that `CHROMIUM` names. */
const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

it('runs in a browser page, with shared memory, as the interpreter does there', { timeout: 60_000 }, async (ctx) => {
  if (!existsSync(EXECUTABLE)) return ctx.skip(`no browser at ${EXECUTABLE}: install chromium or set CHROMIUM`)
  const { server, url } = await serveSources()
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto(url)
    await page.waitForFunction('globalThis.outcomes !== undefined', undefined, { timeout: 30_000 }).catch((error) => {
      throw new Error(`the page did not run: ${errors.join('; ')}`, { cause: error })
    })
    expect(await page.evaluate('crossOriginIsolated')).toBe(true)
    const [interpreter, wasm] = (await page.evaluate('outcomes')) as [PageOutcome, PageOutcome]
    expect({ ...wasm, engine: '' }).toEqual({ ...interpreter, engine: '' })
    expect([wasm.engine, wasm.fault]).toEqual(['wasm', 'FAULT_OUT_OF_BOUNDS'])
    // Sum of the squares up to 100, twice, bytes reversed.
    const sum = BigInt(2 * 338_350)
    const reversed = [...Array(8).keys()].reduce((out, at) => (out << 8n) | ((sum >> BigInt(8 * at)) & 0xffn), 0n)
    expect(wasm.r0).toBe(`${(reversed & 0xffffffffn).toString(16)} ${(reversed >> 32n).toString(16)}`)
  } finally {
    await browser.close()
    server.close()
  }
})
