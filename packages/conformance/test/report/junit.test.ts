import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { afterAll, expect, test } from 'vitest'
import { ConformanceError, type ConformanceReport, writeJunit, writeReportFile } from '../../src/index.ts'
import { junitPieces } from '../../src/report/junit/junit.ts'
import { hostileReport, syntheticReport } from './synthetic-results.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-junit-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  text: string
}

/** All elements of a document; one that is not well-formed throws. */
function elements(xml: string): Element[] {
  const parser = new SaxesParser()
  const found: Element[] = []
  const open: Element[] = []
  parser.on('opentag', ({ name, attributes }: SaxesTagPlain) => {
    const element = { name, attributes, text: '' }
    found.push(element)
    open.push(element)
  })
  parser.on('text', (text) => {
    const inner = open.at(-1)
    if (inner !== undefined) inner.text += text
  })
  parser.on('closetag', () => open.pop())
  parser.on('error', (error) => {
    throw error
  })
  parser.write(xml).close()
  return found
}

const xmlOf = (report: ConformanceReport): string => [...junitPieces(report)].join('')

function written(report: ConformanceReport): string {
  const path = join(folder, 'report.xml')
  writeJunit(report, path)
  return readFileSync(path, 'utf8')
}

test('a testsuite a file, a testcase a result, and the sums agree', () => {
  const found = elements(written(syntheticReport(300)))
  const named = (name: string): Element[] => found.filter((element) => element.name === name)
  expect(named('testsuites')[0]?.attributes).toMatchObject({ tests: '300', errors: '0', time: '12.345' })
  expect(named('testsuite')).toHaveLength(10)
  expect(named('testcase')).toHaveLength(300)
  for (const [attribute, element] of [
    ['failures', 'failure'],
    ['skipped', 'skipped'],
  ] as const) {
    const sum = named('testsuite').reduce((total, suite) => total + Number(suite.attributes[attribute]), 0)
    expect(sum).toBe(named(element).length)
    expect(named('testsuites')[0]?.attributes[attribute]).toBe(String(sum))
  }
  expect(named('failure')[0]?.text).toContain('(95) exit')
  expect(named('skipped')[0]?.attributes['message']).toMatch(/^needs-clang: /)
})

test('is as it was', async () => {
  await expect(written(syntheticReport(20))).toMatchFileSnapshot('golden/report.golden.xml')
})

const failureOf = (xml: string): Element | undefined => elements(xml).find(({ name }) => name === 'failure')

/** Halves of surrogate pairs, too. */
const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))

test('any text gives a well-formed document', () => {
  fc.assert(fc.property(fc.string({ unit: anyUnit }), (text) => elements(xmlOf(hostileReport(text))).length > 3))
})

test('text that XML can hold comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(failureOf(xmlOf(hostileReport(text)))?.text).toContain(`${text}\nexpected:`)
    }),
  )
})

test.each(['\0', '\x1b[31m', ']]>', '\ud800', '\ufffe\uffff', '\x85', '<!--', '&amp;', '\r\n'])('takes %j', (text) => {
  expect(elements(xmlOf(hostileReport(text))).length).toBeGreaterThan(3)
})

test('control characters are shown', () => {
  expect(failureOf(xmlOf(hostileReport('a\x1bb\0c')))?.text).toContain('a\\x1bb\\x00c')
})

const errorOf = (action: () => void): ConformanceError => {
  try {
    action()
  } catch (error) {
    if (error instanceof ConformanceError) return error
    throw error
  }
  throw new Error('no error')
}

test('a path that can not be written is one clear error, and leaves nothing', () => {
  writeFileSync(join(folder, 'file'), '')
  const error = errorOf(() => writeJunit(syntheticReport(1), join(folder, 'file', 'report.xml')))
  expect([error.code, error.hint]).toEqual(['CONFORMANCE_UNWRITABLE', 'a part of the path is a file: name a folder'])
  const directory = errorOf(() => writeJunit(syntheticReport(1), folder))
  expect(directory.code).toBe('CONFORMANCE_UNWRITABLE')
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('a full disk is one clear error', () => {
  const full = Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC', errno: -28 })
  const pieces = function* (): Generator<string> {
    yield 'x'.repeat(100_000)
    throw full
  }
  const error = errorOf(() => writeReportFile(join(folder, 'full.xml'), pieces()))
  expect([error.code, error.hint]).toEqual([
    'CONFORMANCE_UNWRITABLE',
    'the disk is full: free some space, or write elsewhere',
  ])
  expect(readdirSync(folder).filter((name) => name.startsWith('full'))).toEqual([])
})

test('an interruption leaves the report of before', () => {
  const path = join(folder, 'kept.xml')
  writeFileSync(path, 'before')
  const pieces = function* (): Generator<string> {
    yield 'x'.repeat(100_000)
    throw new Error('interrupted')
  }
  expect(() => writeReportFile(path, pieces())).toThrow('interrupted')
  expect(readFileSync(path, 'utf8')).toBe('before')
})

test('5,000 results are no matter of seconds', () => {
  const report = syntheticReport(5000)
  const started = performance.now()
  const found = elements(written(report))
  expect(performance.now() - started).toBeLessThan(20_000)
  expect(found.filter(({ name }) => name === 'testcase')).toHaveLength(5000)
})
