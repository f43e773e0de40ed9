import { BPF_MOV32_IMM, BPF_MOV64_REG, type Insn } from '@bpfoundry/isa'
import { CbpfError } from '../cbpf-error.ts'
import type { ClassicInsn } from '../classic-insn.ts'
import { lookupClassic } from '../instruction-table.ts'
import { requireAccepted } from '../require-accepted.ts'
import type { ContextLayout } from './context-layout.ts'
import { type Block, translateInsn } from './insn-translation.ts'
import { packetPrologue } from './packet-access.ts'
import { reachable } from './reachable.ts'
import { A, ARG1, CTX, X } from './registers.ts'

/** A translated program, and what came from what. */
export interface EbpfTranslation {
  readonly insns: readonly Insn[]
  /** By classic instruction, where its eBPF instructions start; those of the one that is left out start with the next. */
  readonly starts: readonly number[]
  /** Deepest byte below the frame pointer that is used, for M[]. */
  readonly stackBytes: number
}

const MAX_JUMP = 0x7fff

/**
 * Translates a program as the kernel does when one is attached: A is r0, X r7, the context r6, M[] the stack. Zeros come
 * from moves where the kernel has `r ^= r` of a register that nothing was written to, which verifiers refuse; unused
 * register fields are 0.
 *
 * @param layout what the program is given: `SK_BUFF_CONTEXT` to load it with bpf(2), `GUEST_CONTEXT` to run it here
 * @throws CbpfError CBPF_REFUSED where the checker refuses the program, CBPF_ANCILLARY, CBPF_JUMP
 * @see bpf_convert_filter in the kernel's net/core/filter.c
 */
export function toEbpf(insns: readonly ClassicInsn[], layout: ContextLayout): EbpfTranslation {
  requireAccepted(insns)
  const kept = layout.verified ? reachable(insns) : undefined
  const blocks = insns.map((insn, pc): Block => (kept?.has(pc) === false ? [] : translateInsn(layout, insn, pc)))
  const prologue = prologueOf(insns, layout)
  const starts: number[] = []
  let slot = prologue.length
  for (const block of blocks) {
    starts.push(slot)
    slot += block.length
  }
  const body = blocks.flatMap((block, pc) => placeBlock(block, pc, starts))
  return { insns: [...prologue, ...body], starts, stackBytes: stackBytes(insns) }
}

function prologueOf(insns: readonly ClassicInsn[], layout: ContextLayout): Insn[] {
  const looksAtPacket = insns.some(({ code }) => (lookupClassic(code)?.bytes ?? 0) > 0)
  return [
    BPF_MOV32_IMM(A, 0),
    BPF_MOV32_IMM(X, 0),
    BPF_MOV64_REG(CTX, ARG1),
    ...(looksAtPacket ? packetPrologue(layout) : []),
  ]
}

/** Jumps to classic instructions become distances. */
function placeBlock(block: Block, pc: number, starts: readonly number[]): Insn[] {
  return block.map(({ insn, target }, index) => {
    if (target === undefined) return insn
    const off = (starts[target] as number) - ((starts[pc] as number) + index) - 1
    if (off <= MAX_JUMP) return { ...insn, off }
    throw new CbpfError({
      code: 'CBPF_JUMP',
      message: 'the translated program has a jump that is too far',
      where: { pc },
      got: off,
      expected: `at most ${MAX_JUMP} instructions`,
    })
  })
}

function stackBytes(insns: readonly ClassicInsn[]): number {
  const cells = insns.filter(({ code }) => lookupClassic(code)?.kind === 'store').map(({ k }) => k)
  return cells.reduce((deepest, cell) => Math.max(deepest, 4 * cell + 4), 0)
}
