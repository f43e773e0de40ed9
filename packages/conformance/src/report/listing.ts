import { disassembleClassic } from '@bpfoundry/cbpf'
import { decodeInsns, formatKernelInsn, type Insn, isLdImm64 } from '@bpfoundry/isa'
import { helperName } from '@bpfoundry/kernel-abi'
import type { ConformanceCase } from '../case-source.ts'

/** A listing is cut after so many instructions: the largest program has 199,587. */
const MOST_INSNS = 400

/** The instructions of a case, a line each, in the verifier log's style (`   3: (07) r1 += 1`); classic ones as tcpdump's. */
export function listingOf(question: ConformanceCase): string[] {
  switch (question.kind) {
    case 'bare':
      return kernelListing(question.bare.insns)
    case 'vector':
      return kernelListing(question.vector.insns)
    case 'internal':
      return kernelListing(question.internal.insns)
    case 'tail-call':
      return kernelListing(question.tailCall.programs[question.tailCall.index] ?? [])
    case 'classic': {
      const { insns } = question.classic
      return noted(disassembleClassic(insns.slice(0, MOST_INSNS)), insns.length)
    }
  }
}

/** The same, of instructions in hex. */
export function hexListing(hex: string): string[] {
  return kernelListing(decodeInsns(Buffer.from(hex, 'hex')))
}

function kernelListing(insns: readonly Insn[]): string[] {
  const lines: string[] = []
  for (let at = 0; at < Math.min(insns.length, MOST_INSNS); ) {
    const insn = insns[at] as Insn
    lines.push(`${String(at).padStart(4)}: ${formatKernelInsn(insn, insns[at + 1], { callName })}`)
    at += isLdImm64(insn) ? 2 : 1
  }
  return noted(lines, insns.length)
}

const callName = ({ src, imm }: Insn): string | undefined => (src === 0 ? helperName(imm) : undefined)

function noted(lines: string[], slots: number): string[] {
  return slots > MOST_INSNS ? [...lines, `(and so on: ${slots} instruction slots)`] : lines
}
