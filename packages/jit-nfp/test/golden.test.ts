import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { formatLlvmInsn, type Insn } from '@bpfoundry/isa'
import { disassemble } from '@bpfoundry/microcode'
import { expect, it } from 'vitest'
import { type NfpProgram, type NfpTranslation, translateNfp } from '../src/index.ts'
import { GOLDEN_PROGRAMS } from './golden-programs.ts'

/**
 * `BLESS=1` rewrites the files from what the translator makes now. That it is what the driver makes is shown where the
 * driver's source is: tools/nfp-driver has the same programs.
 */
const BLESS = process.env['BLESS'] === '1'

const pathOf = (name: string): string => fileURLToPath(new URL(`./golden/${name}.golden.txt`, import.meta.url))

function bpfText(insns: readonly Insn[], pc: number): string {
  const insn = insns[pc] as Insn
  return insn.opcode === 0 ? '(second slot)' : formatLlvmInsn(insn, insns[pc + 1])
}

/** Each slot before the words it became; a word's number, its bits, what it waits for, its disassembly. */
function listing({ insns }: NfpProgram, translation: NfpTranslation): string {
  const { words, relocations, insnStarts, entryPoints, stackBytes } = translation
  const kinds = new Map(relocations.map(({ at, kind }) => [at, `${kind}: `]))
  const titles = new Map<number, string[]>()
  const title = (at: number, text: string): unknown => titles.set(at, [...(titles.get(at) ?? []), text])
  for (const [pc, start] of insnStarts.entries()) title(start, `${pc}: ${bpfText(insns, pc)}`)
  for (const [name, at] of Object.entries(entryPoints)) title(at, `${name}:`)
  const lines = words.flatMap((word, at) => {
    const bits = word.toString(16).padStart(12, '0')
    return [
      ...(titles.get(at) ?? []),
      `    ${String(at).padStart(4)}  ${bits}  ${kinds.get(at) ?? ''}${disassemble(word)}`,
    ]
  })
  return `${lines.join('\n')}\nstack: ${stackBytes} bytes\n`
}

it.each(GOLDEN_PROGRAMS)('$name', ({ name, program }) => {
  const { translation, refusal } = translateNfp(program)
  expect(refusal).toBeUndefined()
  const text = listing(program, translation as NfpTranslation)
  if (BLESS) writeFileSync(pathOf(name), text)
  expect(existsSync(pathOf(name)) ? readFileSync(pathOf(name), 'utf8') : 'no such file: BLESS=1').toBe(text)
})
