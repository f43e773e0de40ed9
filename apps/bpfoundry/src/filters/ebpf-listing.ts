import { type ClassicInsn, formatClassic, SK_BUFF_CONTEXT, toEbpf } from '@bpfoundry/cbpf'
import { formatKernelInsn } from '@bpfoundry/isa'

/** An instruction of eBPF, and the classic one that it comes from; the first ones set registers up, and come from none. */
interface TranslatedInsn {
  readonly pc: number
  readonly text: string
  readonly from: number | undefined
}

/**
 * What the kernel makes of a filter.
 *
 * @throws CbpfError CBPF_REFUSED where its checker refuses it, CBPF_ANCILLARY, CBPF_JUMP
 */
export function ebpfOf(insns: readonly ClassicInsn[]): readonly TranslatedInsn[] {
  const { insns: translated, starts } = toEbpf(insns, SK_BUFF_CONTEXT)
  return translated.map((insn, pc) => {
    const from = starts.findLastIndex((start) => start <= pc)
    return { pc, text: formatKernelInsn(insn), from: from < 0 ? undefined : from }
  })
}

/** Each classic instruction, and below it those that it becomes. */
export function ebpfListing(insns: readonly ClassicInsn[]): string {
  const translated = ebpfOf(insns)
  const linesOf = (from: number | undefined): string[] =>
    translated.filter((insn) => insn.from === from).map(({ pc, text }) => `      ${String(pc).padStart(4)}: ${text}`)
  const lines = [...linesOf(undefined), ...insns.flatMap((insn, pc) => [formatClassic(insn, pc), ...linesOf(pc)])]
  return lines.map((line) => `${line}\n`).join('')
}
