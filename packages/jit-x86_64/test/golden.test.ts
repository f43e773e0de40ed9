import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { MachineCode } from '@bpfoundry/codegen'
import { assembleLlvm, formatKernelInsn, type Insn, insnSlots } from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { translateX86 } from '../src/index.ts'
import { createDisassembler } from './disassembler.ts'
import { GOLDEN_PROGRAMS, type GoldenProgram } from './golden-programs.ts'
import { imageOf, PROG_ARRAY } from './harness.ts'

/** `BLESS=1` rewrites the files from what the back end makes now: look at the difference before it is committed. */
const BLESS = process.env['BLESS'] === '1'
const CODE_COLUMN = 48

const disassemble = await createDisassembler()
const pathOf = (name: string): string => fileURLToPath(new URL(`./golden/${name}.golden.txt`, import.meta.url))

function insnsOf({ source, internal }: GoldenProgram): readonly Insn[] {
  const { insns } = assembleLlvm(source.trim())
  return insns.map((insn, pc) => {
    const opcode = internal?.[pc]
    return opcode === undefined ? insn : { opcode, dst: 0, src: 0, off: 0, imm: 0 }
  })
}

/** Each instruction with its code beside it; first what lies before the program, the function that the host calls. */
function listing(insns: readonly Insn[], code: MachineCode): string {
  const textAt = new Map<number, string[]>([[0, ['entry']]])
  for (let pc = 0; pc < insns.length; pc += insnSlots(insns[pc]!)) {
    const at = code.insnOffsetsBytes[pc]!
    textAt.set(at, [
      ...(textAt.get(at) ?? []),
      `${pc}: ${formatKernelInsn(insns[pc]!, insns[pc + 1], { opcode: false })}`,
    ])
  }
  const lines: string[] = []
  for (const { offsetBytes, mnemonic, operands } of disassemble(code.bytes)) {
    const texts = textAt.get(offsetBytes) ?? ['']
    lines.push(...texts.slice(0, -1))
    const left = texts.at(-1) as string
    lines.push(`${left.padEnd(CODE_COLUMN)} ${offsetBytes.toString(16).padStart(4)}  ${mnemonic} ${operands}`.trimEnd())
  }
  return `${lines.join('\n')}\n`
}

describe('golden files', () => {
  it.each(GOLDEN_PROGRAMS.map((program) => [program.name, program] as const))('%s', (name, program) => {
    const insns = insnsOf(program)
    const code = translateX86(imageOf(insns), { progArray: PROG_ARRAY, ...program.options })
    const text = listing(insns, code)
    if (BLESS) writeFileSync(pathOf(name), text)
    expect(existsSync(pathOf(name)) ? readFileSync(pathOf(name), 'utf8') : 'no such file: BLESS=1').toBe(text)
  })
})
