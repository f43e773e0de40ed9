import type { ClassicInsn } from '../classic-insn.ts'
import { BPF_MAXINSNS } from '../classic-opcodes.ts'
import { scanUnsigned } from './c-numbers.ts'

/** A program, or what bpf_dbg says of a text that holds none, with where it is wrong. */
export type BytecodeAnswer =
  | { readonly insns: readonly ClassicInsn[] }
  | { readonly refusal: string; readonly at: number; readonly expected: string }

/** Bits of the fields, in their order in the text. */
const FIELD_BITS: readonly number[] = [16, 8, 8, 32]

/**
 * Reads `N,code jt jf k,...,` as bpf_dbg does: what bpf_asm prints, or `tcpdump -ddd` with commas for line breaks. Numbers
 * that do not fit are cut, and what follows the fourth of an instruction is passed over.
 */
export function readBytecode(text: string): BytecodeAnswer {
  const head = scanUnsigned(text, 0, 16)
  const separated = head !== undefined && text[head.end] === ','
  if (!separated || head.value > BPF_MAXINSNS || head.value === 0) {
    const expected = `a number from 1 to ${BPF_MAXINSNS}, then a comma`
    return { refusal: 'syntax error in head length encoding!', at: 0, expected }
  }
  const insns: ClassicInsn[] = []
  for (let at = nextToken(text, 0); at !== undefined; at = nextToken(text, at)) {
    const expected = `${head.value} instructions`
    if (insns.length === head.value) return { refusal: 'program exceeds encoded length!', at, expected }
    const insn = readInsn(text, at)
    if (insn === undefined) {
      return { refusal: `syntax error at instruction ${insns.length}!`, at, expected: 'code jt jf k, all decimal' }
    }
    insns.push(insn)
  }
  if (insns.length === head.value) return { insns }
  const expected = `${head.value} instructions, not ${insns.length}`
  return { refusal: 'syntax error exceeding encoded length!', at: text.length, expected }
}

/** Behind the next comma; undefined where nothing follows it. */
function nextToken(text: string, from: number): number | undefined {
  const comma = text.indexOf(',', from)
  return comma < 0 || comma + 1 >= text.length ? undefined : comma + 1
}

function readInsn(text: string, from: number): ClassicInsn | undefined {
  const values: number[] = []
  let at = from
  for (const bits of FIELD_BITS) {
    const field = scanUnsigned(text, at, bits)
    if (field === undefined) return undefined
    values.push(field.value)
    at = field.end
  }
  const [code, jt, jf, k] = values as [number, number, number, number]
  return { code, jt, jf, k }
}
