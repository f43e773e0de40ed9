/** The verifier's front door: the passes in the kernel's order, and their outcome as data. */
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { refusedPath } from './explain/refused-path.ts'
import { deviceRefusal } from './exploration/device-refusal.ts'
import { explore } from './exploration/exploration.ts'
import {
  enterGlobalFunction,
  judgeGlobalFunctions,
  remarkMainPrototype,
  startExtension,
} from './exploration/global-functions.ts'
import { addFrameExtras } from './fixup/frame-extras.ts'
import { asExtended } from './kernel-types/program-target.ts'
import { checkRelease } from './portability/release-check.ts'
import { BOUND, prepare, type Run } from './preparation.ts'
import { targetNamed } from './profile.ts'
import { checkCallbackPacketLoads } from './program/callback-packet-loads.ts'
import { checkExceptions } from './program/exceptions.ts'
import { checkStackDepth } from './program/stack-depth.ts'
import { printStatistics } from './report/log-frame.ts'
import { Refusal, unsupported } from './report/refusal.ts'
import { toRejection } from './report/rejection.ts'
import { noSlotCounts } from './report/slot-counts.ts'
import { LOG_EVERYTHING, LOG_PATH, VerifierLog } from './report/verifier-log.ts'
import type { Subprogram, Verification } from './verification.ts'
import type {
  FunctionTraits,
  InsnFact,
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

function checkProgram({ program, options }: Run): void {
  if (program.insns.length === 0 || program.insns.length > MAX_PROGRAM_SLOTS) {
    const message = `a program of ${program.insns.length} instructions can't be loaded`
    throw new Refusal({ code: 'VERIFIER_PROGRAM_SIZE', errno: 'E2BIG', message })
  }
  if (BOUND.has(program.type) && options.kernelBtf === undefined) {
    throw unsupported("programs bound to kernel functions, without the kernel's types, are")
  }
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

/** What the spills that go don't need. @see remove_fastcall_spills_fills in kernel/bpf/verifier.c */
function shrinkStacks({ subprograms, notes: { fastcall } }: Verification): void {
  subprograms.forEach((subprogram, index) => {
    subprogram.stackDepthBytes = fastcall?.stackDepthBytes(index) ?? subprogram.stackDepthBytes
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

const TAIL_CALL = 12

/** The bound of a tail call's index goes into the code: for an untrusted program it must be one map's. */
function refuseAmbiguousTailCalls({ insns, notes }: Verification): void {
  const pc = insns.findIndex(
    ({ opcode, src, imm }, at) => opcode === 0x85 && src === 0 && imm === TAIL_CALL && notes.callMaps[at] === -1,
  )
  if (pc < 0) return
  throw new Refusal({ code: 'VERIFIER_TAIL_CALL_MAPS', errno: 'EINVAL', message: 'tail_call abusing map_ptr' }, pc)
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
