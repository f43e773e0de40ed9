/**
 * Exceptions: `bpf_throw` ends the program from any function. What it then answers is said by a function that the main one is
 * tagged with; without such a tag it is the number that was thrown.
 *
 * @see bpf_find_exception_callback_insn_off, check_max_stack_depth_subprog in kernel/bpf/verifier.c
 */
import { BTF_KIND, BTF_LINKAGE, type BtfType } from '@bpfoundry/btf'
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL, type Insn } from '@bpfoundry/isa'
import { type ErrnoName, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { calledFunction } from '../kernel-types/kernel-function.ts'
import { Refusal, unsupported } from '../report/refusal.ts'
import type { Subprogram } from '../verification.ts'
import type { KernelBtf, VerifierProgram } from '../verifier-api.ts'
import { isFunctionLoad, isSubprogramCall } from './control-flow.ts'

export const THROW = 'bpf_throw'

const CODE = 'VERIFIER_EXCEPTION'
const TAG = 'exception_callback:'

function refuse(message: string, errno: ErrnoName = 'EINVAL', pc?: number): never {
  throw new Refusal({ code: CODE, errno, message }, pc)
}

/**
 * Slot at which the exception callback begins; undefined where the program has none.
 *
 * @throws {Refusal} in the kernel's words
 */
export function exceptionCallbackStart(program: VerifierProgram): number | undefined {
  const name = callbackName(program)
  if (name === undefined) return undefined
  const { btf, functionInfo = [] } = program
  const fn: BtfType | undefined = btf?.types.find((type) => type.kind === BTF_KIND.FUNC && type.name === name)
  if (fn?.kind !== BTF_KIND.FUNC) refuse(`exception callback '${name}' could not be found in BTF`, 'ENOENT')
  if (fn.linkage !== BTF_LINKAGE.GLOBAL) refuse(`exception callback '${name}' must have global linkage`)
  const start = functionInfo.findLast(({ typeId }) => typeId === fn.id)?.pc
  if (start === 0) refuse('invalid exception callback insn_off in func_info: 0')
  return start ?? refuse('exception callback type id not found in func_info')
}

/** What the main function is tagged with. */
function callbackName({ btf, functionInfo }: VerifierProgram): string | undefined {
  const main = functionInfo?.[0]?.typeId
  if (main === undefined) return undefined
  const isTag = (type: BtfType): boolean =>
    type.kind === BTF_KIND.DECL_TAG && type.typeId === main && type.componentIndex === -1 && type.name.startsWith(TAG)
  const tags = btf?.types.filter(isTag) ?? []
  if (tags.length > 1) refuse('multiple exception callback tags for main subprog', 'EEXIST')
  return tags[0]?.name.slice(TAG.length)
}

function isKernelCall({ opcode, src }: Insn): boolean {
  return opcode === (BPF_JMP | BPF_CALL) && src === BPF_PSEUDO_KFUNC_CALL
}

/** The program's functions, and what they do about exceptions. */
interface Walk {
  readonly program: VerifierProgram
  readonly kernelBtf: KernelBtf | undefined
  readonly subprograms: readonly Subprogram[]
  /** Functions that were walked through, outside of callbacks and in them. */
  readonly walked: readonly [outside: Set<number>, inside: Set<number>]
}

/**
 * Nothing throws in callbacks, for what called them would be left half done, and nothing calls the exception callback: that
 * counts for all functions, whether or not they were explored.
 *
 * @throws {Refusal} VERIFIER_EXCEPTION
 */
export function checkExceptions(
  program: VerifierProgram,
  subprograms: readonly Subprogram[],
  kernelBtf: KernelBtf | undefined,
): void {
  const walk: Walk = { program, kernelBtf, subprograms, walked: [new Set(), new Set()] }
  subprograms.forEach(({ isAsyncCallback }, index) => {
    if (index === 0 || isAsyncCallback) walkFunction(walk, index, false)
  })
}

function walkFunction(walk: Walk, index: number, isBelowCallback: boolean): void {
  const subprogram = walk.subprograms[index] as Subprogram
  const isInCallback = isBelowCallback || subprogram.isCallback
  const walked = walk.walked[isInCallback ? 1 : 0]
  if (walked.has(index)) return
  walked.add(index)
  for (let pc = subprogram.start; pc < subprogram.end; pc++) walkInsn(walk, pc, index, isInCallback)
}

function walkInsn(walk: Walk, pc: number, index: number, isInCallback: boolean): void {
  const { program, kernelBtf, subprograms } = walk
  const insn = program.insns[pc] as Insn
  if (isKernelCall(insn)) {
    if (!isInCallback || calledFunction(program, kernelBtf, insn)?.name !== THROW) return
    refuse(`${THROW} kfunc (insn ${pc}) cannot be called from callback subprog ${index}`, 'EINVAL', pc)
  }
  const isCall = isSubprogramCall(insn)
  if (!isCall && !isFunctionLoad(insn)) return
  const callee = subprograms.findIndex(({ start }) => start === pc + insn.imm + 1)
  const { isAsyncCallback, isExceptionCallback } = subprograms[callee] as Subprogram
  if (isAsyncCallback && !isCall) return
  if (isExceptionCallback) refuse(`insn ${pc} cannot call exception cb directly`, 'EINVAL', pc)
  walkFunction(walk, callee, isInCallback)
}

/** Refuses exception callbacks that do what is not judged. */
export function checkExceptionCallback(
  { type, attachProgram }: VerifierProgram,
  subprograms: readonly Subprogram[],
): void {
  const callback = subprograms.find(({ isExceptionCallback }) => isExceptionCallback)
  if (callback === undefined) return
  if (subprograms.some(({ hasTailCall }) => hasTailCall)) {
    throw unsupported('an exception callback in a program with tail calls is')
  }
  const isExtension = type !== PROG_TYPE.TRACING && attachProgram !== undefined
  if (isExtension || type === PROG_TYPE.EXT) throw unsupported('an exception callback of an extension is')
}
