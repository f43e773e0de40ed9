import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { serveSources } from './serve-sources.ts'

/** Debian's Chromium, or the one that `CHROMIUM` names. */
export const BROWSER: string = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Why no page can be opened here; undefined where one can. */
export function missingBrowser(): string | undefined {
  return existsSync(BROWSER) ? undefined : `no browser at ${BROWSER}: install chromium or set CHROMIUM`
}

/** How long a module may take. */
const LIMIT_MS = 60_000

/** What came of a module. */
export interface PageResult {
  /** What it left in `globalThis.outcome`, by way of JSON. */
  readonly outcome: unknown
  /** Whether the page could share memory between threads. */
  readonly isolated: boolean
}

/**
 * Runs a module in a page of headless Chromium, with the packages' sources behind `@bpfoundry/...`.
 *
 * @param module path of a TypeScript module from the root of the repository; it sets `globalThis.outcome`
 * @throws Error with what the page complained of, when it sets nothing
 */
export async function runInPage(module: string): Promise<PageResult> {
  const { server, url } = await serveSources(module)
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    await page.goto(url)
    await page
      .waitForFunction('globalThis.outcome !== undefined', undefined, { timeout: LIMIT_MS })
      .catch((error: unknown) => {
        throw new Error(`${module} did not end in the page: ${errors.join('; ')}`, { cause: error })
      })
    return {
      outcome: JSON.parse(await page.evaluate<string>('JSON.stringify(outcome)')),
      isolated: await page.evaluate<boolean>('crossOriginIsolated'),
    }
  } finally {
    await browser.close()
    server.close()
  }
}
