import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountedPackets } from '@bpfoundry/device'
import { afterAll, expect, test } from 'vitest'
import { bpfoundry, bpfoundryProcess, fixture, startArguments } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-run-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const BLACKLIST = fixture('programs/blacklist/blacklist.v3.o')
const MIXED = fixture('captures/mixed.pcap')

// Threads take long to start from source: the Ctrl-C case has one.
test.for([
  ['generic', '--deterministic'],
  ['native', '--deterministic'],
  ['offload', '--deterministic'],
] as const)('run --mode %s %s drops what the map lists and writes what passed', async ([mode, flag], { skip }) => {
  const list = join(folder, `list-${mode}.txt`)
  const output = join(folder, `${mode}.pcap`)
  writeFileSync(list, '# the one blocked source\n10.1.2.3 0\n')
  const { code, stdout, stderr } = await bpfoundry(
    'run',
    BLACKLIST,
    '--mode',
    mode,
    '--pcap',
    MIXED,
    '--map',
    `blocked=${list}`,
    '--write',
    output,
    '--json',
    flag,
  )
  expect(stderr).toBe('')
  expect(code).toBe(0)
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({ $schema: 'bpfoundry.run/1', mode, fates: { in: 201, drop: 17, pass: 184 } })
  expect(accountedPackets(report.fates)).toBe(report.fates.in)
  if (spawnSync('tcpdump', ['--version']).error !== undefined) return skip('no tcpdump to read the capture')
  const read = spawnSync('tcpdump', ['-nr', output], { encoding: 'utf8' })
  expect(read.status).toBe(0)
  expect(
    read.stdout
      .trim()
      .split('\n')
      .filter((line) => /^\d/.test(line)),
  ).toHaveLength(184)
})

test('Ctrl-C gives the summary so far, and exit code 130', async () => {
  const output = join(folder, 'interrupted.pcap')
  const args = [
    'run',
    BLACKLIST,
    '--mode',
    'native',
    '--pktgen',
    'src=10.0.0.0/8',
    '--json',
    '--write',
    output,
    '--deterministic',
  ]
  const child = spawn(process.execPath, [...startArguments(), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  // The file under its temporary name grows as soon as packets pass.
  const written = (): boolean =>
    readdirSync(folder).some((name) => name.endsWith('.part') && statSync(join(folder, name)).size > 0)
  while (!written()) await new Promise((done) => setTimeout(done, 20))
  child.kill('SIGINT')
  const code = await new Promise((done) => child.on('close', done))
  expect(code).toBe(130)
  expect(JSON.parse(stdout)).toMatchObject({ interrupted: true })
  expect(JSON.parse(stdout).fates.in).toBeGreaterThan(0)
  expect(existsSync(output)).toBe(true)
})

test('verify: a line a program; exit code 1 when one is refused', async () => {
  const accepted = await bpfoundry('verify', BLACKLIST)
  expect(accepted).toMatchObject({ code: 0, stderr: '' })
  expect(accepted.stdout).toMatch(/filter +xdp +accepted/)
  const refused = await bpfoundry('verify', BLACKLIST, fixture('programs/refused/context_write.v3.o'), '--json')
  expect(refused.code).toBe(1)
  const { programs } = JSON.parse(refused.stdout)
  expect(programs.map((row: { verdict: string }) => row.verdict)).toEqual(['accepted', 'refused'])
  expect(programs[1].rejection).toMatchObject({ errno: 13, code: expect.stringMatching(/^VERIFIER_/) })
})

test('prog dump xlated shows context loads rewritten and maps by id', async () => {
  const { code, stdout } = await bpfoundry('prog', 'dump', 'xlated', BLACKLIST)
  expect(code).toBe(0)
  expect(stdout).toMatch(/\(79\) r\d = \*\(u64 \*\)\(r1 \+8\)/)
  expect(stdout).toMatch(/r1 = map\[id:1\]/)
  expect(stdout).toMatch(/call bpf_map_lookup_elem#1/)
})

test('as a process: exit code, and errors on stderr alone', async () => {
  const outcome = await bpfoundryProcess({}, 'verify', '/nonexistent.o')
  expect(outcome).toMatchObject({ code: 3, stdout: '' })
  expect(outcome.stderr).toMatch(/^TESTBENCH_NO_SUCH_FILE/)
})

test('--engine auto says what it chose', async () => {
  const args = ['run', BLACKLIST, '--mode', 'native', '--deterministic', '--pcap', MIXED, '--engine', 'auto', '--json']
  const { code, stdout, stderr } = await bpfoundry(...args)
  expect(code).toBe(0)
  const { engine } = JSON.parse(stdout)
  expect(stderr).toMatch(new RegExp(`^engine: auto chose ${engine}, `))
})

test.each([
  ['--help'],
  ['help'],
  ['help', 'run'],
  ['run', '--help'],
  ['prog', 'dump', '--help'],
  ['vectors', 'run', '--help'],
  ['plugin', '--help'],
  ['bench', '--help'],
])('%s %s %s ends with 0', async (...args) => {
  const { code, stdout } = await bpfoundry(...args.filter((word) => word !== undefined))
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Usage: bpfoundry/)
})
