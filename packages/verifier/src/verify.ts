/** The verifier's front door: the passes in the kernel's order, and their outcome as data. */
import { helperPrototype, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { refusedPath } from './explain/refused-path.ts'
import { deviceRefusal, prepareDevice } from './exploration/device-refusal.ts'
import { explore } from './exploration/exploration.ts'
import { addFrameExtras } from './fixup/frame-extras.ts'
import { type AttachTarget, attachTarget } from './kernel-types/attach-target.ts'
import { calledFunction, callKinds } from './kernel-types/kernel-function.ts'
import { KernelTypes } from './kernel-types/kernel-types.ts'
import { asExtended, checkExtension } from './kernel-types/program-target.ts'
import { checkRelease } from './portability/release-check.ts'
import { type Target, targetNamed } from './profile.ts'
import { isKernelCall } from './program/call-kinds.ts'
import { checkCallbackPacketLoads } from './program/callback-packet-loads.ts'
import { checkControlFlow, type FlowMarks } from './program/control-flow.ts'
import { checkExceptionCallback, checkExceptions } from './program/exceptions.ts'
import { FastcallPatterns, helperKeeps, kernelFunctionKeeps } from './program/fastcall.ts'
import { noteEffects } from './program/function-effects.ts'
import {
  type FunctionArgument,
  functionArguments,
  isGlobalFunction,
  type StructArgument,
} from './program/function-prototypes.ts'
import { helperScope } from './program/helper-scope.ts'
import { instructionForm, knownOpcodes } from './program/instruction-form.ts'
import { liveRegisters } from './program/liveness.ts'
import { resolveMaps } from './program/map-references.ts'
import { checkSleepable } from './program/sleepable.ts'
import { checkStackDepth } from './program/stack-depth.ts'
import { checkAbnormalReturns, checkSubprograms, findSubprograms } from './program/subprograms.ts'
import { printLiveRegisters, printStatistics, printSubprograms } from './report/log-frame.ts'
import { Refusal, unsupported } from './report/refusal.ts'
import { toRejection } from './report/rejection.ts'
import { noSlotCounts } from './report/slot-counts.ts'
import { SourceLines } from './report/source-lines.ts'
import { LOG_EVERYTHING, LOG_PATH, VerifierLog } from './report/verifier-log.ts'
import { FrameState } from './state/frame-state.ts'
import { pointerTo, type RegisterState, UNINITIALISED, UNKNOWN_SCALAR } from './state/register-state.ts'
import {
  CONST_PTR_TO_DYNPTR,
  MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_MEM,
  PTR_TRUSTED,
} from './state/register-type.ts'
import { type SlotNotes, type Subprogram, Verification } from './verification.ts'
import type {
  FunctionTraits,
  InsnFact,
  KernelBtf,
  Rejection,
  Traceable,
  Verified,
  VerifiedSubprogram,
  VerifierFindings,
  VerifierOptions,
  VerifierProgram,
  VerifierReport,
  VerifierResult,
  VerifierStats,
} from './verifier-api.ts'

/** Instructions that a program may have. @see BPF_COMPLEXITY_LIMIT_INSNS */
const MAX_PROGRAM_SLOTS = 1_000_000

/** Types whose programs are bound to a kernel function by its BTF. */
const BOUND: ReadonlySet<number> = new Set([PROG_TYPE.TRACING, PROG_TYPE.LSM, PROG_TYPE.STRUCT_OPS])

/** One run of {@link verify}: what has been found so far. */
interface Run {
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

function checkProgram({ program, options }: Run): void {
  if (program.insns.length === 0 || program.insns.length > MAX_PROGRAM_SLOTS) {
    const message = `a program of ${program.insns.length} instructions can't be loaded`
    throw new Refusal({ code: 'VERIFIER_PROGRAM_SIZE', errno: 'E2BIG', message })
  }
  if (BOUND.has(program.type) && options.kernelBtf === undefined) {
    throw unsupported("programs bound to kernel functions, without the kernel's types, are")
  }
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

/** A refusal that a pass before the exploration threw goes to the log here. */
function logged<T>(run: Run, pass: () => T): T {
  try {
    return pass()
  } catch (error) {
    if (error instanceof Refusal && error.message !== '') run.log.print(`${error.message}\n`)
    throw error
  }
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

/** What the spills that go don't need. @see remove_fastcall_spills_fills in kernel/bpf/verifier.c */
function shrinkStacks({ subprograms, notes: { fastcall } }: Verification): void {
  subprograms.forEach((subprogram, index) => {
    subprogram.stackDepthBytes = fastcall?.stackDepthBytes(index) ?? subprogram.stackDepthBytes
  })
}

/** All passes before the exploration. */
function prepare(run: Run): Verification {
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
  noteEffects(program, subprograms, options.kernelBtf)
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

function finalizeDevice(run: Run, facts: readonly InsnFact[]): void {
  const { device } = run.options
  const depths = run.subprograms.map(({ stackDepthBytes }) => stackDepthBytes)
  const refusal = device?.finalize(facts, depths, run.verification?.notes.maps)
  if (device === undefined || refusal === undefined) return
  throw deviceRefusal(device, refusal)
}

/** What the release does not have. */
function checkLacks(current: Run, v: Verification): void {
  const { release, rules } = current.target
  if (release.name !== rules.name) logged(current, () => checkRelease(v, release))
}

/** All paths. Of a program that lacks something on its release that is told, whatever else is wrong with it there. */
function exploreAll(current: Run, v: Verification): void {
  const judgesGlobalsFirst = v.profile.judgesGlobals === 'all'
  const entry = v.frame
  try {
    if (judgesGlobalsFirst) {
      judgeGlobalFunctions(v)
      v.startFunction(entry, 0)
    }
    explore(v)
    if (!current.log.tracesEverything) current.log.rewind(0)
    if (!judgesGlobalsFirst) judgeGlobalFunctions(v)
  } catch (error) {
    if (error instanceof Refusal) checkLacks(current, v)
    throw error
  }
}

function run(current: Run): Verified {
  checkProgram(current)
  current.started = true
  const verification = logged(current, () => prepare(current))
  current.verification = verification
  const isMainReliable = current.isExtension ? startExtension(verification) : remarkMainPrototype(verification)
  exploreAll(current, verification)
  checkLacks(current, verification)
  let facts: readonly InsnFact[] | undefined
  const lazily = (): readonly InsnFact[] => (facts ??= verification.facts.finish(verification.notes.seen))
  if (current.options.device !== undefined) logged(current, () => finalizeDevice(current, lazily()))
  shrinkStacks(verification)
  logged(current, () => checkCallbackPacketLoads(current.program.insns, current.subprograms))
  logged(current, () => checkExceptions(current.program, current.subprograms, current.options.kernelBtf))
  logged(current, () =>
    checkStackDepth(current.program.insns, current.subprograms, verification.profile.frameStepBytes),
  )
  if (!verification.isTrusted) logged(current, () => refuseAmbiguousTailCalls(verification))
  const { notes } = verification
  const frameExtras = current.options.device === undefined ? addFrameExtras(verification) : undefined
  return {
    program: current.program,
    subprograms: publicSubprograms(current.subprograms),
    get facts() {
      return lazily()
    },
    notes: {
      ...notes,
      removableSpills: notes.fastcall?.removable ?? [],
      frameExtras,
      functions: functionTraits(current.subprograms, isMainReliable),
      isUntrusted: !verification.isTrusted,
      contextBytes: verification.contextBytes,
    },
  }
}

/**
 * The main function's prototype is looked at like a global one's. What is wrong with it is said, and of no consequence.
 *
 * @returns whether it says that it takes the context
 */
function remarkMainPrototype(v: Verification): boolean {
  if (!isGlobalFunction(v.program, 0)) return false
  try {
    const found = functionArguments(v.program, 0)
    return found.length === 1 && found[0]?.kind === 'context'
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.code !== 'VERIFIER_UNSUPPORTED') v.log.print(`${error.message}\n`)
    return false
  }
}

/** The main function of an extension is called like the function that it takes the place of. */
function startExtension(v: Verification): true {
  v.log.print(`Validating ${v.subprograms[0]?.name}() func#0...\n`)
  setArguments(v, v.frame, functionArgumentsOrRefuse(v, 0))
  return true
}

function setArguments(v: Verification, entry: FrameState, found: readonly FunctionArgument[]): void {
  entry.registers[1] = UNINITIALISED
  found.forEach((argument, position) => {
    entry.registers[position + 1] = argumentRegister(v, argument)
  })
}

/** Judges the global functions, or those that are called, each once, until no new ones turn up. */
function judgeGlobalFunctions(v: Verification): void {
  const judged = new Set<number>()
  const next = (): number =>
    v.subprograms.findIndex(({ isGlobal, isCalled }, index) => {
      return isGlobal && (isCalled || v.profile.judgesGlobals === 'all') && !judged.has(index)
    })
  for (let index = next(); index >= 0; index = next()) {
    judged.add(index)
    judgeGlobalFunction(v, index)
  }
}

const TAIL_CALL = 12

/** The bound of a tail call's index goes into the code: for an untrusted program it must be one map's. */
function refuseAmbiguousTailCalls({ insns, notes }: Verification): void {
  const pc = insns.findIndex(
    ({ opcode, src, imm }, at) => opcode === 0x85 && src === 0 && imm === TAIL_CALL && notes.callMaps[at] === -1,
  )
  if (pc < 0) return
  throw new Refusal({ code: 'VERIFIER_TAIL_CALL_MAPS', errno: 'EINVAL', message: 'tail_call abusing map_ptr' }, pc)
}

/** @see do_check_common in kernel/bpf/verifier.c */
function judgeGlobalFunction(v: Verification, index: number): void {
  enterGlobalFunction(v, index)
  explore(v)
  if (!v.log.tracesEverything) v.log.rewind(0)
  const { name } = v.subprograms[index] as Subprogram
  if (v.log.traces) v.log.print(`Func#${index} ('${name}') is safe for any args that match its prototype\n`)
}

/** Turns to the start of a global function, with any arguments that its prototype allows. */
function enterGlobalFunction(v: Verification, index: number): void {
  const { name, start, isExceptionCallback } = v.subprograms[index] as Subprogram
  const entry = new FrameState(0, index, -1)
  v.startFunction(entry, start)
  v.log.print(`Validating ${name}() func#${index}...\n`)
  const found = functionArgumentsOrRefuse(v, start)
  if (isExceptionCallback) checkExceptionArguments(v, found)
  if (v.profile.globalArguments === 'context') checkPlainArguments(v, name, found)
  setArguments(v, entry, found)
  v.scratchAll()
}

function checkPlainArguments(v: Verification, name: string, found: readonly FunctionArgument[]): void {
  const index = found.findIndex(({ kind }) => kind !== 'number' && kind !== 'context')
  if (index < 0) return
  v.refuse('VERIFIER_FUNCTION_PROTOTYPE', 'EINVAL', `Arg#${index} type PTR in ${name}() is not supported yet.`)
}

function checkExceptionArguments(v: Verification, found: readonly FunctionArgument[]): void {
  if (found.length === 1 && found[0]?.kind === 'number') return
  v.refuse('VERIFIER_EXCEPTION', 'EINVAL', 'exception cb only supports single integer argument')
}

function functionArgumentsOrRefuse(v: Verification, start: number): readonly FunctionArgument[] {
  try {
    return functionArguments(v.program, start)
  } catch (error) {
    throw error instanceof Refusal ? v.noted(error) : error
  }
}

function argumentRegister(v: Verification, argument: FunctionArgument): RegisterState {
  if (argument.kind === 'number' || argument.kind === 'arena') return UNKNOWN_SCALAR
  if (argument.kind === 'context') return pointerTo(PTR_TO_CTX)
  if (argument.kind === 'dynptr') return pointerTo(CONST_PTR_TO_DYNPTR, { id: v.newId() })
  if (argument.kind === 'struct') return structArgument(v, argument)
  const memory = { memoryBytes: argument.sizeBytes }
  return argument.mayBeNull
    ? pointerTo(PTR_TO_MEM | MAYBE_NULL, { ...memory, id: v.newId() })
    : pointerTo(PTR_TO_MEM, memory)
}

function structArgument(v: Verification, { structName, mayBeNull }: StructArgument): RegisterState {
  const struct = v.kernel?.named(structName)
  if (struct === undefined)
    throw v.noted(unsupported(`a pointer to struct ${structName}, without such a type of the kernel, is`))
  const pointer = pointerTo(PTR_TO_BTF_ID | PTR_TRUSTED, { struct })
  return mayBeNull ? pointer.with({ type: pointer.type | MAYBE_NULL, id: v.newId() }) : pointer
}

function functionTraits(subprograms: readonly Subprogram[], isMainReliable: boolean): readonly FunctionTraits[] {
  return subprograms.map(({ changesPacketData, isExceptionCallback, isGlobal }, index) => ({
    changesPacketData,
    isExceptionCallback,
    isReliable: index === 0 ? isMainReliable : isGlobal,
  }))
}

function publicSubprograms(subprograms: readonly Subprogram[]): readonly VerifiedSubprogram[] {
  return subprograms.map(({ name, start, end, stackDepthBytes }) => ({ name, start, end, stackDepthBytes }))
}

function statistics(current: Run, startedMs: number): VerifierStats {
  const { verification } = current
  return {
    insnsProcessed: verification?.insnsProcessed ?? 0,
    maxStatesPerInsn: verification?.maxStatesPerInsn ?? 0,
    totalStates: verification?.totalStates ?? 0,
    peakStates: verification?.peakStates ?? 0,
    verificationTimeUs: Math.round((performance.now() - startedMs) * 1000),
    stackDepthBytes: current.subprograms.map(({ stackDepthBytes }) => stackDepthBytes),
  }
}

/** `asksTrace`: whether the log shall hold the path that was refused. */
function judge(
  program: VerifierProgram,
  options: VerifierOptions,
  logLevel: number,
  asksTrace: boolean,
): VerifierResult {
  const startedMs = performance.now()
  const target = targetNamed(options.profile)
  const log = new VerifierLog(logLevel, asksTrace)
  const isExtension = program.type === PROG_TYPE.EXT
  const found = { subprograms: [], verification: undefined, started: false }
  const current: Run = { program: asExtended(program), options, target, log, isExtension, ...found }
  const finish = (): VerifierFindings => {
    const stats = statistics(current, startedMs)
    const { liveness } = current.verification ?? {}
    if (current.started) printStatistics(log, stats, target.release.limits.exploredInsns, liveness?.longestWalk ?? 0)
    const slotCounts = current.verification?.slotCounts ?? noSlotCounts(program.insns.length)
    return { log: log.toString(), stats, slotCounts }
  }
  try {
    const verified = run(current)
    return { ok: true, verified, ...finish() }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const rejection = toRejection(error, current.verification)
    return { ok: false, rejection, ...finish(), refusedPath: pathTo(rejection, current) }
  }
}

/** Keeps nothing of the exploration that is over. */
function pathTo(rejection: Rejection, current: Run): Traceable['refusedPath'] {
  const { options, verification } = current
  if (verification === undefined || options.device !== undefined || !verification.isTrusted) return () => undefined
  const { judgedFrom } = verification
  const fresh = (): Verification => {
    const log = new VerifierLog(0, false)
    const v = prepare({ ...current, log, subprograms: [], verification: undefined })
    const index = v.subprograms.findIndex(({ start }) => start === judgedFrom)
    if (index > 0) enterGlobalFunction(v, index)
    else if (current.isExtension) startExtension(v)
    return v
  }
  return () => refusedPath(rejection, fresh)
}

/** What is traced is thrown away when the program is accepted: a device's hooks apart, nothing tells two runs from one. */
function tracesOnlyRefusals(options: VerifierOptions, logLevel: number): boolean {
  return (logLevel & LOG_PATH) !== 0 && (logLevel & LOG_EVERYTHING) === 0 && options.device === undefined
}

/**
 * Judges a program as the Linux verifier does for a privileged user.
 *
 * @param program its instructions as they came from the loader: map references by fd, calls relative
 * @param options what may change the verdict
 * @param report what is logged
 * @returns the verdict with its log; a refusal is data. Nothing is thrown for a bad program.
 * @throws VerifierError (VERIFIER_PROFILE) for an unknown profile
 * @see kernel/bpf/verifier.c, bpf_check
 */
export function verify(
  program: VerifierProgram,
  options: VerifierOptions = {},
  report: VerifierReport = {},
): VerifierResult {
  const logLevel = report.logLevel ?? 0
  if (tracesOnlyRefusals(options, logLevel)) {
    const untraced = judge(program, options, logLevel, false)
    if (untraced.ok) return untraced
  }
  return judge(program, options, logLevel, true)
}
