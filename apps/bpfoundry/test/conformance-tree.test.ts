import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { afterAll, describe, expect, test } from 'vitest'
import { findKernelTree } from '../../../packages/conformance/test/kernel-tree/kernel-tree.ts'
import { bpfoundry, type Outcome } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-tree-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const path = (name: string): string => join(folder, name)

/** Writes a file below the folder of the tests and gives its path. */
function file(name: string, content: string): string {
  mkdirSync(dirname(path(name)), { recursive: true })
  writeFileSync(path(name), content)
  return path(name)
}

/** On a machine that is busy a thread takes seconds to start, and to read lib/test_bpf.c. */
const PATIENCE_MS = 240_000

const tree = findKernelTree()
const missing = 'missing' in tree ? tree.missing : undefined

/** A tree with the first 140 tests of lib/test_bpf.c: each run reads the file twice, and all of it takes seconds. */
function shortTree(): string {
  const { folder: top } = tree as { readonly folder: string }
  const TEST_BPF = 'lib/test_bpf.c'
  if (existsSync(path('short'))) return path('short')
  const text = readFileSync(join(top, TEST_BPF), 'utf8')
  const table = text.indexOf('static struct bpf_test tests[] = {')
  const [first, last] = [nth(text, '\n\t{\n', table, 140), text.indexOf('\n};\n', table)]
  file(join('short', TEST_BPF), text.slice(0, first) + text.slice(last))
  for (const name of readdirSync(top)) if (name !== 'lib') symlinkSync(join(top, name), path(join('short', name)))
  return path('short')
}

/** Where the text stands for the `count`-th time behind `from`. */
function nth(text: string, sought: string, from: number, count: number): number {
  const at = text.indexOf(sought, from)
  return count === 0 ? at : nth(text, sought, at + 1, count - 1)
}

/** A run of the kernel's classic tests 0, 10 to 19 and 100 to 133: nothing that takes long. */
async function conformance(...args: string[]): Promise<Outcome> {
  const few = ['--suite', 'test_bpf', '--filter', 'classic#1', '--engine', 'interpreter', '--jobs', '1']
  return bpfoundry('conformance', '--kernel-tree', shortTree(), ...few, ...args)
}

describe.skipIf(missing !== undefined)(`conformance${missing === undefined ? '' : `: skipped, ${missing}`}`, () => {
  test('tables on stdout, files with every case, and a baseline that holds what passes', {
    timeout: PATIENCE_MS,
  }, async () => {
    const [junit, html, baseline] = [path('out/report.xml'), path('out/report.html'), path('baseline.json')]
    const reports = ['--junit', junit, '--html', html, '--baseline', baseline, '--update-baseline']
    const { code, stdout, stderr } = await conformance('--verbose', ...reports)
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'asking interpreter by 1 thread\n' })
    expect(stdout).toMatch(/^lib\/test_bpf\.c +(\d+) +\1 +\1 +0 +0 /m)
    expect(stdout).toMatch(/^interpreter +(\d+) +\1 +0 +0$/m)
    expect(readFileSync(junit, 'utf8')).toContain('name="test_bpf/classic#1"')
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/)

    // A case that there is not: as if it had passed before.
    writeFileSync(baseline, readFileSync(baseline, 'utf8').replace(/"test_bpf\/classic": "/, '$&500 '))
    const lost = await conformance('--baseline', baseline, '--jsonl')
    expect(lost.code).toBe(1)
    expect(lost.stderr).toMatch(/baseline: 1 passed before, and is not there\n {2}test_bpf\/classic 500\n/)
    const results = lost.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(results[0]).toMatchObject({ id: 'test_bpf/classic#1', suite: 'test_bpf', outcome: 'passed' })
    expect(results.length).toBeGreaterThan(10)
    expect(new Set(results.map(({ id }) => id)).size).toBe(results.length)
  })

  test('--json, and the running kernel beside it', { timeout: PATIENCE_MS }, async ({ skip }) => {
    const asked = kernelOracle()
    const { code, stdout, stderr } = await conformance('--oracle', 'kernel', '--json')
    if ('unavailable' in asked) {
      expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining('CLI_UNSUPPORTED_ORACLE') })
      return skip(asked.unavailable)
    }
    expect(code).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({
      $schema: 'bpfoundry.conformance/1',
      totals: { failed: 0, notRun: 0 },
      kernel: { differ: 0 },
      campaign: { runner: '1 thread', partial: false, duplicates: 0 },
    })
    expect(Object.keys(report.timing.secondsByPhase).sort()).toEqual(['kernel', 'load', 'read', 'run'])
  })

  test('what is exported can be run', { timeout: PATIENCE_MS }, async () => {
    const cases = path('cases.jsonl')
    const few = ['--suite', 'test_bpf', '--filter', 'classic#10']
    const exported = await bpfoundry('conformance', '--kernel-tree', shortTree(), ...few, '--export', cases)
    expect(exported).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(`${cases}: `) })
    const ran = await bpfoundry('vectors', 'run', cases, '--engine', 'interpreter')
    expect(ran).toMatchObject({ code: 0, stderr: '' })
  })
})

const EMPTY = file('empty/tools/testing/selftests/bpf/README', '').replace('/tools/testing/selftests/bpf/README', '')
const tree0 = (...args: string[]): string[] => ['conformance', '--kernel-tree', EMPTY, ...args]

// biome-ignore format: table
const BAD: readonly (readonly [title: string, exit: number, says: RegExp, args: () => string[]])[] = [
  ['no tree',                       2, /CLI_KERNEL_TREE.*\n.*hint/,            () => ['conformance']],
  ['a folder that is no tree',      3, /CONFORMANCE_KERNEL_TREE.*\n.*at/,      () => ['conformance', '--kernel-tree', tmpdir()]],
  ['a tree that is not there',      3, /CONFORMANCE_KERNEL_TREE/,              () => ['conformance', '--kernel-tree', '/nonexistent']],
  ['an unknown suite',              2, /--suite.*test_bpf/,                    () => tree0('--suite', 'selftests')],
  ['an unknown engine',             2, /no such engine: wasn/,                 () => tree0('--engine', 'wasn')],
  ['an unknown oracle',             2, /--oracle.*kernel/,                     () => tree0('--oracle', 'windows')],
  ['no threads',                    2, /--jobs.*1 to 1024/,                    () => tree0('--jobs', '0')],
  ['a time that is none',           2, /--timeout.*seconds/,                   () => tree0('--timeout', 'long')],
  ['two forms of output',           2, /CLI_OUTPUT/,                           () => tree0('--json', '--jsonl')],
  ['a baseline that is not there',  3, /CLI_NO_SUCH_BASELINE.*\n.*hint.*--update-baseline/, () => tree0('--baseline', path('none.json'))],
  ['a baseline that is none',       3, /CONFORMANCE_BASELINE/,                 () => tree0('--baseline', file('bad.json', '{'))],
  ['a folder as baseline',          3, /CLI_UNREADABLE_BASELINE/,              () => tree0('--baseline', folder)],
  ['an update of no baseline',      2, /CLI_BASELINE/,                         () => tree0('--update-baseline')],
  ['a page that can\'t be written', 3, /CLI_UNWRITABLE/,                       () => tree0('--html', '/dev/null/page.html')],
  ['a folder as JUnit file',        3, /CLI_UNWRITABLE/,                       () => tree0('--junit', folder)],
  ['no such compiler',              3, /CLI_NO_SUCH_COMPILER.*\n.*hint/,       () => tree0('--compiler', '/nonexistent/clang')],
  ['a compiler that is none',       3, /CLI_NO_SUCH_COMPILER/,                 () => tree0('--compiler', 'true')],
  ['no such header',                3, /CLI_NO_SUCH_FILE/,                     () => tree0('--vmlinux-h', '/nonexistent.h')],
  ['an address of no queue',        2, /CAMPAIGN_QUEUE_URL.*\n(.*\n)*.*redis:/, () => tree0('--queue', 'localhost')],
  ['a queue that is not there',     3, /CAMPAIGN_QUEUE_UNREACHABLE.*\n(.*\n)*.*hint/, () => tree0('--queue', 'redis://127.0.0.1:1')],
  ['a campaign without a queue',    2, /CLI_CAMPAIGN/,                         () => tree0('--campaign', 'nightly')],
  ['a campaign of no name',         2, /CAMPAIGN_QUEUE_NAME/,                  () => tree0('--queue', 'redis://127.0.0.1:1', '--campaign', 'a b')],
  ['an export by no such name',     2, /CLI_EXPORT/,                           () => tree0('--export', path('cases.json'))],
  ['an export with a report',       2, /CLI_EXPORT/,                           () => tree0('--export', path('cases.jsonl'), '--json')],
  ['an export to nowhere',          3, /CAMPAIGN_UNWRITABLE/,                  () => tree0('--export', '/dev/null/cases.jsonl')],
  ['a worker without a queue',      2, /--queue/,                              () => ['conformance', 'worker', '--kernel-tree', EMPTY]],
  ['a worker without a tree',       2, /--kernel-tree/,                        () => ['conformance', 'worker', '--queue', 'redis://127.0.0.1:1']],
  ['a worker of no queue',          3, /CAMPAIGN_QUEUE_UNREACHABLE/,           () => ['conformance', 'worker', '--kernel-tree', EMPTY, '--queue', 'redis://127.0.0.1:1']],
]

test.each(BAD)('%s: one clear error, exit code %i', async (_, exit, says, args) => {
  const { code, stdout, stderr } = await bpfoundry(...args())
  expect(stderr).toMatch(says)
  expect(code).toBe(exit)
  expect(stdout).toBe('')
  expect(stderr).not.toMatch(/^\s+at .*\.(ts|js):\d+/m)
})

test('a tree without vectors has none, and that is no failure', async () => {
  const { code, stdout } = await bpfoundry(...tree0('--json', '--engine', 'interpreter'))
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ totals: { held: 0 }, files: [] })
  expect(existsSync(path('none.json'))).toBe(false)
})
