import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { fixture, startArguments } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-start-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const RECORD = fileURLToPath(new URL('./recorded-modules.mjs', import.meta.url))

/** Packages, by folder or by name, whose modules the command line loaded. */
function loadedPackages(args: readonly string[]): readonly string[] {
  const list = join(folder, 'modules.txt')
  rmSync(list, { force: true })
  const env = { ...process.env, RECORDED_MODULES: list }
  // The hook that is registered last sees modules first.
  const [main = '', ...options] = startArguments().toReversed()
  spawnSync(process.execPath, [...options.toReversed(), '--import', RECORD, main, ...args], { env, timeout: 60_000 })
  const found = readFileSync(list, 'utf8').match(
    /(?<=\/node_modules\/(?!\.pnpm))(@[^/]+\/)?[^/]+|(?<=\/(packages|hw-models|apps)\/)[^/]+/g,
  )
  return [...new Set(found)].sort()
}

/** What describes commands, reads arguments and tells errors. */
const LIGHT = ['bpfoundry', 'commander', 'diagnostics', 'picocolors']

test.for([
  [['--version']],
  [['--help']],
  [['verify', '--help']],
  [['run', '--help']],
  [['bench', 'nic', '--help']],
  [['asm', '--help']],
  [['dbg', '--help']],
  [['filter', '--help']],
  [['help', 'conformance']],
  [['no-such-command']],
  [['run', fixture('programs/drop/drop.v3.o'), '--mode', 'sideways']],
] as const)('%s loads no package but those that describe commands', ([args]) => {
  expect(loadedPackages(args)).toEqual(LIGHT)
})
