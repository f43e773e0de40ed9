/**
 * binutils' objdump for nfp as a judge: words go into the least object file that it reads, its text comes back.
 * Where it lies tells NFP_OBJDUMP (binutils configured with --target=nfp-elf).
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Word, wordsToBytes } from '../src/index.ts'

export const OBJDUMP: string | undefined = process.env['NFP_OBJDUMP']

const EM_NFP = 250
const MACHINE_6000 = 0x6000 << 8
const HEADER_BYTES = 64
const SECTION_BYTES = 64
const NAMES = '\0.text\0.shstrtab\0'

interface Section {
  readonly name: number
  readonly type: number
  readonly flags: number
  readonly offset: number
  readonly length: number
}

/** What objdump prints for each word, behind its address. */
export function objdump(words: readonly Word[], contexts: 4 | 8 = 4): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'microcode-'))
  try {
    const path = join(folder, 'words.nffw')
    writeFileSync(path, objectFile(wordsToBytes(words)))
    const options = ['-d', '-M', `no-pc,ctx${contexts}`, '--no-show-raw-insn', path]
    const text = execFileSync(OBJDUMP ?? 'objdump', options, { encoding: 'utf8', maxBuffer: 2 ** 28 })
    return text
      .split('\n')
      .filter((line) => /^\s*[0-9a-f]+:\t/.test(line))
      .map((line) => line.replace(/^\s*[0-9a-f]+:\t/, ''))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function objectFile(code: Uint8Array): Uint8Array {
  const names = new TextEncoder().encode(NAMES)
  const namesAt = HEADER_BYTES + code.length
  const sectionsAt = Math.ceil((namesAt + names.length) / 8) * 8
  const bytes = new Uint8Array(sectionsAt + 3 * SECTION_BYTES)
  const view = new DataView(bytes.buffer)
  writeHeader(view, sectionsAt)
  bytes.set(code, HEADER_BYTES)
  bytes.set(names, namesAt)
  writeSection(view, sectionsAt + SECTION_BYTES, {
    name: 1,
    type: 1,
    flags: 6,
    offset: HEADER_BYTES,
    length: code.length,
  })
  writeSection(view, sectionsAt + 2 * SECTION_BYTES, {
    name: 7,
    type: 3,
    flags: 0,
    offset: namesAt,
    length: names.length,
  })
  return bytes
}

function writeHeader(view: DataView, sectionsAt: number): void {
  view.setUint32(0, 0x7f454c46)
  view.setUint32(4, 0x02010100)
  view.setUint16(16, 2, true)
  view.setUint16(18, EM_NFP, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(40, BigInt(sectionsAt), true)
  view.setUint32(48, MACHINE_6000, true)
  view.setUint16(52, HEADER_BYTES, true)
  view.setUint16(58, SECTION_BYTES, true)
  view.setUint16(60, 3, true)
  view.setUint16(62, 2, true)
}

function writeSection(view: DataView, at: number, section: Section): void {
  view.setUint32(at, section.name, true)
  view.setUint32(at + 4, section.type, true)
  view.setBigUint64(at + 8, BigInt(section.flags), true)
  view.setBigUint64(at + 24, BigInt(section.offset), true)
  view.setBigUint64(at + 32, BigInt(section.length), true)
  view.setBigUint64(at + 48, 8n, true)
}
