import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  assembleLlvm,
  BPF_EXIT_INSN,
  BPF_JMP,
  BPF_RAW_INSN,
  BPF_TAIL_CALL,
  formatLlvmInsn,
  type Insn,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { translateArm64 } from '../src/index.ts'
import { createDisassembler } from './disassembler.ts'
import { GOLDEN_PROGRAMS } from './golden-programs.ts'
import { imageOf, PROG_ARRAY } from './harness.ts'

/** `BLESS=1` rewrites the files from what the back end makes now: look at the difference before it is committed. */
const BLESS = process.env['BLESS'] === '1'

const disassemble = await createDisassembler()
const pathOf = (name: string): string => fileURLToPath(new URL(`./golden/${name}.golden.txt`, import.meta.url))

/** The code, each BPF instruction before what became of it. */
function listing(insns: readonly Insn[], options: { readonly count: boolean; readonly lse: boolean }): string {
  const { bytes, insnOffsetsBytes } = translateArm64(imageOf(insns), { progArray: PROG_ARRAY, ...options })
  const code = disassemble(bytes)
  expect(code.length).toBe(bytes.length / 4)
  const end = insnOffsetsBytes.at(-1) as number
  const slotAt = new Map<number, number[]>()
  for (const [slot, offset] of insnOffsetsBytes.entries()) {
    if (slot < insns.length) slotAt.set(offset, [...(slotAt.get(offset) ?? []), slot])
  }
  const lines = code.flatMap(({ offsetBytes, text }) => [
    ...(slotAt.get(offsetBytes) ?? []).map((slot) => `${slot}: ${bpfText(insns, slot)}`),
    ...(offsetBytes === end ? ['behind the last:'] : []),
    `    ${offsetBytes.toString(16).padStart(4)}  ${text}`,
  ])
  return `${lines.join('\n')}\n`
}

function bpfText(insns: readonly Insn[], slot: number): string {
  const insn = insns[slot] as Insn
  return insn.opcode === 0 ? '(second slot)' : formatLlvmInsn(insn, insns[slot + 1])
}

function expectGolden(name: string, text: string): void {
  if (BLESS) writeFileSync(pathOf(name), text)
  expect(existsSync(pathOf(name)) ? readFileSync(pathOf(name), 'utf8') : 'no such file: BLESS=1').toBe(text)
}

describe('golden files', () => {
  it.each(GOLDEN_PROGRAMS)('$name', ({ name, source, count = false, withoutLse = false }) => {
    const { insns } = assembleLlvm(source)
    expectGolden(name, listing(insns, { count, lse: !withoutLse }))
  })

  it('tail-call', () => {
    const insns = [BPF_RAW_INSN(BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0), BPF_EXIT_INSN()]
    expectGolden('tail-call', listing(insns, { count: false, lse: true }))
  })
})
