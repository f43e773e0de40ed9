import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DeploymentReport, deploymentHtml, deploymentJunit } from '../src/index.ts'
import { changed, ran, SMALL } from './fixtures.ts'

/** Debian's, or the one that `CHROMIUM` names. */
const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const hasBrowser = existsSync(EXECUTABLE)
const HOSTILE = '<script>alert(1)</script>"\'&]]>\x1b\ud800'

let report: DeploymentReport
beforeAll(async () => {
  report = await ran(SMALL)
})

describe('the page', () => {
  test('asks nothing of the network and runs nothing', () => {
    const html = deploymentHtml(report)
    expect(html).toContain("default-src 'none'")
    expect(html.replaceAll('http-equiv', '').match(/https?:|src=|@import|url\(|<script/g)).toBeNull()
  })

  test('any text stays text', () => {
    const hostile = {
      ...report,
      name: HOSTILE,
      description: HOSTILE,
      log: [{ atNs: 1, source: 'program', host: HOSTILE, text: HOSTILE }],
    } as const
    const html = deploymentHtml(hostile)
    expect(html).not.toContain('<script')
    expect(html).not.toContain('\x1b')
    expect(deploymentJunit({ ...report, name: HOSTILE })).not.toContain('<script')
  })

  test('of a run that sent nothing is a page, too', async () => {
    const empty = await ran(changed('{rate: 1 Mpps, count: 200, src: 10.0.0.0/30}', '{rate: 1 Mpps, count: 0}'))
    expect(deploymentHtml(empty)).toContain('</html>')
    expect(deploymentHtml(empty)).not.toMatch(/NaN|Infinity|undefined/)
    expect(deploymentHtml(report)).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe('JUnit', () => {
  test('has a case an expectation and one for the account, failures with what was got', async () => {
    const failing = await ran(changed('min: 10}', 'min: 10k}'))
    const xml = deploymentJunit(failing)
    expect(xml).toContain('tests="2" failures="1" errors="0"')
    expect(xml).toContain('<failure type="fate" message="expected at least 10k, got')
    expect(deploymentJunit(report)).toContain('tests="2" failures="0"')
  })
})

test('there is a browser', ({ skip }) => {
  if (!hasBrowser) skip(`no browser at ${EXECUTABLE}: install chromium or set CHROMIUM; 3 tests are skipped`)
  expect(hasBrowser).toBe(true)
})

describe.skipIf(!hasBrowser)('in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-deployment-'))
  const errors: string[] = []
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    writeFileSync(join(folder, 'report.html'), deploymentHtml(report))
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] })
    page = await open('light')
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function open(colorScheme: 'light' | 'dark', width = 1100): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
    opened.on('pageerror', (error) => errors.push(String(error)))
    opened.on('console', (message) => errors.push(message.text()))
    opened.on('request', (request) => {
      if (!request.url().startsWith('file:')) errors.push(request.url())
    })
    await opened.goto(pathToFileURL(join(folder, 'report.html')).href)
    return opened
  }

  test('every plot has axes with titles and units, and a legend', async () => {
    const plots = page.locator('svg.plot')
    expect(await plots.count()).toBeGreaterThanOrEqual(5)
    for (const plot of await plots.all()) {
      const titles = await plot.locator('text.title').allTextContents()
      expect(titles).toHaveLength(2)
      for (const title of titles) expect(title).toMatch(/\(.+\)/)
      expect(await plot.locator('path').count()).toBeGreaterThan(0)
    }
    expect(await page.locator('figure .legend').count()).toBe(await plots.count())
  })

  test('no two labels of a plot lie on each other, and none is cut', async () => {
    const overlaps = await page.evaluate(() => {
      const found: string[] = []
      for (const plot of document.querySelectorAll('svg.plot')) {
        const frame = plot.getBoundingClientRect()
        const boxes = [...plot.querySelectorAll('text')].map((text) => ({
          text: text.textContent,
          box: text.getBoundingClientRect(),
        }))
        for (const [index, { text, box }] of boxes.entries()) {
          if (
            box.left < frame.left - 1 ||
            box.right > frame.right + 1 ||
            box.bottom > frame.bottom + 1 ||
            box.top < frame.top - 1
          )
            found.push(`${text} is cut`)
          for (const other of boxes.slice(index + 1)) {
            const apart =
              box.right <= other.box.left ||
              other.box.right <= box.left ||
              box.bottom <= other.box.top ||
              other.box.bottom <= box.top
            if (!apart) found.push(`${text} lies on ${other.text}`)
          }
        }
      }
      return found
    })
    expect(overlaps).toEqual([])
  })

  test('it is readable in the dark and on a narrow screen, without an error', async () => {
    const colour = (opened: Page): Promise<string> =>
      opened.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const dark = await open('dark', 420)
    expect(await colour(dark)).not.toBe(await colour(page))
    expect(await dark.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth + 1)).toBe(true)
    expect(errors).toEqual([])
  })
})
