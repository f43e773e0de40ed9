/** The functions of a program: where each begins and ends, and that no jump leaves one. */
import { BPF_ABS, BPF_CALL, BPF_EXIT, BPF_IND, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LD, type Insn } from '@bpfoundry/isa'
import { calledFunction } from '../kernel-types/kernel-function.ts'
import { Refusal } from '../report/refusal.ts'
import type { Subprogram } from '../verification.ts'
import type { KernelBtf, VerifierProgram } from '../verifier-api.ts'
import { isFunctionLoad, isJumpClass, isSubprogramCall, jumpTarget } from './control-flow.ts'
import { exceptionCallbackStart } from './exceptions.ts'
import { answersInteger, isGlobalFunction } from './function-prototypes.ts'

/** @see BPF_MAX_SUBPROGS in include/linux/bpf_verifier.h */
const MAX_SUBPROGRAMS = 256

const BPF_PSEUDO_KFUNC_CALL = 2
const TAIL_CALL_HELPER = 12

function refusal(code: string, message: string, pc?: number): Refusal {
  return new Refusal({ code, errno: 'EINVAL', message }, pc)
}

function findStarts(program: VerifierProgram, isCapable: boolean, kernelBtf: KernelBtf | undefined): number[] {
  const { insns } = program
  const starts = new Set([0])
  insns.forEach((insn, pc) => {
    const isKernelCall = insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_KFUNC_CALL
    const isCall = isKernelCall || isFunctionLoad(insn) || isSubprogramCall(insn)
    if (isCall && !isCapable) {
      const message = 'loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN'
      throw new Refusal({ code: 'VERIFIER_CAPABILITY', errno: 'EPERM', message }, pc)
    }
    if (isKernelCall) calledFunction(program, kernelBtf, insn)
    if (!isCall || isKernelCall) return
    const target = pc + insn.imm + 1
    if (target < 0 || target >= insns.length) throw refusal('VERIFIER_CALL_TARGET', 'call to invalid destination', pc)
    starts.add(target)
  })
  const exceptionStart = exceptionCallbackStart(program)
  if (exceptionStart !== undefined) {
    if (exceptionStart >= insns.length) throw refusal('VERIFIER_CALL_TARGET', 'call to invalid destination')
    starts.add(exceptionStart)
  }
  if (starts.size > MAX_SUBPROGRAMS) {
    const fields = { code: 'VERIFIER_TOO_MANY_SUBPROGRAMS', errno: 'E2BIG', message: 'too many subprograms' } as const
    throw new Refusal(fields)
  }
  return [...starts].sort((a, b) => a - b)
}

function subprogramName(program: VerifierProgram, start: number, index: number): string {
  const info = program.functionInfo?.find(({ pc }) => pc === start)
  const name = info === undefined ? undefined : program.btf?.types[info.typeId]?.name
  if (name !== undefined && name !== '') return name
  return index === 0 ? program.name : `F_${index}`
}

/**
 * Functions in the order of their starts; the first is the entry.
 *
 * @throws {Refusal} VERIFIER_CALL_TARGET, VERIFIER_TOO_MANY_SUBPROGRAMS, VERIFIER_UNSUPPORTED
 */
export function findSubprograms(program: VerifierProgram, isCapable: boolean, kernelBtf?: KernelBtf): Subprogram[] {
  const starts = findStarts(program, isCapable, kernelBtf)
  const exceptionStart = exceptionCallbackStart(program)
  return starts.map((start, index) => ({
    name: subprogramName(program, start, index),
    start,
    end: starts[index + 1] ?? program.insns.length,
    stackDepthBytes: 0,
    hasTailCall: false,
    hasPacketLoad: false,
    isGlobal: index > 0 && isGlobalFunction(program, start),
    changesPacketData: false,
    mightSleep: false,
    isCalled: start === exceptionStart,
    isCallback: start === exceptionStart,
    isAsyncCallback: start === exceptionStart,
    isExceptionCallback: start === exceptionStart,
  }))
}

function isTailCall(insn: Insn): boolean {
  return insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0 && insn.imm === TAIL_CALL_HELPER
}

function isPacketLoad(insn: Insn): boolean {
  const mode = insn.opcode & 0xe0
  return (insn.opcode & 0x07) === BPF_LD && (mode === BPF_ABS || mode === BPF_IND)
}

function jumps(insn: Insn): boolean {
  const operation = insn.opcode & 0xf0
  return isJumpClass(insn) && operation !== BPF_EXIT && operation !== BPF_CALL
}

// biome-ignore format: table
const ENDINGS: ReadonlySet<number> = new Set([BPF_JMP | BPF_EXIT, BPF_JMP32 | BPF_JA, BPF_JMP | BPF_JA])

/**
 * Jumps stay in their function, and no function runs on into the next one. Notes tail calls and packet loads.
 *
 * @throws {Refusal} VERIFIER_JUMP_OUT_OF_RANGE, VERIFIER_FALLS_THROUGH
 */
export function checkSubprograms(insns: readonly Insn[], subprograms: readonly Subprogram[]): void {
  for (const subprogram of subprograms) {
    const { start, end } = subprogram
    for (let pc = start; pc < end; pc++) {
      const insn = insns[pc] as Insn
      subprogram.hasTailCall ||= isTailCall(insn)
      subprogram.hasPacketLoad ||= isPacketLoad(insn)
      if (!jumps(insn)) continue
      const target = jumpTarget(insn, pc)
      if (target < start || target >= end) {
        throw refusal('VERIFIER_JUMP_OUT_OF_RANGE', `jump out of range from insn ${pc} to ${target}`, pc)
      }
    }
    const last = insns[end - 1] as Insn
    if (!ENDINGS.has(last.opcode)) {
      throw refusal('VERIFIER_FALLS_THROUGH', 'last insn is not an exit or jmp', end - 1)
    }
  }
}

/** What leaves a function early answers an int to its caller. */
function checkReturnTypes(program: VerifierProgram, subprograms: readonly Subprogram[]): void {
  for (const { hasPacketLoad, hasTailCall, start } of subprograms.slice(1)) {
    if (!(hasPacketLoad || hasTailCall) || answersInteger(program, start)) continue
    const what = hasPacketLoad ? 'LD_ABS' : 'tail_call'
    throw refusal('VERIFIER_ABNORMAL_RETURN', `${what} is only allowed in functions that return 'int'.`, start)
  }
}

/** Without BTF nothing tells that a subprogram returns an int, as what leaves it early must. */
export function checkAbnormalReturns(program: VerifierProgram, subprograms: readonly Subprogram[]): void {
  if (program.functionInfo !== undefined && program.functionInfo.length > 0) {
    checkReturnTypes(program, subprograms)
    return
  }
  for (const { hasPacketLoad, hasTailCall, start } of subprograms.slice(1)) {
    if (hasPacketLoad) {
      throw refusal('VERIFIER_ABNORMAL_RETURN', 'LD_ABS is not allowed in subprogs without BTF', start)
    }
    if (hasTailCall) {
      throw refusal('VERIFIER_ABNORMAL_RETURN', 'tail_call is not allowed in subprogs without BTF', start)
    }
  }
}
