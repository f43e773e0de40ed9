import { BPF_CALL, BPF_JMP, BPF_PSEUDO_CALL, type Insn } from '@bpfoundry/isa'

const FRAME_ALIGN_BYTES = 64
/** A return address is one 32-bit word. */
const RETURN_ADDRESS_BYTES = 4
/** R6 to R9 as 64-bit pairs. */
const SAVED_REGISTERS_BYTES = 32

interface Function {
  readonly start: number
  readonly end: number
  readonly frameBytes: number
  /** Starts of the functions it calls. */
  readonly callees: readonly number[]
}

/**
 * Stack of a program on the card: frames rounded up to 64 bytes along the deepest chain of calls; a called function also
 * keeps the return address and, when it writes R6..R9, those registers.
 *
 * @param depths stack depth of each function in order, as the verifier found it
 * @see nfp_bpf_finalize, nfp_bpf_get_stack_usage in nfp/bpf/verifier.c
 */
export function cardStackBytes(insns: readonly Insn[], depths: readonly number[]): number {
  const functions = new Map(splitFunctions(insns, depths).map((row) => [row.start, row]))
  const deepest = (start: number): number => {
    const row = functions.get(start)
    if (row === undefined) return 0
    return row.frameBytes + Math.max(0, ...row.callees.map(deepest))
  }
  return deepest(0)
}

function splitFunctions(insns: readonly Insn[], depths: readonly number[]): Function[] {
  const starts = [...new Set([0, ...insns.flatMap((insn, pc) => (isCall(insn) ? [pc + 1 + insn.imm] : []))])]
  starts.sort((a, b) => a - b)
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? insns.length
    const body = insns.slice(start, end)
    const saves = body.some(({ dst }) => dst >= 6 && dst <= 9) ? SAVED_REGISTERS_BYTES : 0
    const depth = (depths[index] ?? 0) + (index === 0 ? 0 : RETURN_ADDRESS_BYTES + saves)
    return {
      start,
      end,
      frameBytes: Math.ceil(depth / FRAME_ALIGN_BYTES) * FRAME_ALIGN_BYTES,
      callees: body.flatMap((insn, at) => (isCall(insn) ? [start + at + 1 + insn.imm] : [])),
    }
  })
}

function isCall(insn: Insn): boolean {
  return insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_CALL
}
