import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { complete } from '../src/debugger/terminal-session.ts'
import { bpfoundry, bpfoundryWith, fixture, startArguments } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-dbg-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const IPV4_TCP = 'load bpf 6,40 0 0 12,21 0 3 2048,48 0 0 23,21 0 1 6,6 0 0 1,6 0 0 0,'
const MIXED = `load pcap ${fixture('captures/mixed.pcap')}`
const MIXED_NG = `load pcap ${fixture('captures/mixed.pcapng')}`

const session = (...lines: string[]): string => lines.map((line) => `${line}\n`).join('')

test('a session from stdin is written as bpf_dbg writes it, what is read included', async () => {
  const input = session(IPV4_TCP, MIXED, 'breakpoint 4', 'disassemble 4', 'quit', 'never read')
  expect(await bpfoundryWith({ input }, 'dbg')).toEqual({
    code: 0,
    stdout: `> ${IPV4_TCP}\n> ${MIXED}\n> breakpoint 4\nbreakpoint at: l4:\tret #0x1\n> disassemble 4\nl4:\tret #0x1\n> quit\n`,
    stderr: '',
  })
})

test.for(['mixed.pcap', 'mixed.pcapng', 'mixed-big-endian-ns.pcap'])('%s is read', async (name) => {
  const input = session(IPV4_TCP, `load pcap ${fixture(`captures/${name}`)}`, 'run')
  const { stdout, stderr } = await bpfoundryWith({ input }, 'dbg')
  expect(stderr).toBe('')
  const [, passes, fails] = /bpf passes:(\d+) fails:(\d+)\n> $/.exec(stdout) ?? []
  expect(Number(passes)).toBeGreaterThan(10)
  expect(Number(passes) + Number(fails)).toBe(201)
})

test('a script is a file with commands; --json tells each in a line', async () => {
  const script = join(folder, 'script')
  writeFileSync(script, session(IPV4_TCP, MIXED_NG, 'step 2', 'stpe'))
  const { code, stdout, stderr } = await bpfoundry('dbg', '--script', script, '--json')
  expect([code, stderr]).toEqual([0, ''])
  const told = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(told.map(({ $schema, command, ok }) => [$schema, command, ok])).toEqual([
    ['bpfoundry.dbg/1', 'load', true],
    ['bpfoundry.dbg/1', 'load', true],
    ['bpfoundry.dbg/1', 'step', true],
    ['bpfoundry.dbg/1', '', false],
  ])
  expect(told[2].state).toMatchObject({ instructions: 6, packet: 1, packets: 201, executed: 2 })
  expect(told[3].notes).toEqual(['no such command: stpe; did you mean step?'])
})

test('--no-quirks counts packets and verdicts as people do', async () => {
  const input = session('load bpf 1,6 0 0 4294967295,', MIXED, 'select 1', 'run')
  const { stdout } = await bpfoundryWith({ input }, 'dbg', '--no-quirks')
  expect(stdout).toMatch(/bpf passes:201 fails:0\n> $/)
  const quirky = await bpfoundryWith({ input }, 'dbg')
  expect(quirky.stdout).not.toContain('passes')
  expect(quirky.stderr).toBe(
    'packet 2 of 201, as bpf_dbg counts\npacket 2 returned 4294967295, which is negative as an int: run ends there, ' +
      "as bpf_dbg's does; step goes to the next packet, --no-quirks counts it\n",
  )
})

/** Writes a file and gives its path. */
function file(name: string, text: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

// What bpf_dbg says of files that it can't load, and why.
// biome-ignore format: table
test.for([
  ['no such file',    'load pcap /nonexistent.pcap',  'cannot open pcap [No such file or directory]!', /nonexistent/],
  ['a folder',        `load pcap ${folder}`,          'not a regular pcap file, duh!',                 /bpfoundry-dbg/],
  ['a short file',    `load pcap ${file('short', 'pcap')}`, 'pcap file too small!',                    /4 bytes/],
  ['no capture',      `load pcap ${file('text', 'x'.repeat(100))}`, 'wrong pcap magic!',               /PCAP_MAGIC/],
  ['one cut off',     `load pcap ${file('cut', readFileSync(fixture('captures/mixed.pcap')).subarray(0, 300))}`, undefined, /^[1-9] packets; PCAP_TRUNCATED/],
  ['no assembly',     `load asm ${file('a.bpf', 'ret')}`, undefined,                                   /CBPF_ASM_SYNTAX[\s\S]*a\.bpf:1:4\n/],
  ['no such assembly', 'load asm /nonexistent.bpf',   'cannot open assembly [No such file or directory]!', /nonexistent/],
] as const)('%s: bpf_dbg\'s words on stdout, the reason on stderr', async ([, line, said, why]) => {
  const { code, stdout, stderr } = await bpfoundryWith({ input: line }, 'dbg')
  expect(code).toBe(0)
  expect(stdout).toBe(`> ${line}\n${said === undefined ? '' : `${said}\n`}> `)
  expect(stderr).toMatch(why)
})

// biome-ignore format: table
test.for([
  ['br',                     ['breakpoint '],              'br'],
  ['load a',                 ['asm '],                     'a'],
  ['watch m',                [],                           'm'],
  [`load pcap ${folder}/cu`, [`${folder}/cut`],            `${folder}/cu`],
  ['load pcap /nonexistent/', [],                          '/nonexistent/'],
] as const)('Tab makes of %j', ([line, offered, completed]) => {
  expect(complete(line)).toEqual([offered, completed])
})

test('no script of that name: one clear error', async () => {
  const { code, stdout, stderr } = await bpfoundry('dbg', '--script', '/nonexistent')
  expect([code, stdout, stderr.split(':')[0]]).toEqual([3, '', 'CLI_NO_SUCH_FILE'])
})

test('answers before its input ends, and leaves at quit while that is open', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [...startArguments(), 'dbg'], { stdio: 'pipe' })
  let stdout = ''
  const seen = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!stdout.includes(text)) return
        child.stdout.off('data', look)
        resolve()
      }
      child.stdout.on('data', look)
    })
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  await seen('> ')
  const answered = seen('no bpf program loaded!\n> ')
  child.stdin.write('dump\n')
  await answered
  const ended = new Promise((resolve) => child.on('close', resolve))
  child.stdin.write('quit\n')
  expect(await ended).toBe(0)
  expect(stdout).toBe('> dump\nno bpf program loaded!\n> quit\n')
})
