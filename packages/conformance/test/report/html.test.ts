import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { parse } from 'parse5'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConformanceReport, writeHtml } from '../../src/index.ts'
import { htmlPieces } from '../../src/report/html/html.ts'
import { logDiff } from '../../src/report/html/log-diff.ts'
import { hostileReport, syntheticReport } from './synthetic-results.ts'

const pageOf = (report: ConformanceReport): string => [...htmlPieces(report)].join('')

/** What the parser has to complain about. */
function complaints(html: string): string[] {
  const codes: string[] = []
  parse(html, { onParseError: ({ code, startLine }) => codes.push(`${code} in line ${startLine}`) })
  return codes
}

const scripts = (html: string): number => html.split('<script').length - 1

describe('the page', () => {
  test('is as it was, but for style and script', async () => {
    const html = pageOf(syntheticReport(20))
      .replace(/<style>[\s\S]*?<\/style>/, '<style></style>')
      .replace(/<script>[\s\S]*?<\/script>/, '<script></script>')
    await expect(html).toMatchFileSnapshot('golden/report.golden.html')
  })

  test.each([0, 1, 300])('of %i results is well-formed', (count) => {
    expect(complaints(pageOf(syntheticReport(count)))).toEqual([])
  })

  test('asks nothing of the network', () => {
    const html = pageOf(syntheticReport(100))
    expect(html).toContain("default-src 'none'")
    expect(html.replaceAll('http-equiv', '').match(/https?:|src=|@import|url\(/g)).toBeNull()
  })

  test('any text stays text', () => {
    const usual = scripts(pageOf(hostileReport('x')))
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const html = pageOf(hostileReport(text))
        expect(complaints(html)).toEqual([])
        expect(scripts(html)).toBe(usual)
      }),
      { numRuns: process.env['CI'] === undefined ? 20 : 500 },
    )
  })

  test.each([
    '</script><script>alert(1)</script>',
    '<!--<script>',
    '"><img src=x onerror=alert(1)>',
    ']]>',
    '\u2028\0\x1b',
  ])('takes %j for text', (text) => {
    const html = pageOf(hostileReport(text))
    expect(complaints(html)).toEqual([])
    expect(html).not.toContain('<img')
    expect(html.toLowerCase()).not.toContain('<script>alert')
  })

  test('5,000 results, 700 of them failures, are no matter of seconds', () => {
    const report = syntheticReport(5000)
    const started = performance.now()
    expect(pageOf(report).length).toBeGreaterThan(1e6)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

describe('a difference of logs', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 })

  test('goes through all lines of both, and what is the same is the same', () => {
    fc.assert(
      fc.property(lines, lines, (ours, theirs) => {
        const diff = logDiff(ours, theirs)
        const at = [0, 0]
        for (let index = 0; index < diff.length; index += 2) {
          const [kind, count] = diff.slice(index, index + 2) as [number, number]
          const [left, right] = at as [number, number]
          if (kind === 0) expect(ours.slice(left, left + count)).toEqual(theirs.slice(right, right + count))
          at[0] = left + (kind === 2 ? 0 : count)
          at[1] = right + (kind === 1 ? 0 : count)
        }
        expect(at).toEqual([ours.length, theirs.length])
      }),
    )
  })

  test('of logs that have nothing in common is not looked for long', () => {
    const [ours, theirs] = ['a', 'b'].map((name) => Array.from({ length: 5000 }, (_, line) => `${name} ${line}`))
    expect(logDiff(ours as string[], theirs as string[])).toEqual([1, 5000, 2, 5000])
  })
})

/** Debian's, or the one that `CHROMIUM` names. */
const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const hasBrowser = existsSync(EXECUTABLE)

test('there is a browser', ({ skip }) => {
  if (!hasBrowser) skip(`no browser at ${EXECUTABLE}: install chromium or set CHROMIUM; 8 tests are skipped`)
  expect(hasBrowser).toBe(true)
})

describe.skipIf(!hasBrowser)('in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-html-'))
  const path = join(folder, 'report.html')
  let browser: Browser
  let page: Page
  const errors: string[] = []

  beforeAll(async () => {
    writeHtml(syntheticReport(3500), path)
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] })
    page = await open()
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function open(options: Parameters<Browser['newPage']>[0] = {}, hash = ''): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options })
    opened.on('pageerror', (error) => errors.push(String(error)))
    opened.on('console', (message) => errors.push(message.text()))
    opened.on('request', (request) => {
      if (!request.url().startsWith('file:')) errors.push(request.url())
    })
    await opened.goto(pathToFileURL(path).href + hash)
    return opened
  }
  /** The page filters a moment after the last key; on a busy machine that moment is longer. */
  const PATIENT = { timeout: 10_000 }
  const shown = (): Promise<string | null> => page.locator('#shown').textContent()

  test('shows 500 failures, a line each, details only when they are asked for', async () => {
    await expect.poll(shown, PATIENT).toBe('455 of 455 shown')
    expect(await page.locator('.body').count()).toBe(0)
  })

  test('a case opens and closes by the keyboard, with instructions and both logs side by side', async () => {
    const button = page.locator('.case > button').first()
    await button.focus()
    await page.keyboard.press('Enter')
    expect(await button.getAttribute('aria-expanded')).toBe('true')
    const body = page.locator('.case .body').first()
    expect(await body.locator('pre').first().textContent()).toContain('(95) exit')
    expect(await body.locator('.diff .ours').allTextContents()).toEqual([expect.stringContaining('invalid access')])
    const rows = await body.locator('.diff tbody tr').count()
    await body.locator('.unfold').first().click()
    expect(await body.locator('.diff tbody tr').count()).toBeGreaterThan(rows)
    expect(page.url()).toContain('#case-1')
    await button.press('Enter')
    expect(await body.isVisible()).toBe(false)
  })

  test('the search box finds ids, files and, if asked, words of logs', async () => {
    await page.keyboard.press('/')
    await page.keyboard.type('spill_fill')
    await page.locator('#shown', { hasText: /^45 of/ }).waitFor()
    expect(await page.locator('.group:visible h3').allTextContents()).toEqual([expect.stringContaining('spill_fill.c')])
    await page.fill('#search', 'off=3492')
    await page.locator('#shown', { hasText: /^0 of/ }).waitFor()
    await page.check('#deep')
    await expect.poll(shown, PATIENT).toBe('1 of 455 shown')
    await page.uncheck('#deep')
  })

  test('tables lead to the cases of a reason, or of a file', async () => {
    const row = page.locator('tr', { has: page.locator('a[data-filter=reason][data-value=refused]') })
    const cases = (await row.locator('td').nth(1).textContent()) ?? ''
    await row.locator('a').click()
    await expect.poll(shown, PATIENT).toBe(`${cases} of 455 shown`)
    const link = page.locator('a[data-filter=search]').first()
    const inFile = await link.textContent()
    // The first link also went to the list: a click while the page still moves may miss, and a second one changes nothing.
    const clicked = async (): Promise<string | null> => {
      await link.click()
      return shown()
    }
    await expect.poll(clicked, { ...PATIENT, interval: 500 }).toBe(`${inFile} of 455 shown`)
  })

  test('a column is sorted by its head', async () => {
    const head = page.locator('table.sortable th', { hasText: 'failed' })
    await head.locator('button').click()
    expect(await head.getAttribute('aria-sort')).toBe('descending')
    const cells = await page.locator('table.sortable tbody tr td:nth-child(7)').allTextContents()
    expect(cells.map(Number)).toEqual(cells.map(Number).sort((a, b) => b - a))
  })

  test('a link names a case', async () => {
    const named = await open({}, '#case-7')
    expect(await named.locator('#case-7 .body').isVisible()).toBe(true)
  })

  test('without JavaScript there are totals, tables and a line a case', async () => {
    const plain = await open({ javaScriptEnabled: false })
    expect(await plain.locator('.tiles .failed dd').textContent()).toBe('455')
    expect(await plain.locator('.case').count()).toBe(455)
    expect(await plain.locator('.tools').isVisible()).toBe(false)
  })

  test('nothing went wrong in any of them, nothing was asked of the network', () => {
    expect(errors).toEqual([])
  })
})
