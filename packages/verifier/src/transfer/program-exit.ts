/** `exit` of the entry function: what a program may return. */
import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { checkNoReferences } from '../calls/references.ts'
import { checkSectionsLeft } from '../calls/sections.ts'
import { checkNoLock } from '../calls/spin-lock.ts'
import { markPrecise } from '../exploration/precision.ts'
import type { RegisterState } from '../state/register-state.ts'
import { SCALAR, typeName } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { boundRange, returnsNothing } from './hook-range.ts'
import { checkReturnRange, type Range } from './return-range.ts'

const BOOLEAN: Range = [0, 1]
const ZERO: Range = [0, 0]

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
  [ATTACH_TYPE.CGROUP_INET_EGRESS,           [0, 3]],
  [ATTACH_TYPE.CGROUP_INET4_BIND,            [0, 3]],
  [ATTACH_TYPE.CGROUP_INET6_BIND,            [0, 3]],
  [ATTACH_TYPE.CGROUP_UDP4_RECVMSG,          [1, 1]],
  [ATTACH_TYPE.CGROUP_UDP6_RECVMSG,          [1, 1]],
  [ATTACH_TYPE.CGROUP_UNIX_RECVMSG,          [1, 1]],
  [ATTACH_TYPE.CGROUP_INET4_GETPEERNAME,     [1, 1]],
  [ATTACH_TYPE.CGROUP_INET6_GETPEERNAME,     [1, 1]],
  [ATTACH_TYPE.CGROUP_UNIX_GETPEERNAME,      [1, 1]],
  [ATTACH_TYPE.CGROUP_INET4_GETSOCKNAME,     [1, 1]],
  [ATTACH_TYPE.CGROUP_INET6_GETSOCKNAME,     [1, 1]],
  [ATTACH_TYPE.CGROUP_UNIX_GETSOCKNAME,      [1, 1]],
])

const BY_ATTACH_TYPE: ReadonlySet<number> = new Set([PROG_TYPE.CGROUP_SKB, PROG_TYPE.CGROUP_SOCK_ADDR])

function returnRange(v: Verification): Range | undefined {
  const { type, expectedAttachType } = v.program
  if (v.target !== undefined) return boundRange(type, expectedAttachType, v.target)
  const byAttachType = BY_ATTACH_TYPE.has(type) ? ATTACH_RANGES.get(expectedAttachType) : undefined
  return byAttachType ?? RETURN_RANGES.get(type)
}

/** Checks the end of a path. */
export function checkProgramExit(v: Verification): void {
  checkNothingHeld(v)
  if (isVoidHook(v)) return
  const result = v.read(0)
  v.facts.record(v.pc, 0, result)
  if (v.leaks(0)) v.refuse('VERIFIER_LEAK', 'EACCES', 'R0 leaks addr as return value')
  if (v.frame.asyncEntry > 0) {
    checkResult(v, result, ZERO, 'At async callback return')
    return
  }
  if (v.frame.subprogram > 0) {
    checkFunctionResult(v, result)
    return
  }
  const range = returnRange(v)
  if (range !== undefined) checkResult(v, result, range, 'At program exit')
}

/** A hook that gives nothing, which is not asked for a result. */
function isVoidHook({ target, frame, program }: Verification): boolean {
  if (target === undefined || frame.subprogram > 0) return false
  const { type, expectedAttachType } = program
  return type === PROG_TYPE.LSM && expectedAttachType !== ATTACH_TYPE.LSM_CGROUP && returnsNothing(target)
}

/** Neither references nor a lock, and no section is open; kernels differ in what they look at first. */
function checkNothingHeld(v: Verification): void {
  const { exitLeakWords, exitLockWords } = v.profile
  if (exitLeakWords === undefined) {
    checkNoLock(v, exitLockWords)
    checkSectionsLeft(v)
  }
  checkNoReferences(v, exitLeakWords)
  checkNoLock(v, exitLockWords)
  checkSectionsLeft(v)
}

function checkResult(v: Verification, result: RegisterState, range: Range, place: string): void {
  if (result.type !== SCALAR) {
    const message = `${place} the register R0 is not a known value (${typeName(result.type)})`
    v.refuse('VERIFIER_RETURN_VALUE', 'EINVAL', message)
  }
  markPrecise(v, 0)
  const { type, expectedAttachType } = v.program
  const is32 = type === PROG_TYPE.LSM && expectedAttachType !== ATTACH_TYPE.LSM_CGROUP && v.frame.asyncEntry === 0
  checkReturnRange(v, result, range, place, is32)
}

/** A function that is judged by itself gives a number, any number. */
function checkFunctionResult(v: Verification, { type }: RegisterState): void {
  if (type === SCALAR) return
  const message = `At subprogram exit the register R0 is not a scalar value (${typeName(type)})`
  v.refuse('VERIFIER_RETURN_VALUE', 'EINVAL', message)
}
