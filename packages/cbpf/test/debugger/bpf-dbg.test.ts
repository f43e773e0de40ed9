import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DebuggerShell } from '../../src/index.ts'
import { blessGoldenLines, kernelTool, readGoldenLines } from '../kernel-tools.ts'
import { PUBLISHED_SESSION } from './published-session.ts'
import { type Session, session } from './sessions.ts'

/** A session and what bpf_dbg prints in it, what is typed included. */
interface Row {
  readonly commands: readonly string[]
  readonly packets: readonly { readonly hex: string; readonly lengthBytes: number }[]
  readonly output: string
}

const GOLDEN = 'debugger/bpf-dbg.golden.jsonl'
const IN_GOLDEN = 24
const COUNT = process.env['CI'] === undefined ? 100 : 1000
/** Loads that bpf_dbg does not have, and this debugger has. */
const NOT_THERE = 'extensions currently not supported!'

function ours({ commands, packets }: Session): string {
  const shell = new DebuggerShell({
    files: {
      capture: (path) =>
        path === 't.pcap'
          ? { content: packets }
          : { refusal: 'cannot open pcap [No such file or directory]!', note: '' },
      text: () => ({ refusal: '', note: '' }),
    },
  })
  let text = ''
  for (const line of commands) {
    const { output, quit } = shell.execute(line)
    text += [`> ${line}`, ...output].map((each) => `${each}\n`).join('')
    if (quit) return text
  }
  return `${text}> `
}

const toRow = ({ commands, packets }: Session, output: string): Row => ({
  commands,
  packets: packets.map(({ data, lengthBytes }) => ({ hex: Buffer.from(data).toString('hex'), lengthBytes })),
  output,
})

const toSession = ({ commands, packets }: Row): Session => ({
  commands,
  packets: packets.map(({ hex, lengthBytes }) => ({ data: Uint8Array.from(Buffer.from(hex, 'hex')), lengthBytes })),
})

test('sessions print what bpf_dbg prints, byte for byte', () => {
  const golden = readGoldenLines<Row>(GOLDEN)
  expect(golden.length).toBe(1 + IN_GOLDEN)
  for (const row of golden) expect(ours(toSession(row))).toBe(row.output)
})

/** A capture file. */
function pcap(packets: Session['packets']): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(65535, 16)
  header.writeUInt32LE(1, 20)
  const records = packets.flatMap(({ data, lengthBytes }) => {
    const record = Buffer.alloc(16)
    record.writeUInt32LE(data.length, 8)
    record.writeUInt32LE(lengthBytes, 12)
    return [record, data]
  })
  return Buffer.concat([header, ...records])
}

test('bpf_dbg itself says the same', ({ skip }) => {
  const tool = kernelTool('bpf_dbg')
  if (tool === undefined) return skip(`${COUNT} sessions: no bpf_dbg here; name one by BPF_DBG`)
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-dbg-'))
  try {
    const ask = (asked: Session): string => {
      writeFileSync(join(folder, 't.pcap'), pcap(asked.packets))
      // Wide enough that readline does not scroll long lines, and with a history of its own.
      const env = { HOME: folder, TERM: 'xterm', COLUMNS: '30000', LINES: '50' }
      const input = asked.commands.map((line) => `${line}\n`).join('')
      return spawnSync(tool, [], { cwd: folder, env, input, encoding: 'utf8' }).stdout
    }
    const rows = [PUBLISHED_SESSION, ...Array.from({ length: COUNT }, (_, seed) => session(seed))]
      .map((each) => toRow(each, ask(each)))
      .filter(({ output }) => !output.includes(NOT_THERE))
    expect(rows.length).toBeGreaterThan(COUNT / 2)
    for (const row of rows) expect(ours(toSession(row))).toBe(row.output)
    blessGoldenLines(GOLDEN, rows.slice(0, 1 + IN_GOLDEN))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
