import { readFileSync } from 'node:fs'
import { fixture } from './command-line.ts'

/** The blacklist object, a fresh copy. */
export function blacklist(): Buffer {
  return readFileSync(fixture('programs/blacklist/blacklist.v3.o'))
}

interface Section {
  readonly name: string
  /** Offset of its header. */
  readonly header: number
  readonly offset: number
  readonly size: number
}

/** A 20-line reading of the section headers, so that the damage does not depend on the reader under test. */
function sections(elf: Buffer): Section[] {
  const table = Number(elf.readBigUInt64LE(0x28))
  const count = elf.readUInt16LE(0x3c)
  const names = table + 64 * elf.readUInt16LE(0x3e)
  const strings = Number(elf.readBigUInt64LE(names + 24))
  return Array.from({ length: count }, (_, index) => {
    const header = table + 64 * index
    const at = strings + elf.readUInt32LE(header)
    const name = elf.toString('latin1', at, elf.indexOf(0, at))
    const [offset, size] = [24, 32].map((field) => Number(elf.readBigUInt64LE(header + field)))
    return { name, header, offset: offset as number, size: size as number }
  })
}

export function section(elf: Buffer, name: string): Section {
  const found = sections(elf).find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no section ${name}`)
  return found
}

/** A change of the object, by name of what it does. */
export function damaged(change: (elf: Buffer) => Buffer | undefined): Buffer {
  const elf = blacklist()
  return change(elf) ?? elf
}

/** Gives a section another name of the same length. */
export function renameSection(elf: Buffer, from: string, to: string): void {
  if (from.length !== to.length) throw new Error('names differ in length')
  const names = Number(elf.readBigUInt64LE(0x28)) + 64 * elf.readUInt16LE(0x3e)
  const strings = Number(elf.readBigUInt64LE(names + 24))
  elf.write(to, strings + elf.readUInt32LE(section(elf, from).header), 'latin1')
}

/** Sets `max_entries`: the length of the array type that __uint(max_entries, 1 << 20) makes. */
export function setMaxEntries(elf: Buffer, entries: number): void {
  const { offset, size } = section(elf, '.BTF')
  for (let at = offset; at < offset + size - 12; at += 4) {
    if (elf.readUInt32LE(at) === 1 << 20) {
      elf.writeUInt32LE(entries, at)
      return
    }
  }
  throw new Error('no max_entries')
}

/** Makes the first PTR of the types point to itself through a TYPEDEF: a cycle of modifiers. */
export function makeBtfCycle(elf: Buffer): void {
  const { offset } = section(elf, '.BTF')
  const start = offset + elf.readUInt32LE(offset + 4)
  const end = start + elf.readUInt32LE(offset + 12)
  const KIND_BYTES: Record<number, (vlen: number) => number> = {
    1: () => 4,
    3: () => 12,
    4: (n) => 12 * n,
    5: (n) => 12 * n,
    6: (n) => 8 * n,
    13: (n) => 8 * n,
    14: () => 4,
    15: (n) => 12 * n,
    17: () => 4,
    19: (n) => 12 * n,
  }
  for (let at = start, id = 1; at < end; id++) {
    const info = elf.readUInt32LE(at + 4)
    const kind = (info >>> 24) & 31
    if (kind === 8) {
      elf.writeUInt32LE(id, at + 8)
      return
    }
    at += 12 + (KIND_BYTES[kind]?.(info & 0xffff) ?? 0)
  }
  throw new Error('no typedef')
}
