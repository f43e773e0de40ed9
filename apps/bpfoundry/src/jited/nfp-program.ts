import { bpftoolImmediate, formatKernelInsn, type Insn, isLdImm64 } from '@bpfoundry/isa'
import { helperName } from '@bpfoundry/kernel-abi'
import { disassemble, WORD_BYTES, wordsToBytes } from '@bpfoundry/microcode'
import type { OffloadedProgram } from '@bpfoundry/testbench'
import type { CodeLine } from './disassembler.ts'
import type { JitedPart, JitedProgram } from './jited-program.ts'

/** Entry points behind the program's own words, in their order. */
const LABELS: readonly (readonly [
  entry: keyof OffloadedProgram['loaded']['translation']['entryPoints'],
  label: string,
])[] = [
  ['out', 'out: the result by a table'],
  ['abort', 'abort'],
  ['pushRegisters', 'push R6 to R9'],
  ['popRegisters', 'pop R6 to R9'],
]

/**
 * What the driver made of a program for a card, as `bpftool prog dump jited` has it: words before they are relocated and
 * without check bits, beside BPF instructions and source lines.
 */
export function nfpProgram(card: string, { name, tag, loaded }: OffloadedProgram): JitedProgram {
  const { words, insnStarts, entryPoints } = loaded.translation
  const read = (from: number, to: number): CodeLine[] =>
    words.slice(from, to).map((word, at) => codeLine(word, from + at))
  const entries = LABELS.flatMap(([entry, label]) => {
    const at = entryPoints[entry]
    return at === undefined ? [] : [{ at, label }]
  }).sort((a, b) => a.at - b.at)
  const end = entries[0]?.at ?? words.length
  const parts = [
    { label: 'packet length', code: read(0, insnStarts[0] ?? 0) },
    ...insnParts(loaded.source, (pc) => read(insnStarts[pc] ?? end, insnStarts[pc + 1] ?? end)),
    ...entries.map(({ at, label }, index) => ({ label, code: read(at, entries[index + 1]?.at ?? words.length) })),
  ]
  return { engine: card, program: name, tag, codeBytes: words.length * WORD_BYTES, addressing: 'words', parts }
}

function codeLine(word: number, address: number): CodeLine {
  const bytes = wordsToBytes([word])
  return { offsetBytes: address, bytes, text: disassemble(word) }
}

type Source = OffloadedProgram['loaded']['source']

function insnParts({ insns, lineInfo }: Source, codeOf: (pc: number) => CodeLine[]): JitedPart[] {
  const parts: JitedPart[] = []
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc] as Insn
    const source = lineInfo?.find((line) => line.pc === pc && line.text !== '')
    const bpf = formatKernelInsn(insn, insns[pc + 1], {
      immediate: bpftoolImmediate,
      callName: ({ src, imm }) => (src === 0 ? helperName(imm) : undefined),
    })
    const wide = isLdImm64(insn)
    const code = wide ? [...codeOf(pc), ...codeOf(pc + 1)] : codeOf(pc)
    parts.push({ pc, bpf, code, ...(source === undefined ? {} : { source }) })
    if (wide) pc++
  }
  return parts
}
