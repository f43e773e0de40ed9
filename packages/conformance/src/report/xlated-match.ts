import { decodeInsns, formatKernelInsn, INSN_BYTES, type Insn, isLdImm64 } from '@bpfoundry/isa'
import { helperName } from '@bpfoundry/kernel-abi'

/** Hex digits of an instruction. */
const INSN_DIGITS = 2 * INSN_BYTES

/**
 * A program after the fix-ups as the kernel's selftests print it: `0: r1 = 3`, without the opcode, calls without the
 * helper's number.
 *
 * @param xlated hex
 * @see disasm_insn in tools/testing/selftests/bpf/disasm_helpers.c (6.12)
 */
export function xlatedText(xlated: string): string {
  const insns = decodeInsns(new Uint8Array(Buffer.from(xlated, 'hex')))
  const lines: string[] = []
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc] as Insn
    const text = formatKernelInsn(insn, insns[pc + 1], { opcode: false, callName })
    lines.push(`${pc}: ${text.replace(/^(call .*)#-?\d+$/, '$1')}\n`)
    if (isLdImm64(insn)) pc++
  }
  return lines.join('')
}

const PSEUDO_CALL = 1

/** The verifier keeps a function call's distance in `off`, imm being the function's number; a helper's imm may be an address. */
function callName({ src, off, imm }: Insn): string | undefined {
  if (src === PSEUDO_CALL) return off < 0 ? `${off}` : `+${off || imm}`
  return src === 0 ? helperName(imm) : undefined
}

/**
 * Whether all groups of instructions are there, each in one piece behind the one before.
 *
 * @param xlated hex
 * @param groups instructions of 16 digits, `?` for any
 * @see find_all_insn_subseqs in tools/testing/selftests/bpf/test_verifier.c (6.12)
 */
export function hasInsns(xlated: string, groups: readonly (readonly string[])[]): boolean {
  let from = 0
  for (const group of groups) {
    const at = findGroup(xlated, group.join(''), from)
    if (at < 0) return false
    from = at + group.length * INSN_DIGITS
  }
  return true
}

function findGroup(xlated: string, group: string, from: number): number {
  const expression = new RegExp(group.replaceAll('?', '.'), 'y')
  for (let at = from; at + group.length <= xlated.length; at += INSN_DIGITS) {
    expression.lastIndex = at
    if (expression.test(xlated)) return at
  }
  return -1
}
