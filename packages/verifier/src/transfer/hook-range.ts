/** What programs bound to a kernel function may return. @see check_return_code in kernel/bpf/verifier.c */
import { ATTACH_TYPE, lsmHook, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { AttachTarget } from '../kernel-types/attach-target.ts'
import type { Range } from './return-range.ts'

/** Errors are small negative numbers. @see MAX_ERRNO in include/linux/err.h */
const MAX_ERRNO = 4095

/** BTF id of `void`. */
const VOID_ID = 0

/** The function gives nothing. */
export function returnsNothing({ prototype }: AttachTarget): boolean {
  return prototype.returnTypeId === VOID_ID
}

/** What a hook's programs may answer; undefined where nothing is asked. @see bpf_lsm_get_retval_range */
export function hookRange(target: AttachTarget): Range | undefined {
  if (returnsNothing(target)) return undefined
  return lsmHook(target.name)?.isBoolean === true ? [0, 1] : [-MAX_ERRNO, 0]
}

// biome-ignore format: table
const TRACING_RANGES: ReadonlyMap<number, Range> = new Map<number, Range>([
  [ATTACH_TYPE.TRACE_FENTRY, [0, 0]],
  [ATTACH_TYPE.TRACE_FEXIT,  [0, 0]],
  [ATTACH_TYPE.TRACE_ITER,   [0, 1]],
])

/** What a program bound to `target` may return; undefined for anything. */
export function boundRange(programType: number, attachType: number, target: AttachTarget): Range | undefined {
  if (programType === PROG_TYPE.STRUCT_OPS) return undefined
  if (programType === PROG_TYPE.TRACING) return TRACING_RANGES.get(attachType)
  if (attachType !== ATTACH_TYPE.LSM_CGROUP) return hookRange(target)
  return returnsNothing(target) ? [1, 1] : [0, 1]
}
