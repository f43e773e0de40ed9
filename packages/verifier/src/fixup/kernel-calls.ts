/**
 * Calls of kernel functions become calls by number, as of helpers: engines know one way to call out. Some are handed more
 * than the program said, and some are an instruction.
 *
 * @see fixup_kfunc_call in kernel/bpf/verifier.c (6.12)
 */
import { BPF_EMIT_CALL, BPF_LD_IMM64, BPF_MOV64_IMM, BPF_MOV64_REG, type Insn } from '@bpfoundry/isa'
import { ABSENT_KERNEL_FUNCTION, FIX_UP_FUNCTIONS, kernelFunctionNumber, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { TREE_ADD } from '../program/callback-helpers.ts'
import type { FixUpPlacement, FrameExtras, KernelCallNote, VerifiedSubprogram } from '../verifier-api.ts'
import { among, type Part } from './relayout.ts'
import { insertIntoTree } from './tree-insertion.ts'

/** Puts the address of the structure's description into a register. */
type Described = (register: number) => readonly Insn[]

// biome-ignore format: table
const EXTRA_ARGUMENTS: Readonly<Record<string, (described: Described, note: KernelCallNote) => readonly Insn[]>> = {
  bpf_obj_new_impl:          (described) => described(2),
  bpf_obj_drop_impl:         (described) => described(2),
  bpf_percpu_obj_new_impl:   (described) => described(2),
  bpf_percpu_obj_drop_impl:  (described) => described(2),
  bpf_refcount_acquire_impl: (described) => described(2),
  bpf_list_push_front_impl:  linked,
  bpf_list_push_back_impl:   linked,
}

function linked(described: Described, { nodeOffsetBytes = 0 }: KernelCallNote): readonly Insn[] {
  return [...described(3), BPF_MOV64_IMM(4, nodeOffsetBytes)]
}

/** What looks at a pointer as at another type, and does nothing else. */
const CASTS: ReadonlySet<string> = new Set(['bpf_cast_to_kern_ctx', 'bpf_rdonly_cast'])

const FROM_SKB = 'bpf_dynptr_from_skb'
/** Types whose programs may write to packets. @see may_access_direct_pkt_data in kernel/bpf/verifier.c (6.12) */
const WRITES_PACKETS: ReadonlySet<number> = new Set([
  PROG_TYPE.SCHED_CLS,
  PROG_TYPE.SCHED_ACT,
  PROG_TYPE.LWT_XMIT,
  PROG_TYPE.SK_SKB,
  PROG_TYPE.SK_MSG,
])

/** The function to be called: of one that there are two of, the one for such programs. */
function numberOf(name: string, programType: number): number {
  if (name === FROM_SKB && !WRITES_PACKETS.has(programType)) return FIX_UP_FUNCTIONS.dynptrFromSkbReadOnly
  return kernelFunctionNumber(name) ?? ABSENT_KERNEL_FUNCTION
}

/** A program that is fixed up, and the function that calls. */
interface Calling {
  /** BPF_PROG_TYPE_* */
  readonly programType: number
  readonly placement: FixUpPlacement
  /** It looks into structures of the kernel, of which none are in memory. */
  readonly readsKernel: boolean
  readonly subprograms: readonly VerifiedSubprogram[]
  readonly extras: FrameExtras
}

/** The kernel function that runs a callback of the program's before it returns. */
export function isTreeAdd(note: KernelCallNote | undefined): boolean {
  return note?.name === TREE_ADD
}

/** The call of {@link note}; of a function that is nowhere, where objects of several structures come to it. */
export function convertKernelCall(note: KernelCallNote, calling: Calling): readonly Part[] {
  const { name, structTypeId, isAmbiguous } = note
  const { placement, programType, readsKernel } = calling
  if (CASTS.has(name) && !readsKernel) return among([BPF_MOV64_REG(0, 1)])
  const call = BPF_EMIT_CALL(numberOf(name, programType))
  const extra = EXTRA_ARGUMENTS[name]
  if (extra === undefined && !isTreeAdd(note)) return among([call])
  const description = placement.structureAddress?.(structTypeId ?? 0)
  if (isAmbiguous || description === undefined) return among([BPF_EMIT_CALL(ABSENT_KERNEL_FUNCTION)])
  if (extra === undefined) return treeInsertion(note, calling, description) ?? among([call])
  return among([...extra((register) => BPF_LD_IMM64(register, BigInt(description)), note), call])
}

/** Undefined where the frame has no room for it. */
function treeInsertion(
  { callback = 0, nodeOffsetBytes = 0 }: KernelCallNote,
  { extras, subprograms }: Calling,
  description: number,
): readonly Part[] | undefined {
  const { loopRegistersAt } = extras
  const less = subprograms[callback]
  if (loopRegistersAt === undefined || less === undefined) return undefined
  return insertIntoTree(less.start, { description, nodeOffsetBytes }, loopRegistersAt)
}
