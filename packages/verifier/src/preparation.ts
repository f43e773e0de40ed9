import { helperPrototype, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { prepareDevice } from './exploration/device-refusal.ts'
import { type AttachTarget, attachTarget } from './kernel-types/attach-target.ts'
import { calledFunction, callKinds } from './kernel-types/kernel-function.ts'
import { KernelTypes } from './kernel-types/kernel-types.ts'
import { checkExtension } from './kernel-types/program-target.ts'
import type { Target } from './profile.ts'
import { isKernelCall } from './program/call-kinds.ts'
import { checkControlFlow, type FlowMarks } from './program/control-flow.ts'
import { checkExceptionCallback } from './program/exceptions.ts'
import { FastcallPatterns, helperKeeps, kernelFunctionKeeps } from './program/fastcall.ts'
import { noteEffects } from './program/function-effects.ts'
import { helperScope } from './program/helper-scope.ts'
import { instructionForm, knownOpcodes } from './program/instruction-form.ts'
import { liveRegisters } from './program/liveness.ts'
import { resolveMaps } from './program/map-references.ts'
import { checkSleepable } from './program/sleepable.ts'
import { checkAbnormalReturns, checkSubprograms, findSubprograms } from './program/subprograms.ts'
import { printLiveRegisters, printSubprograms } from './report/log-frame.ts'
import { SourceLines } from './report/source-lines.ts'
import type { VerifierLog } from './report/verifier-log.ts'
import { FrameState } from './state/frame-state.ts'
import { pointerTo } from './state/register-state.ts'
import { PTR_TO_CTX } from './state/register-type.ts'
import { type SlotNotes, type Subprogram, Verification } from './verification.ts'
import type { KernelBtf, VerifierOptions, VerifierProgram } from './verifier-api.ts'

/** Types whose programs are bound to a kernel function by its BTF. */
export const BOUND: ReadonlySet<number> = new Set([PROG_TYPE.TRACING, PROG_TYPE.LSM, PROG_TYPE.STRUCT_OPS])

/** One run of `verify`: what has been found so far. */
export interface Run {
  readonly program: VerifierProgram
  readonly options: VerifierOptions
  readonly target: Target
  readonly log: VerifierLog
  /** The program takes the place of a function of another: its main function is judged like a global one. */
  readonly isExtension: boolean
  subprograms: readonly Subprogram[]
  verification: Verification | undefined
  /** The program was looked at: there is something to report on. */
  started: boolean
}

/** What the program is bound to. @see check_attach_btf_id in kernel/bpf/verifier.c */
function boundTo({ program, options, isExtension, subprograms }: Run): AttachTarget | undefined {
  checkSleepable(program)
  if (isExtension) {
    checkExtension(program, subprograms[0]?.changesPacketData === true)
    return undefined
  }
  return BOUND.has(program.type) ? attachTarget(program, options.kernelBtf as KernelBtf) : undefined
}

function slotNotes(run: Run, maps: SlotNotes['maps'], flow: FlowMarks, live: Uint16Array): SlotNotes {
  const { insns } = run.program
  const forms = insns.map((insn) => instructionForm(insn, run.target.rules.name))
  return {
    rows: forms.map((form) => (typeof form === 'string' ? undefined : form)),
    malformed: forms.map((form) => (typeof form === 'string' ? form : undefined)),
    maps,
    ...flow,
    liveRegisters: live,
    seen: new Uint8Array(insns.length),
    pointerTypes: new Int32Array(insns.length),
    callMaps: new Int32Array(insns.length),
    arenaOperands: new Uint8Array(insns.length),
    mapLoads: new Map(),
    inlineLoops: new Int32Array(insns.length),
    kernelCalls: new Array(insns.length).fill(undefined),
    fastcall: run.options.device === undefined ? fastcallPatterns(run) : undefined,
  }
}

function fastcallPatterns({ program, options, subprograms }: Run): FastcallPatterns {
  const scope = helperScope(program, options)
  return new FastcallPatterns(program.insns, subprograms, (insn) => {
    if (isKernelCall(insn)) {
      const fn = calledFunction(program, options.kernelBtf, insn)
      return fn?.traits === undefined ? undefined : kernelFunctionKeeps(fn)
    }
    const prototype = insn.src === 0 ? helperPrototype(program.type, insn.imm, scope) : undefined
    return prototype === undefined ? undefined : helperKeeps(prototype)
  })
}

/** All passes before the exploration. */
export function prepare(run: Run): Verification {
  const { program, options, log } = run
  const { rules: profile, release } = run.target
  const { insns } = program
  const isCapable = options.capabilities?.includes('CAP_BPF') ?? true
  const isTrusted = options.capabilities?.includes('CAP_PERFMON') ?? true
  const functions = findSubprograms(program, isCapable, options.kernelBtf)
  const isolates = profile.judgesGlobals !== 'none'
  const subprograms = isolates ? functions : functions.map((one) => ({ ...one, isGlobal: false }))
  run.subprograms = subprograms
  printSubprograms(log, subprograms)
  checkSubprograms(insns, subprograms)
  checkAbnormalReturns(program, subprograms)
  checkExceptionCallback(program, subprograms)
  noteEffects(program, subprograms, options)
  const maps = resolveMaps(program, knownOpcodes(profile.name), isCapable && isTrusted, options.kernelBtf)
  prepareDevice(options)
  const calls = callKinds(program, options.kernelBtf)
  const callback = subprograms.find(({ isExceptionCallback }) => isExceptionCallback)
  const flow = checkControlFlow(insns, isCapable ? profile.loops : 'never', calls, callback?.start)
  const target = boundTo(run)
  const live = liveRegisters(program, options)
  const kernel = options.kernelBtf === undefined ? undefined : new KernelTypes(options.kernelBtf)
  if (profile.showsLiveRegisters) printLiveRegisters(log, insns, live, kernel)
  const notes = slotNotes(run, maps, flow, live)
  const entry = new FrameState(0, 0, -1)
  entry.registers[1] = pointerTo(PTR_TO_CTX)
  const sourceLines = new SourceLines(program.lineInfo)
  return new Verification({
    program,
    options,
    profile,
    limits: release.limits,
    log,
    sourceLines,
    subprograms,
    notes,
    entry,
    target,
    calls,
  })
}
