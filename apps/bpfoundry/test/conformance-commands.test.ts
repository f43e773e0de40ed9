import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { ENGINE_NAMES } from '@bpfoundry/testbench'
import { afterAll, describe, expect, test } from 'vitest'
import { bpfoundry, bpfoundryWith, fixture } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-vectors-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const VECTORS = fixture('conformance/vectors.jsonl')
const ADD = fixture('conformance/alu64-add-x.data')
const ENGINES = ENGINE_NAMES.filter((name) => name !== 'auto')

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('vectors run', () => {
  // The second case reads what is not there: no engine may go down with it.
  test('a folder on all engines: a table', async () => {
    const cases = join(folder, 'cases')
    mkdirSync(cases)
    copyFileSync(ADD, join(cases, 'add.data'))
    const wild = '-- asm\nlddw %r1, 0xfffffff0\nldxdw %r0, [%r1]\nexit\n-- error\n'
    writeFileSync(join(cases, 'wild.data'), wild)
    const { code, stdout, stderr } = await bpfoundry('vectors', 'run', cases)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/ +/).slice(0, 4).join(' ')),
    ).toEqual(['engine cases passed failed', ...ENGINES.map((name) => `${name} 2 2 0`)])
  })

  test('a line a case and engine under --jsonl; gzipped files as well', async () => {
    const path = file('vectors.jsonl.gz', gzipSync(readFileSync(VECTORS)))
    const { code, stdout } = await bpfoundry('vectors', 'run', path, '--engine', 'interpreter,wasm', '--jsonl')
    expect(code).toBe(0)
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(answers).toHaveLength(42)
    expect(answers.slice(0, 2)).toMatchObject([
      { id: 'pass', engine: 'interpreter', load_ok: true, retval: 2, pass: true },
      { id: 'pass', engine: 'wasm', load_ok: true, retval: 2, pass: true },
    ])
  })

  test('what fails is named, and ends with 1', async () => {
    const wrong = readFileSync(ADD, 'utf8').replace(/-- result\n.*/, '-- result\n0x7')
    const path = file('wrong.data', wrong)
    const { code, stdout } = await bpfoundry('vectors', 'run', path, '--engine', 'interpreter')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^wrong: interpreter: r0: 0x0, expected 0x7\n/)
    const json = await bpfoundry('vectors', 'run', path, '--engine', 'interpreter', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      $schema: 'bpfoundry.vectors/1',
      cases: 1,
      engines: [{ engine: 'interpreter', passed: 0, failed: 1 }],
      findings: [{ id: 'wrong', engine: 'interpreter', differs: ['r0: 0x0, expected 0x7'] }],
    })
  })

  test('--oracle kernel puts the running kernel beside it', async ({ skip }) => {
    const asked = kernelOracle()
    const outcome = await bpfoundry(
      'vectors',
      'run',
      VECTORS,
      '--oracle',
      'kernel',
      '--engine',
      'interpreter',
      '--json',
    )
    if ('unavailable' in asked) {
      expect(outcome).toMatchObject({ code: 4, stderr: expect.stringContaining('CLI_UNSUPPORTED_ORACLE') })
      return skip(asked.unavailable)
    }
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      engines: [
        { engine: 'kernel', cases: 21 },
        { engine: 'interpreter', cases: 21, passed: 21, differing: 0 },
      ],
    })
  })
})

describe('plugin', () => {
  const RETURNS_LENGTH = 'bf 20 00 00 00 00 00 00 95 00 00 00 00 00 00 00\n'

  test.each(['interpreter', 'wasm'])(
    '%s: memory as an argument, the program on stdin, r0 on stdout',
    async (engine) => {
      const outcome = await bpfoundryWith({ input: RETURNS_LENGTH }, 'plugin', 'aa bb  cc ', '', `--engine=${engine}`)
      expect(outcome).toEqual({ code: 0, stdout: '3\n', stderr: '' })
    },
  )

  test('a failure is told on stderr', async () => {
    const outcome = await bpfoundryWith({ input: 'ff'.repeat(8) }, 'plugin', '--engine', 'wasm')
    expect(outcome).toMatchObject({ code: 3, stdout: '' })
    expect(outcome.stderr).toMatch(/^.*ISA_OPCODE.*: unknown instruction/)
  })
})

describe('prog dump jited', () => {
  const BLACKLIST = fixture('programs/blacklist/blacklist.v3.o')

  test.each([
    ['x86-64', /^ +[0-9a-f]+: {3}ret$/m],
    ['arm64', /^ +[0-9a-f]+: {3}ret ?$/m],
    ['wasm', /^ +[0-9a-f]+: {3}\(func \$\d+ \(param i32 i32 i32 i32\) \(result i32\)/m],
  ])('%s: code below the BPF instruction and the source line', async (engine, code) => {
    const outcome = await bpfoundry('prog', 'dump', 'jited', BLACKLIST, '--engine', engine, '--linum')
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).toMatch(new RegExp(`^filter tag [0-9a-f]{16}: ${engine}, \\d+ bytes\n`))
    expect(outcome.stdout).toMatch(code)
    expect(outcome.stdout).toMatch(/^; .*\[file:.*blacklist\.bpf\.c line_num:\d+ line_col:\d+\]$/m)
    expect(outcome.stdout).toMatch(/^; +\d+: \(95\) exit$/m)
    expect(outcome.stdout).not.toMatch(/\.byte|opcode 0x/)
  })

  test('--opcodes and --json', async () => {
    const drop = fixture('programs/drop/drop.v3.o')
    const text = await bpfoundry('prog', 'dump', 'jited', drop, '--engine', 'x86-64', '--opcodes')
    expect(text.stdout).toMatch(/mov eax, 1\n +b8 01 00 00 00\n/)
    const json = await bpfoundry('prog', 'dump', 'jited', drop, '--engine', 'x86-64', '--json')
    const { $schema, engine, codeBytes, parts } = JSON.parse(json.stdout)
    expect({ $schema, engine }).toEqual({ $schema: 'bpfoundry.jited/1', engine: 'x86-64' })
    const bytes = parts.flatMap((part: { code: { bytes: string }[] }) => part.code.map((line) => line.bytes)).join('')
    expect(bytes).toHaveLength(2 * codeBytes)
  })
})

// biome-ignore format: table
const BAD: readonly (readonly [title: string, exit: number, says: RegExp, args: () => string[]])[] = [
  ['no such file of vectors',     3, /CONFORMANCE_NO_SUCH_FILE/,  () => ['vectors', 'run', '/nonexistent.jsonl']],
  ['a folder without cases',      3, /CONFORMANCE_NO_SUCH_FILE/,  () => ['vectors', 'run', fixture('captures')]],
  ['a line that is no JSON',      3, /CONFORMANCE_JSON.*\n.*bad\.jsonl:2/, () => ['vectors', 'run', file('bad.jsonl', '{"insns": ""}\n{'), '--engine', 'interpreter']],
  ['a field that is wrong',       3, /CONFORMANCE_FIELD.*insns/,  () => ['vectors', 'run', file('field.jsonl', '{"insns": 7}')]],
  ['a damaged gzip file',         3, /CONFORMANCE_UNREADABLE/,    () => ['vectors', 'run', file('bad.jsonl.gz', 'no gzip')]],
  ['a wrong line of assembly',    3, /CONFORMANCE_SYNTAX.*\n.*bad\.data:2/, () => ['vectors', 'run', file('bad.data', '-- asm\nmvo %r0, 1\n-- result\n1\n')]],
  ['an unknown engine',           2, /no such engine: wasn/,      () => ['vectors', 'run', VECTORS, '--engine', 'wasn']],
  ['an unknown oracle',           2, /--oracle.*kernel/,          () => ['vectors', 'run', VECTORS, '--oracle', 'windows']],
  ['two forms of output',         2, /CLI_OUTPUT/,                () => ['vectors', 'run', VECTORS, '--json', '--jsonl']],
  ['a plugin without a program',  1, /CONFORMANCE_PROGRAM/,  () => ['plugin', '--engine', 'interpreter']],
  ['memory that is not hex',      3, /CONFORMANCE_HEX/,           () => ['plugin', 'xyz', '--engine', 'interpreter']],
  ['a program that is cut off',   3, /ISA_LENGTH/,                () => ['plugin', '--program', '9500', '--engine', 'interpreter']],
  ['an unknown plugin option',    2, /CLI_PLUGIN_OPTIONS/,        () => ['plugin', '', 'fast']],
  ['code of no engine',           2, /--engine.*wasm, x86-64, arm64/, () => ['prog', 'dump', 'jited', VECTORS, '--engine', 'interpreter']],
  ['code of what is no object',   3, /ELF_/,                      () => ['prog', 'dump', 'jited', VECTORS]],
]

test.each(BAD)('%s: one clear error, exit code %i', async (_, exit, says, args) => {
  const { code, stdout, stderr } = await bpfoundry(...args())
  expect(stderr).toMatch(says)
  expect(code).toBe(exit)
  expect(stdout).toBe('')
  expect(stderr).not.toMatch(/^\s+at .*\.(ts|js):\d+/m)
})
