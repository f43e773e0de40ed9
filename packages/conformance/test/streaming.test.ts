import { randomBytes } from 'node:crypto'
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createGzip } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { readCases } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-streaming-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** FULL=1: 200 MB, gzipped. */
const FULL = process.env['FULL'] === '1'
const GZIPPED_BYTES = (FULL ? 200 : 4) * 1e6
const PACKET_BYTES = 10_000
const LINES = Math.ceil(GZIPPED_BYTES / PACKET_BYTES)

function* lines(): Generator<string> {
  for (let id = 0; id < LINES; id++) {
    // Random bytes in hex: gzip can but halve them.
    const data = randomBytes(PACKET_BYTES).toString('hex')
    yield `${JSON.stringify({ id, insns: 'b7000000000000009500000000000000', data_in: data })}\n`
  }
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function usedBytes(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

test('a gzipped file of any length takes the memory of a case', { timeout: 300_000 }, async () => {
  const path = join(folder, 'many.jsonl.gz')
  await pipeline(Readable.from(lines()), createGzip({ level: 1 }), createWriteStream(path))
  expect(statSync(path).size).toBeGreaterThan(0.9 * GZIPPED_BYTES)
  const before = usedBytes()
  let count = 0
  let most = 0
  for await (const one of readCases(path)) {
    expect(one.kind).toBe('vector')
    // Collecting garbage takes longer than all the reading, in a process that ran other tests before.
    if (++count % Math.ceil(LINES / 8) === 0) most = Math.max(most, usedBytes() - before)
  }
  expect(count).toBe(LINES)
  // Of 8 MB of text, or 400: lines of 20 kB, and some blocks of 16 and 64 kB of readline and gunzip.
  expect(most).toBeLessThan(FULL ? 16e6 : 4e6)
})
