import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkEcc, loadableBytes, nop, withEcc, withoutEcc, wordsFromBytes, wordsToBytes } from '../src/index.ts'

const FILES = process.env['NFP_TEST_FILES']
const instruction = fc.nat(2 ** 32 - 1).chain((low) => fc.nat(2 ** 13 - 1).map((high) => high * 2 ** 32 + low))

describe('check bits', () => {
  // From section .text.i32.me0 of binutils' test1_nfp6000.nffw and test2_nfp6000.nffw, as objdump shows them.
  it.each([
    [0x000540f0012cd000, 'immed[gprA_0, 0x1234]'],
    [0x0002c0f0012cd280, 'immed[n$reg_0, 0x1234]'],
    [0x000220f0012cd281, 'immed[n$reg_1, 0x1234]'],
    [0x000660f0012cd200, 'immed[*l$index0, 0x1234]'],
    [0x0007c0f0012cd220, 'immed[*l$index1, 0x1234]'],
    [0x000fa0f0012cd230, 'immed[*l$index1++, 0x1234]'],
    [0x000f40f0012cd231, 'immed[*l$index1--, 0x1234]'],
    [0x000d80a0300c0300, 'alu[--, --, B, 0x0]'],
    [0x0004a0a018cc1300, 'alu[$xfer_12, --, B, 0x4]'],
    [0x000400a0b00c198c, 'alu[--, $xfer_12, +, 0x6]'],
  ])('of 0x%s are those of %s', (word) => {
    expect(checkEcc(word)).toBe(true)
    expect(withEcc(withoutEcc(word))).toBe(word)
  })

  it('tell every single and double bit error', () => {
    const bit = fc.nat(51)
    fc.assert(
      fc.property(instruction, bit, bit, (word, first, second) => {
        const flips = first === second ? [first] : [first, second]
        const broken = flips.reduce(flipped, withEcc(word))
        expect(checkEcc(broken)).toBe(false)
      }),
    )
  })

  it('hold in every word of real files', (ctx) => {
    if (FILES === undefined) ctx.skip("NFP_TEST_FILES names no folder of nfp files (binutils' test suite has two)")
    const words = readdirSync(FILES ?? '')
      .filter((name) => name.endsWith('.nffw'))
      .flatMap((name) => textWords(join(FILES ?? '', name)))
    expect(words.length).toBeGreaterThan(900)
    expect(words.filter((word) => !checkEcc(word))).toEqual([])
  })
})

describe('images', () => {
  it('are 8 bytes a word, little-endian, with check bits', () => {
    expect(Buffer.from(loadableBytes([0xf0012cd000])).toString('hex')).toBe('00d02c01f0400500')
    expect(wordsFromBytes(loadableBytes([nop(), 0xf0012cd000]), { check: true }).map(withoutEcc)).toEqual([
      nop(),
      0xf0012cd000,
    ])
  })

  it.each([
    ['a part of a word', new Uint8Array(7), 'MICROCODE_LENGTH'],
    ['bits above 52', Uint8Array.of(0, 0, 0, 0, 0, 0, 0x10, 0), 'MICROCODE_WORD'],
    ['wrong check bits', wordsToBytes([flipped(withEcc(nop()), 3)]), 'MICROCODE_ECC'],
  ])('with %s are refused', (_, bytes, code) => {
    expect(() => wordsFromBytes(bytes, { check: true })).toThrow(expect.objectContaining({ code }))
  })
})

function flipped(word: number, bit: number): number {
  const set = Math.floor(word / 2 ** bit) % 2 === 1
  return set ? word - 2 ** bit : word + 2 ** bit
}

/** Words of all sections whose names begin with .text, by the ELF section table. */
function textWords(path: string): number[] {
  const bytes = readFileSync(path)
  const sections = Number(bytes.readBigUInt64LE(40))
  const count = bytes.readUInt16LE(60)
  const at = (index: number, offset: number): number => Number(bytes.readBigUInt64LE(sections + index * 64 + offset))
  const names = at(bytes.readUInt16LE(62), 24)
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const name = bytes.toString('latin1', names + bytes.readUInt32LE(sections + index * 64)).split('\0')[0] ?? ''
    return name.startsWith('.text') ? wordsFromBytes(bytes.subarray(at(index, 24), at(index, 24) + at(index, 32))) : []
  })
}
