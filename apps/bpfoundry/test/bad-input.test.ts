import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { bpfoundry, fixture } from './command-line.ts'
import { damaged, makeBtfCycle, renameSection, section, setMaxEntries } from './damaged-objects.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-bad-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Writes an input and gives its path. */
function file(name: string, content: Buffer | Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const GOOD = fixture('programs/blacklist/blacklist.v3.o')
const MIXED = fixture('captures/mixed.pcap')
const run = (object: string, ...more: string[]): string[] => ['run', object, '--mode', 'native', ...more]
const played = (object: string, ...more: string[]): string[] => run(object, '--pcap', MIXED, ...more)

/** An object with one change. */
function object(name: string, change: (elf: Buffer) => Buffer | undefined): string {
  return file(`${name}.o`, damaged(change))
}

/** A pcap of one record whose header is `patch`ed. */
function pcap(name: string, patch: (bytes: Buffer) => Buffer | undefined): string {
  const bytes = Buffer.alloc(24 + 16 + 64)
  bytes.writeUInt32LE(0xa1b2c3d4, 0)
  bytes.writeUInt16LE(2, 4)
  bytes.writeUInt16LE(4, 6)
  bytes.writeUInt32LE(65535, 16)
  bytes.writeUInt32LE(1, 20)
  bytes.writeUInt32LE(64, 32)
  bytes.writeUInt32LE(64, 36)
  return file(`${name}.pcap`, patch(bytes) ?? bytes)
}

interface BadInput {
  readonly title: string
  readonly args: () => string[]
  readonly exit: number
  /** Code of the error, or for flags a part of the message. */
  readonly says: RegExp
}

const NO_ELF = /^ELF_\w+: .*\n(.*\n)*\s+at .*/
// biome-ignore format: table
const CASES: readonly BadInput[] = [
  { title: 'no such object',                 exit: 3, says: /TESTBENCH_NO_SUCH_FILE/,   args: () => played('/nonexistent/x.o') },
  { title: 'a folder as object',             exit: 3, says: /TESTBENCH_UNREADABLE/,     args: () => played(folder) },
  { title: 'an empty object',                exit: 3, says: NO_ELF,                     args: () => played(file('empty.o', '')) },
  { title: 'text as object',                 exit: 3, says: NO_ELF,                     args: () => played(file('text.o', 'int main() { return 0; } /* longer than an ELF header is, by far */')) },
  { title: 'an object cut in its header',    exit: 3, says: NO_ELF,                     args: () => played(object('cut-header', (elf) => elf.subarray(0, 40))) },
  { title: 'an object cut in half',          exit: 3, says: NO_ELF,                     args: () => played(object('cut-half', (elf) => elf.subarray(0, elf.length >> 1))) },
  { title: 'an object for x86-64',           exit: 3, says: NO_ELF,                     args: () => played(object('x86', (elf) => { elf.writeUInt16LE(62, 18); return elf })) },
  { title: 'a 32-bit object',                exit: 3, says: NO_ELF,                     args: () => played(object('elf32', (elf) => { elf[4] = 1; return elf })) },
  { title: 'section headers past the end',   exit: 3, says: NO_ELF,                     args: () => played(object('shoff', (elf) => { elf.writeBigUInt64LE(1n << 40n, 0x28); return elf })) },
  { title: 'a section size that lies',       exit: 3, says: NO_ELF,                     args: () => played(object('size', (elf) => { elf.writeBigUInt64LE(0xffff_ffffn, section(elf, 'xdp').header + 32); return elf })) },
  { title: 'a section offset that wraps',    exit: 3, says: NO_ELF,                     args: () => played(object('wrap', (elf) => { elf.writeBigUInt64LE(0xffff_ffff_ffff_fff0n, section(elf, 'xdp').header + 24); return elf })) },
  { title: 'a string table that is none',    exit: 3, says: NO_ELF,                     args: () => played(object('strtab', (elf) => { elf.writeUInt16LE(0x7fff, 0x3e); return elf })) },
  { title: 'a relocation to no symbol',      exit: 3, says: /^(ELF|LOADER)_\w+: /,      args: () => played(object('reloc', (elf) => { elf.writeUInt32LE(0xffff, section(elf, '.relxdp').offset + 12); return elf })) },
  { title: 'a code section of 7 bytes',      exit: 3, says: /^(ELF|LOADER|ISA)_\w+: /,  args: () => played(object('seven', (elf) => { elf.writeBigUInt64LE(7n, section(elf, 'xdp').header + 32); return elf })) },
  { title: 'BTF of another magic',           exit: 3, says: /^BTF_\w+: /,               args: () => played(object('btf-magic', (elf) => { elf.writeUInt16LE(0x1234, section(elf, '.BTF').offset); return elf })) },
  { title: 'BTF with a cycle',               exit: 3, says: /^BTF_\w+: /,               args: () => played(object('btf-cycle', (elf) => { makeBtfCycle(elf); return elf })) },
  { title: 'BTF with lying section sizes',   exit: 3, says: /^BTF_\w+: /,               args: () => played(object('btf-size', (elf) => { elf.writeUInt32LE(0x7fff_ffff, section(elf, '.BTF').offset + 12); return elf })) },
  { title: 'a map of 0 entries',             exit: 1, says: /KERNEL_MAP_CREATE.*EINVAL/, args: () => played(object('map-0', (elf) => { setMaxEntries(elf, 0); return elf })) },
  { title: 'a map of 5 GiB and more',        exit: 1, says: /KERNEL_MAP_CREATE/,        args: () => played(object('map-5g', (elf) => { setMaxEntries(elf, 300_000_000); return elf })) },
  { title: 'an unknown section',             exit: 3, says: /^LOADER_\w+: .*\n(.*\n)*\s+hint/, args: () => played(object('section', (elf) => { renameSection(elf, 'xdp', 'xdq'); return elf })) },
  { title: 'an unknown opcode',              exit: 1, says: /KERNEL_PROGRAM_REJECTED/,  args: () => played(object('opcode', (elf) => { elf[section(elf, 'xdp').offset] = 0xff; return elf })) },
  { title: 'no such program',                exit: 2, says: /TESTBENCH_NO_SUCH_PROGRAM.*\n(.*\n)*\s+hint +did you mean filter/, args: () => played(GOOD, '--program', 'fliter') },
  { title: 'a program that is refused',      exit: 1, says: /KERNEL_PROGRAM_REJECTED/,  args: () => played(fixture('programs/refused/context_write.v3.o')) },
  { title: 'a wrong mode',                   exit: 2, says: /--mode.*generic, native, offload/, args: () => ['run', GOOD, '--mode', 'turbo', '--pcap', MIXED] },
  { title: 'no mode',                        exit: 2, says: /--mode/,                   args: () => ['run', GOOD, '--pcap', MIXED] },
  { title: 'an unknown card',                exit: 2, says: /TESTBENCH_PROFILE/,        args: () => played(GOOD, '--nic', 'agilio') },
  { title: 'offload on a card without cores', exit: 1, says: /XDP_ATTACH/,              args: () => ['run', GOOD, '--mode', 'offload', '--nic', 'ixgbe', '--pcap', MIXED] },
  { title: 'a map that a card can\'t hold',  exit: 1, says: /OFFLOAD_BLOCKED[\s\S]*only HASH and ARRAY/, args: () => ['run', fixture('programs/lru_flows/lru_flows.v3.o'), '--mode', 'offload', '--pcap', MIXED] },
  { title: 'no CPUs',                        exit: 2, says: /--cpus.*1 to 64/,          args: () => played(GOOD, '--cpus', '0') },
  { title: 'more queues than the card has',  exit: 2, says: /DEVICE_QUEUES/,            args: () => played(GOOD, '--queues', '1000') },
  { title: 'a ring that is no power of two', exit: 2, says: /DEVICE_RING_SIZE/,         args: () => played(GOOD, '--ring-size', '1000') },
  { title: 'no traffic',                     exit: 2, says: /CLI_TRAFFIC/,              args: () => run(GOOD) },
  { title: 'two kinds of traffic',           exit: 2, says: /CLI_TRAFFIC/,              args: () => played(GOOD, '--pktgen', 'count=1') },
  { title: 'a wrong generator key',          exit: 2, says: /PKTGEN_\w+/,               args: () => run(GOOD, '--pktgen', 'count=1,colour=red') },
  { title: 'no such capture',                exit: 3, says: /TESTBENCH_NO_SUCH_FILE/,   args: () => run(GOOD, '--pcap', '/nonexistent.pcap') },
  { title: 'a capture that is none',         exit: 3, says: /PCAP\w*/,                  args: () => run(GOOD, '--pcap', GOOD) },
  { title: 'a capture cut in a record',      exit: 3, says: /PCAP_TRUNCATED/,           args: () => run(GOOD, '--pcap', pcap('cut', (bytes) => bytes.subarray(0, 60))) },
  { title: 'a record length that lies',      exit: 3, says: /PCAP_\w+/,                 args: () => run(GOOD, '--pcap', pcap('length', (bytes) => { bytes.writeUInt32LE(0x7fff_ffff, 32); return bytes })) },
  { title: 'a capture without Ethernet',     exit: 3, says: /TESTBENCH_LINK_TYPE/,      args: () => run(GOOD, '--pcap', pcap('raw', (bytes) => { bytes.writeUInt32LE(101, 20); return bytes })) },
  { title: 'an output that can\'t be written', exit: 3, says: /TESTBENCH_UNWRITABLE/,   args: () => played(GOOD, '--write', '/dev/null/out.pcap') },
  { title: 'no such map file',               exit: 3, says: /TESTBENCH_NO_SUCH_FILE/,   args: () => played(GOOD, '--map', 'blocked=/nonexistent.txt') },
  { title: 'no such map',                    exit: 2, says: /TESTBENCH_NO_SUCH_MAP/,    args: () => played(GOOD, '--map', `blokced=${file('ok.txt', '10.0.0.1\n')}`) },
  { title: 'a map file line that is wrong',  exit: 3, says: /blocked.*bad\.txt:2|bad\.txt.*:2/, args: () => played(GOOD, '--map', `blocked=${file('bad.txt', '10.0.0.1\n10.0.0.400\n')}`) },
  { title: 'a map assignment without a file', exit: 2, says: /--map.*NAME=FILE/,        args: () => played(GOOD, '--map', 'blocked') },
  { title: 'an unknown flag',                exit: 2, says: /--fast/,                   args: () => played(GOOD, '--fast') },
  { title: 'an unknown command',             exit: 2, says: /unknown command/,          args: () => ['rnu', GOOD] },
]

test.each(CASES)('$title: one clear error, exit code $exit', { timeout: 60_000 }, async ({ args, exit, says }) => {
  const { code, stdout, stderr } = await bpfoundry(...args())
  expect(stderr).toMatch(says)
  expect(code).toBe(exit)
  expect(stdout).toBe('')
  // One error, not a stack trace.
  expect(stderr).not.toMatch(/^\s+at .*\.(ts|js):\d+/m)
})

test('nothing is left half written', () => {
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('under --json an error is one JSON object with code, message and hint', async () => {
  const { code, stderr } = await bpfoundry(...played(GOOD, '--program', 'fliter', '--json'))
  expect(code).toBe(2)
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'TESTBENCH_NO_SUCH_PROGRAM', message: 'no such program: fliter', hint: 'did you mean filter?' },
  })
})
