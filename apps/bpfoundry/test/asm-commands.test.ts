import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { bpfoundry, bpfoundryWith } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-asm-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Writes a source and gives its path. */
function source(name: string, text: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const SSH = source('ssh.bpf', 'ldh [12]\njne #0x800, drop\nldb [23]\njneq #6, drop\nret #-1\ndrop: ret #0\n')
const LISTING = 'ldh [12]\njeq #ETHERTYPE_IP, l1, l2\nl1: ret #TRUE\nl2: ret #0\n'

// As bpf_asm and bpfc print it.
// biome-ignore format: table
test.for([
  ['by itself',      [],                        '6,40 0 0 12,21 0 3 2048,48 0 0 23,21 0 1 6,6 0 0 4294967295,6 0 0 0,\n'],
  ['-c',             ['-c'],                    /^\{ 0x28, {2}0, {2}0, 0x0000000c \},\n[\s\S]*\{ 0x06, {2}0, {2}0, 0000000000 \},\n$/],
  ['-f xt-bpf',      ['-f', 'xt-bpf'],          /^6,40 .*,6 0 0 0,$/],
  ['-f decimal',     ['-f', 'decimal'],         /^6\n40 0 0 12\n/],
  ['-f tcpdump',     ['-f', 'tcpdump'],         /^40 0 0 12\n/],
  ['-f netsniff-ng', ['-f', 'netsniff-ng'],     /^\{ 0x28, 0, 0, 0x0000000c \},\n/],
  ['-f listing',     ['-f', 'listing'],         /^\(000\) ldh {6}\[12\]\n/],
  ['-f hex',         ['-f', 'hex'],             /^280000000c0000001500000300080000/],
  ['--big-endian',   ['-f', 'hex', '--big-endian'], /^002800000000000c0015000300000800/],
] as const)('asm %s', async ([, options, expected]) => {
  const { code, stdout, stderr } = await bpfoundry('asm', ...options, SSH)
  expect([code, stderr]).toEqual([0, ''])
  if (typeof expected === 'string') expect(stdout).toBe(expected)
  else expect(stdout).toMatch(expected)
})

test('names stand for numbers that -D gives them; stdin is read where no file is named', async () => {
  const defined = ['-D', 'ETHERTYPE_IP=0x800', '-D', 'TRUE=-1']
  const expected = { code: 0, stdout: '4,40 0 0 12,21 0 1 2048,6 0 0 4294967295,6 0 0 0,\n', stderr: '' }
  expect(await bpfoundryWith({ input: LISTING }, 'asm', ...defined)).toEqual(expected)
  expect(await bpfoundryWith({ input: LISTING }, 'asm', ...defined, '-')).toEqual(expected)
  const { code, stderr } = await bpfoundryWith({ input: LISTING }, 'asm')
  expect(code).toBe(3)
  expect(stderr).toMatch(/ETHERTYPE_IP\n {2}at {7}<stdin>:2:6\n.*\n {16}\^\n[\s\S]*-D ETHERTYPE_IP=VALUE/)
})

test('--write leaves the bytes in a file, and prints nothing', async () => {
  const path = join(folder, 'out', 'ssh.bin')
  expect(await bpfoundry('asm', '--write', path, SSH)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(readFileSync(path).toString('hex')).toMatch(/^280000000c000000.{64}0600000000000000$/)
  expect(readdirSync(join(folder, 'out'))).toEqual(['ssh.bin'])
})

test('--check judges as the kernel does, at the line', async () => {
  expect(await bpfoundry('asm', '--check', SSH)).toMatchObject({ code: 0 })
  const { code, stdout, stderr } = await bpfoundry('asm', '--check', source('cell.bpf', 'ld #1\n  ld M[3]\nret a\n'))
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^CBPF_REFUSED: M\[3\] is read before it is written\n.*cell\.bpf:2\n {11}ld M\[3\]\n/)
})

test('what is hardly meant so is told on stderr', async () => {
  const long = source('long.bpf', `${'tax\n'.repeat(64)}ret #0x100000001\n`)
  const { code, stderr } = await bpfoundry('asm', '-f', 'xt-bpf', long)
  expect(code).toBe(0)
  expect(stderr).toBe(
    `warning: ${long}:65: 0x100000001 has more than 32 bits, which are cut off\nwarning: xt_bpf takes 64 instructions, not 65\n`,
  )
})

test('--json tells instructions, lines and labels', async () => {
  const { stdout } = await bpfoundry('asm', '--json', SSH)
  const told = JSON.parse(stdout)
  expect(told).toMatchObject({ $schema: 'bpfoundry.asm/1', isa: 'classic', labels: { drop: 5 }, warnings: [] })
  expect(told.instructions[1]).toMatchObject({ code: 0x15, jt: 0, jf: 3, k: 0x800, line: 2 })
})

// biome-ignore format: table
test.for([
  ['in hex',                   [],                                'b7000000020000009500000000000000\n'],
  ['for big-endian machines',  ['--big-endian'],                  'b7000000000000029500000000000000\n'],
  ['as the verifier shows it', ['-f', 'listing', '--syntax', 'kernel'], '   0: (b7) r0 = 2\n   1: (95) exit\n'],
] as const)('eBPF %s', async ([, options, expected]) => {
  const path = source('two.s', 'r0 = XDP_PASS\nexit\n')
  expect(await bpfoundry('asm', path, '--ebpf', '-D', 'XDP_PASS=2', ...options)).toEqual({ code: 0, stdout: expected, stderr: '' })
})

// biome-ignore format: table
test.for([
  ['no such file',         ['/nonexistent.bpf'],           3, /CLI_NO_SUCH_FILE/],
  ['a folder',             [folder],                       3, /CLI_UNREADABLE_FILE/],
  ['an object file',       [source('elf.bpf', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 0, 255, 254]))], 3, /CBPF_ASM_SYNTAX.*no word/],
  ['nothing',              [source('empty.bpf', '')],      3, /CBPF_ASM_SYNTAX/],
  ['no such label',        [source('label.bpf', 'jmp end\nret a')], 3, /CBPF_ASM_LABEL[\s\S]*got {6}end/],
  ['a name for a word',    ['-D', 'len=5', SSH],           3, /CBPF_ASM_SYMBOL/],
  ['no value',             ['-D', 'LEN', SSH],             2, /-D.*NAME=NUMBER/],
  ['no number',            ['-D', 'LEN=0x', SSH],          2, /-D.*NAME=NUMBER/],
  ['no such form',         ['-f', 'elf', SSH],             2, /--format/],
  ['two forms',            ['-c', '-f', 'hex', SSH],       2, /CLI_FORMAT/],
  ['a form of the other',  ['--ebpf', '-f', 'c', source('exit.s', 'exit')], 2, /CLI_FORMAT/],
  ['eBPF that is none',    ['--ebpf', SSH],                3, /ISA_SYNTAX[\s\S]*\^/],
  ['no place to write to', ['--write', '/dev/null/a', SSH], 3, /CLI_UNWRITABLE/],
] as const)('%s: one clear error', async ([, options, exit, says]) => {
  const { code, stdout, stderr } = await bpfoundry('asm', ...options)
  expect(stderr).toMatch(says)
  expect([code, stdout]).toEqual([exit, ''])
  expect(stderr).not.toMatch(/^\s+at .*\.(ts|js):\d+/m)
})
