import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { disassemble, disassembleAll, nop, type Word, withEcc } from '../src/index.ts'
import { OBJDUMP, objdump } from './objdump.ts'
import { DRIVER_WORDS, randomWords } from './sample-words.ts'

const CONTEXTS = [4, 8] as const
const RANDOM_PER_CLASS = Number(process.env['PROGRAMS'] ?? 200)
const golden = (contexts: 4 | 8): URL => new URL(`golden/objdump-ctx${contexts}.golden.txt`, import.meta.url)

const line = (word: Word, text: string): string => `${word.toString(16)}\t${text}\n`

if (process.env['BLESS'] === '1' && OBJDUMP !== undefined) {
  const words = [...DRIVER_WORDS, ...randomWords(12, 7)]
  for (const contexts of CONTEXTS) {
    const texts = objdump(words, contexts)
    writeFileSync(golden(contexts), words.map((word, index) => line(word, texts[index] ?? '')).join(''))
  }
}
describe('disassemble', () => {
  it.each(CONTEXTS)('prints what objdump printed, with %i contexts', (contexts) => {
    const lines = readFileSync(golden(contexts), 'utf8')
      .split('\n')
      .filter((text) => text !== '')
    expect(lines.length).toBeGreaterThan(200)
    const mine = lines.map((text) => {
      const word = Number.parseInt(text, 16)
      return line(word, disassemble(word, { contexts })).slice(0, -1)
    })
    expect(mine).toEqual(lines)
  })

  it('prints random words as objdump does, with 4 and with 8 contexts', (ctx) => {
    if (OBJDUMP === undefined) ctx.skip('NFP_OBJDUMP names no objdump (binutils with --target=nfp-elf)')
    for (const contexts of CONTEXTS) {
      const words = [...DRIVER_WORDS, ...randomWords(RANDOM_PER_CLASS, contexts)]
      expect(words.map((word) => disassemble(word, { contexts }))).toEqual(objdump(words, contexts))
    }
  })

  it('the golden words are the ones that the builders make now', () => {
    const words = readFileSync(golden(4), 'utf8').split('\n').slice(0, DRIVER_WORDS.length)
    expect(words.map((text) => Number.parseInt(text, 16))).toEqual(DRIVER_WORDS)
  })

  it('does not look at check bits, and says where each word is', () => {
    expect(disassembleAll([nop(), withEcc(0xf0012cd000)])).toBe('   0:\t.0  nop\n   8:\t.1  immed[gprA_0, 0x1234]\n')
  })

  it('names what is no instruction', () => {
    expect(disassemble(0x1fffffffffff)).toBe('<invalid_instruction>: 0x1fffffffffff\t # ERROR')
  })
})
