/**
 * Programs that may sleep: they are not run under RCU, so that what is protected by it is not valid to them.
 *
 * @see check_attach_btf_id, check_map_prog_compatibility in kernel/bpf/verifier.c
 */
import { ATTACH_TYPE, MAP_TYPE, PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { Refusal } from '../report/refusal.ts'
import type { VerifierMap, VerifierProgram } from '../verifier-api.ts'

export function isSleepable({ flags = 0 }: VerifierProgram): boolean {
  return (flags & PROG_FLAG.SLEEPABLE) !== 0
}

/** Types that may sleep, of tracing programs some. @see can_be_sleepable */
const MAY_SLEEP: ReadonlySet<number> = new Set([PROG_TYPE.LSM, PROG_TYPE.KPROBE, PROG_TYPE.STRUCT_OPS])
const TRACING_MAY_SLEEP: ReadonlySet<number> = new Set([
  ATTACH_TYPE.TRACE_FENTRY,
  ATTACH_TYPE.TRACE_FEXIT,
  ATTACH_TYPE.MODIFY_RETURN,
  ATTACH_TYPE.TRACE_ITER,
])

function refuse(message: string): never {
  throw new Refusal({ code: 'VERIFIER_SLEEPABLE', errno: 'EINVAL', message })
}

/** Refuses programs whose type does not sleep, and those of SYSCALL that don't. */
export function checkSleepable(program: VerifierProgram): void {
  const { type, expectedAttachType } = program
  if (type === PROG_TYPE.SYSCALL) {
    if (!isSleepable(program)) refuse('Syscall programs can only be sleepable')
    return
  }
  if (!isSleepable(program)) return
  const maySleep = MAY_SLEEP.has(type) || (type === PROG_TYPE.TRACING && TRACING_MAY_SLEEP.has(expectedAttachType))
  if (!maySleep) refuse('Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable')
}

// biome-ignore format: table
const MAP_TYPES: ReadonlySet<number> = new Set([
  MAP_TYPE.HASH, MAP_TYPE.LRU_HASH, MAP_TYPE.ARRAY, MAP_TYPE.PERCPU_HASH, MAP_TYPE.PERCPU_ARRAY, MAP_TYPE.LRU_PERCPU_HASH,
  MAP_TYPE.ARRAY_OF_MAPS, MAP_TYPE.HASH_OF_MAPS, MAP_TYPE.RINGBUF, MAP_TYPE.USER_RINGBUF, MAP_TYPE.INODE_STORAGE,
  MAP_TYPE.SK_STORAGE, MAP_TYPE.TASK_STORAGE, MAP_TYPE.CGRP_STORAGE, MAP_TYPE.QUEUE, MAP_TYPE.STACK, MAP_TYPE.ARENA,
])

/** Refuses a map that a sleepable program may not name. */
export function checkMapForSleeper(program: VerifierProgram, map: VerifierMap, pc: number): void {
  if (!isSleepable(program) || MAP_TYPES.has(map.type)) return
  const message = 'Sleepable programs can only use array, hash, ringbuf and local storage maps'
  throw new Refusal({ code: 'VERIFIER_SLEEPABLE', errno: 'EINVAL', message }, pc)
}
