import { withoutEcc } from '../ecc.ts'
import type { Word } from '../field.ts'
import { classOf, type WordClass } from '../layouts.ts'
import { aluText } from './alu-text.ts'
import { brAluText, brBitText, brByteText, brText, ctxArbText } from './branch-text.ts'
import { cmdText } from './cmd-text.ts'
import { localCsrText } from './csr-text.ts'
import { immedText, mulText } from './immed-text.ts'
import { ldFieldText, shfText } from './shift-text.ts'

/** How words are printed. */
export interface DisassemblyOptions {
  /** Contexts of the core: with 8, each has half of the registers. */
  readonly contexts?: 4 | 8
}

const TEXTS: Readonly<Record<WordClass, (word: Word, contexts: 4 | 8) => string>> = {
  cmd: cmdText,
  shf: shfText,
  alu: aluText,
  immed: immedText,
  ldField: ldFieldText,
  ctxArb: ctxArbText,
  localCsr: localCsrText,
  br: brText,
  brByte: brByteText,
  brBit: brBitText,
  brAlu: brAluText,
  mul: mulText,
}

/** A word in the syntax of binutils' nfp disassembler, without address. Check bits are not looked at. */
export function disassemble(word: Word, options: DisassemblyOptions = {}): string {
  const instruction = withoutEcc(word)
  const cls = classOf(instruction)
  if (cls === undefined) return `<invalid_instruction>: 0x${word.toString(16)}\t # ERROR`
  return TEXTS[cls](instruction, options.contexts ?? 4)
}

/** Bytes of a word, by which objdump counts addresses. */
const WORD_BYTES = 8

/** A line a word as objdump prints a section: byte address, the word's number, its text. */
export function disassembleAll(words: readonly Word[], options: DisassemblyOptions = {}): string {
  const width = String(words.length).length
  const lines = words.map((word, index) => {
    const address = (index * WORD_BYTES).toString(16).padStart(4, ' ')
    return `${address}:\t${`.${index}`.padStart(width + 1, ' ')}  ${disassemble(word, options)}\n`
  })
  return lines.join('')
}
