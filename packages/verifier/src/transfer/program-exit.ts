/** `exit` of the entry function: what a program may return. */
import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { checkNoReferences } from '../calls/references.ts'
import { checkSectionsLeft } from '../calls/sections.ts'
import { checkNoLock } from '../calls/spin-lock.ts'
import { markPrecise } from '../exploration/precision.ts'
import type { FrameState } from '../state/frame-state.ts'
import { SCALAR, typeName } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { boundRange, returnsNothing } from './hook-range.ts'
import { checkReturnRange, type Range } from './return-range.ts'

const BOOLEAN: Range = [0, 1]
const ZERO: Range = [0, 0]
const FOUR_ANSWERS: Range = [0, 3]

/** Program types whose return value the kernel interprets. All others may return anything. */
// biome-ignore format: table
const RETURN_RANGES: ReadonlyMap<number, Range> = new Map<number, Range>([
  [PROG_TYPE.CGROUP_SKB,       BOOLEAN],
  [PROG_TYPE.CGROUP_SOCK,      BOOLEAN],
  [PROG_TYPE.CGROUP_SOCK_ADDR, BOOLEAN],
  [PROG_TYPE.SOCK_OPS,         BOOLEAN],
  [PROG_TYPE.CGROUP_DEVICE,    BOOLEAN],
  [PROG_TYPE.CGROUP_SYSCTL,    BOOLEAN],
  [PROG_TYPE.CGROUP_SOCKOPT,   BOOLEAN],
  [PROG_TYPE.SK_LOOKUP,        BOOLEAN],
  [PROG_TYPE.NETFILTER,        BOOLEAN],
])

/** Attach types with a range of their own. */
// biome-ignore format: table
const ATTACH_RANGES: ReadonlyMap<number, Range> = new Map<number, Range>([
  [ATTACH_TYPE.CGROUP_UDP4_RECVMSG,          [1, 1]],
  [ATTACH_TYPE.CGROUP_UDP6_RECVMSG,          [1, 1]],
  [ATTACH_TYPE.CGROUP_UNIX_RECVMSG,          [1, 1]],
  [ATTACH_TYPE.CGROUP_INET4_GETPEERNAME,     [1, 1]],
  [ATTACH_TYPE.CGROUP_INET6_GETPEERNAME,     [1, 1]],
  [ATTACH_TYPE.CGROUP_UNIX_GETPEERNAME,      [1, 1]],
  [ATTACH_TYPE.CGROUP_INET4_GETSOCKNAME,     [1, 1]],
  [ATTACH_TYPE.CGROUP_INET6_GETSOCKNAME,     [1, 1]],
  [ATTACH_TYPE.CGROUP_UNIX_GETSOCKNAME,      [1, 1]],
  [ATTACH_TYPE.TRACE_KPROBE_SESSION,         BOOLEAN],
])

const BY_ATTACH_TYPE: ReadonlySet<number> = new Set([
  PROG_TYPE.CGROUP_SKB,
  PROG_TYPE.CGROUP_SOCK_ADDR,
  PROG_TYPE.KPROBE,
])

function returnRange(v: Verification): Range | undefined {
  const { type, expectedAttachType } = v.program
  const isHook = type === PROG_TYPE.LSM && expectedAttachType !== ATTACH_TYPE.LSM_CGROUP
  if (isHook && !v.profile.judgesHookAnswers) return undefined
  if (v.target !== undefined) return boundRange(type, expectedAttachType, v.target)
  if (!BY_ATTACH_TYPE.has(type)) return RETURN_RANGES.get(type)
  const hasFour = v.profile.fourAnswers.some((name) => ATTACH_TYPE[name] === expectedAttachType)
  const byAttachType = hasFour ? FOUR_ANSWERS : ATTACH_RANGES.get(expectedAttachType)
  return byAttachType ?? RETURN_RANGES.get(type)
}

/** Checks the end of a path. */
export function checkProgramExit(v: Verification): void {
  checkNothingHeld(v)
  checkAnswer(v, 0)
}

/** What the kernel gets from the program, or from a function that it judges by itself, in register `number`. */
export function checkAnswer(v: Verification, number: number): void {
  if (isVoidHook(v)) return
  const result = v.read(number)
  v.facts.record(v.pc, number, result)
  if (v.leaks(number)) v.refuse('VERIFIER_LEAK', 'EACCES', `R${number} leaks addr as return value`)
  if (entryOf(v).asyncEntry > 0) {
    checkResult(v, number, ZERO, 'At async callback return')
    return
  }
  if (!answersForProgram(v)) {
    checkFunctionResult(v, number)
    return
  }
  const range = returnRange(v)
  if (range !== undefined) checkResult(v, number, range, 'At program exit')
}

/** The frame that the path began in. */
function entryOf({ state }: Verification): FrameState {
  return state.frames[0] as FrameState
}

/** The path began in the main function, or in the one that runs once an exception ended it. */
function answersForProgram(v: Verification): boolean {
  const { subprogram } = entryOf(v)
  return subprogram === 0 || v.subprograms[subprogram]?.isExceptionCallback === true
}

/** A hook that gives nothing, which is not asked for a result. */
function isVoidHook(v: Verification): boolean {
  const { target, program } = v
  if (target === undefined || !answersForProgram(v)) return false
  const { type, expectedAttachType } = program
  const isHook = type === PROG_TYPE.LSM && expectedAttachType !== ATTACH_TYPE.LSM_CGROUP
  return (isHook || type === PROG_TYPE.STRUCT_OPS) && returnsNothing(target)
}

/** Neither references nor a lock, and no section is open; kernels differ in what they look at first. */
function checkNothingHeld(v: Verification): void {
  const { exitLeakWords, exitLockWords } = v.profile
  checkNoLock(v, exitLockWords)
  if (exitLeakWords === undefined) checkSectionsLeft(v)
  checkNoReferences(v, exitLeakWords)
  checkSectionsLeft(v)
}

function checkResult(v: Verification, number: number, range: Range, place: string): void {
  const result = v.register(number)
  if (result.type !== SCALAR) {
    const message = `${place} the register R${number} is not a known value (${typeName(result.type)})`
    v.refuse('VERIFIER_RETURN_VALUE', 'EINVAL', message)
  }
  markPrecise(v, number)
  const { type, expectedAttachType } = v.program
  const is32 = type === PROG_TYPE.LSM && expectedAttachType !== ATTACH_TYPE.LSM_CGROUP && entryOf(v).asyncEntry === 0
  checkReturnRange(v, result, range, place, is32, number)
}

/** A function that is judged by itself gives a number, any number. */
function checkFunctionResult(v: Verification, number: number): void {
  const { type } = v.register(number)
  if (type === SCALAR) return
  const message = `At subprogram exit the register R${number} is not a scalar value (${typeName(type)})`
  v.refuse('VERIFIER_RETURN_VALUE', 'EINVAL', message)
}
