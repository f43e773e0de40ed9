import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { captures } from '../../../fixtures/captures/captures.ts'
import { BLOCKED_PACKETS, BLOCKED_SOURCE } from '../../../fixtures/captures/mixed-frames.ts'
import { LINKTYPE, parsePacket, readCapture, verifyChecksums } from '../src/index.ts'
import { hasTcpdump, tcpdump } from './tcpdump.ts'

const FOLDER = join(import.meta.dirname, '../../../fixtures/captures')
const files = [...captures()]

/** Of these the checksums need not be right, and tcpdump has much to complain of. */
const DAMAGED = ['garbage.pcap', 'short.pcap', 'runt.pcap']

describe('fixtures/captures', () => {
  test.each(files)('%s is what the generator makes (BLESS=1 writes it)', (name, bytes) => {
    const path = join(FOLDER, name)
    if (process.env['BLESS']) writeFileSync(path, bytes)
    expect(existsSync(path), `${name} is missing: run with BLESS=1`).toBe(true)
    expect(Buffer.compare(readFileSync(path), bytes), `${name} differs from what captures.ts makes`).toBe(0)
  })

  test('no capture is there that the generator does not make', () => {
    const there = readdirSync(FOLDER).filter((name) => /\.pcap(ng)?$/.test(name))
    expect(there.sort()).toEqual(files.map(([name]) => name).sort())
  })

  test.for(files)('%s: tcpdump reads as many packets, and finds no wrong checksum', ([name, bytes], ctx) => {
    const packets = [...readCapture(bytes)]
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    const { lines, complaints } = tcpdump(bytes, ['-e', '-tt'])
    expect(complaints).toBe('')
    expect(lines.filter((line) => /^\d{10}\.\d{6} /.test(line)).length).toBe(packets.length)
    if (DAMAGED.includes(name)) return
    expect(tcpdump(bytes, ['-vv']).lines.join('\n')).not.toMatch(/bad cksum|bad udp cksum|incorrect|wrong/)
    for (const { data } of packets) {
      for (const { verdict } of verifyChecksums(data)) expect(verdict).not.toBe('wrong')
    }
  })

  test('every frame but the runts can go into BPF_PROG_TEST_RUN', () => {
    for (const [name, bytes] of files) {
      const shortest = Math.min(...[...readCapture(bytes)].map(({ data }) => data.length))
      if (name === 'runt.pcap') expect(shortest).toBe(1)
      else expect(shortest, name).toBeGreaterThanOrEqual(14)
    }
  })

  test.each(files.filter(([name]) => name.startsWith('mixed')))(
    '%s: 17 packets of the blocked source',
    (_name, bytes) => {
      const packets = [...readCapture(bytes)]
      expect(packets.length).toBeGreaterThanOrEqual(190)
      const blocked = packets.filter(({ data, linkType }) => {
        expect(linkType).toBe(LINKTYPE.ETHERNET)
        return parsePacket(data).layers.some((layer) => 'src' in layer && layer.src === BLOCKED_SOURCE)
      })
      expect(blocked.length).toBe(BLOCKED_PACKETS)
      for (const { data } of blocked) {
        expect([...data.subarray(12, 14), ...data.subarray(26, 30)]).toEqual([0x08, 0x00, 10, 1, 2, 3])
      }
    },
  )

  test('tcpdump counts the same 17', (ctx) => {
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    const mixed = new Map(files).get('mixed.pcap')!
    expect(tcpdump(mixed, ['src', 'host', BLOCKED_SOURCE]).lines.length).toBe(BLOCKED_PACKETS)
  })
})
