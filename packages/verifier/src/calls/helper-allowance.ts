/**
 * Helpers that only programs bound to some functions of the kernel may call, wherever else their type would let them: these
 * functions hold no lock that the helper takes.
 */
import { ATTACH_TYPE, lsmHook, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { Verification } from '../verification.ts'

/** BPF_FUNC_* */
const D_PATH = 147
const IMA_INODE_HASH = 161
const IMA_FILE_HASH = 193

/** @see btf_allowlist_d_path in kernel/trace/bpf_trace.c */
// biome-ignore format: table
const D_PATH_FUNCTIONS: ReadonlySet<string> = new Set([
  'security_file_permission', 'security_inode_getattr', 'security_file_open', 'security_path_truncate', 'vfs_truncate',
  'vfs_fallocate', 'dentry_open', 'vfs_getattr', 'filp_close',
])

function isBoundToSleeper({ target }: Verification): boolean {
  return target !== undefined && lsmHook(target.name)?.isSleepable === true
}

function mayAskPath(v: Verification): boolean {
  const { type, expectedAttachType } = v.program
  if (type === PROG_TYPE.TRACING && expectedAttachType === ATTACH_TYPE.TRACE_ITER) return true
  if (type === PROG_TYPE.LSM) return isBoundToSleeper(v)
  return v.target !== undefined && D_PATH_FUNCTIONS.has(v.target.name)
}

const RULES: ReadonlyMap<number, (v: Verification) => boolean> = new Map([
  [D_PATH, mayAskPath],
  [IMA_INODE_HASH, isBoundToSleeper],
  [IMA_FILE_HASH, isBoundToSleeper],
])

/** Refuses a helper that what the program is bound to does not allow. */
export function checkHelperAllowed(v: Verification, helperId: number): void {
  if (RULES.get(helperId)?.(v) !== false) return
  v.refuse('VERIFIER_HELPER_NOT_ALLOWED', 'EINVAL', 'helper call is not allowed in probe')
}
