import { describe, expect, it } from 'vitest'
import { CPUID_LISTINGS } from '../src/cpu-features.ts'
import { handlerListing } from '../src/fault-handler.ts'
import { arm64Stubs } from '../src/gate-stubs-arm64.ts'
import { leaveListing, x86Stubs } from '../src/gate-stubs-x86.ts'
import { SYNCHRONISE_LISTING } from '../src/instruction-cache.ts'
import { assembleListing, type ListingRow } from '../src/stub-listing.ts'
import { loadDisassembler } from './disassembler.ts'

const disassemble = await loadDisassembler()
/** An address with every byte different, so that none is misplaced. */
const GATE = 0x1f_3456_789abc
const HANDLER = { gate: GATE, stack: { address: 0x7f_0000_1234, lengthBytes: 0x50000 } }
const systemV = x86Stubs(GATE, 'linux')
const windows = x86Stubs(GATE, 'win32')
const arm64 = arm64Stubs(GATE)

/** Rows that are instructions: a literal at the end is data, and padding before it is never reached. */
const instructions = (rows: readonly ListingRow[]): ListingRow[] =>
  rows.filter(([text]) => text !== 'GATE' && text !== 'udf #0')

describe('the text of each row is what capstone reads in its bytes', () => {
  it.each([
    ['x86-64 enter, System V', 'x64', systemV.enter],
    ['x86-64 enter, Windows', 'x64', windows.enter],
    ['x86-64 callHelper, System V', 'x64', systemV.callHelper],
    ['x86-64 callHelper, Windows', 'x64', windows.callHelper],
    ['x86-64 resume, System V', 'x64', systemV.resume],
    ['x86-64 resume, Windows', 'x64', windows.resume],
    ['x86-64 cpuid, System V', 'x64', CPUID_LISTINGS.systemV],
    ['x86-64 cpuid, Windows', 'x64', CPUID_LISTINGS.windows],
    ['x86-64 signal handler, the first', 'x64', handlerListing({ ...HANDLER, before: 0 })],
    ['x86-64 signal handler, after another', 'x64', handlerListing({ ...HANDLER, before: 0x7f_1234_5678 })],
    ['x86-64 leave', 'x64', leaveListing(GATE)],
    ['arm64 enter', 'arm64', arm64.enter],
    ['arm64 callHelper', 'arm64', arm64.callHelper],
    ['arm64 resume', 'arm64', arm64.resume],
    ['arm64 cache synchronisation', 'arm64', SYNCHRONISE_LISTING],
  ] as const)('%s', (_, architecture, listing) => {
    const rows = instructions(listing)
    expect(disassemble(architecture, assembleListing(rows))).toEqual(rows.map(([text]) => text))
  })
})

describe('x86-64 signal handler', () => {
  it.each([0, 0x7f_1234_5678])('leads to what lies behind it, with %i before it', (before) => {
    const rows = handlerListing({ ...HANDLER, before })
    const offsets = rows.map((_, index) => assembleListing(rows.slice(0, index + 1)).length)
    const offsetBehind = (start: string): number =>
      offsets[rows.findIndex(([text]) => text.startsWith(start))] as number
    const lea = rows.find(([text]) => text.startsWith('lea rcx'))![0]
    expect(offsetBehind('lea rcx') + Number(/0x[0-9a-f]+/.exec(lea))).toBe(offsets.at(-1))
    expect(rows.find(([text]) => text.startsWith('ja '))![0]).toBe(`ja 0x${offsetBehind('ret').toString(16)}`)
  })
})

describe('arm64 literals', () => {
  it.each([
    ['enter', arm64.enter],
    ['callHelper', arm64.callHelper],
    ['resume', arm64.resume],
  ] as const)('%s holds the gate at an offset of 8, where its loads point', (_, rows) => {
    const bytes = assembleListing(rows)
    const at = bytes.length - 8
    expect(at % 8).toBe(0)
    expect(Number(new DataView(bytes.buffer).getBigUint64(at, true))).toBe(GATE)
    const loads = rows.filter(([text]) => /^ldr x\d+, #/.test(text))
    expect(loads.length).toBeGreaterThan(0)
    for (const [text] of loads) expect(text).toContain(`, #0x${at.toString(16)}`)
  })
})
