import { assembleClassic, CbpfError, CLASSIC_FORMS, formatClassicProgram, readBytecode } from '../src/index.ts'

export const name = 'cbpf-assembler'

const SOURCES = [
  '; ssh\nldh [12]\njne #0x800, drop\nldb [23]\njneq #6, drop\nldxb 4 * ([14] & 0xf)\nldh [x + 14]\njeq #0x16, pass\npass: ret #-1\ndrop: ret #0\n',
  'ldi 7\nldxi 3\nadd #1\nadd %x\nst M[1]\nldx M[2]\ntax\njmp end\n/* none */ end: ret a\n',
  'ld #vlan_tci\nld #len\nld poff\nldb #rand\njset #SYM, l1, l2\nl1: ret #SYM\nl2: ret x\n',
]

export function seeds(): Uint8Array[] {
  return SOURCES.map((text) => new TextEncoder().encode(text))
}

/** Any text: a program whose every form can be printed, or an error of this package at a place of the text. */
export function fuzzOnce(input: Uint8Array): void {
  const text = new TextDecoder().decode(input)
  try {
    const { insns, lines, warnings } = assembleClassic(text, { symbols: { SYM: 0x800, S: 1 } })
    for (const form of CLASSIC_FORMS) formatClassicProgram(insns, form)
    const again = readBytecode(formatClassicProgram(insns, 'asm').trimEnd())
    if (!('insns' in again) || JSON.stringify(again.insns) !== JSON.stringify(insns)) throw new Error('another program')
    const most = text.split('\n').length
    for (const line of [...lines, ...warnings.map((warning) => warning.line)]) {
      if (line < 1 || line > most) throw new Error(`line ${line} of ${most}`)
    }
  } catch (error) {
    if (!(error instanceof CbpfError)) throw error
    const { line = 0, column = 0 } = error.where?.source ?? {}
    if (column < 1 || column > (text.split('\n')[line - 1]?.length ?? -1) + 1) {
      throw new Error('an error at no place', { cause: error })
    }
    error.format()
  }
}
