/**
 * Which pointers of the kernel are valid as long as the program runs: those that it was handed as such, and some that are
 * loaded from them.
 *
 * @see check_ptr_to_btf_access in kernel/bpf/verifier.c
 */
import { BTF_KIND } from '@bpfoundry/btf'
import type { RegisterState } from '../state/register-state.ts'
import {
  baseType,
  CONST_PTR_TO_MAP,
  MAYBE_NULL,
  MEM_PERCPU,
  MEM_RCU,
  MEM_USER,
  mayBeNull,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
} from '../state/register-type.ts'
import type { KernelBtf } from '../verifier-api.ts'
import { isComposite } from './kernel-types.ts'

const MODIFIERS = ~0xff

/** Types with a structure of the kernel behind them; unmodified they are valid. @see reg2btf_ids */
const ALWAYS_TRUSTED: ReadonlySet<number> = new Set([
  PTR_TO_SOCKET,
  PTR_TO_SOCK_COMMON,
  PTR_TO_TCP_SOCK,
  CONST_PTR_TO_MAP,
])

/** The pointer is valid, and stays so. @see is_trusted_reg */
export function isTrustedPointer({ type, referenceId }: RegisterState): boolean {
  if (referenceId !== 0) return true
  const modifiers = type & MODIFIERS
  return modifiers === 0 ? ALWAYS_TRUSTED.has(baseType(type)) : modifiers === PTR_TRUSTED
}

/** The pointer is valid until the read-side section ends. @see is_rcu_reg */
export function isRcuPointer({ type }: RegisterState): boolean {
  return (type & MEM_RCU) !== 0
}

/** A pointer that was found in a field of a structure. */
export interface FoundPointer {
  readonly structId: number
  readonly flags: number
  readonly field: string
}

/** The kernel lists such fields in structures of its own, named after the one they are in. @see btf_nested_type_is_trusted */
function isListed(btf: KernelBtf, { struct }: RegisterState, found: FoundPointer, suffix: string): boolean {
  const id = btf.find(`${struct?.name}${suffix}`, BTF_KIND.STRUCT)
  const list = id === undefined ? undefined : btf.type(id)
  if (list === undefined || !isComposite(list)) return false
  return list.members.some(({ name, typeId }) => {
    const type = btf.type(typeId)
    return name === found.field && type.kind === BTF_KIND.PTR && btf.resolve(type.typeId).id === found.structId
  })
}

/** What modifies the type of a pointer that is loaded from what `from` points to. @param isReadSide under RCU */
export function loadedFlags(btf: KernelBtf, from: RegisterState, found: FoundPointer, isReadSide: boolean): number {
  const { flags } = found
  const isIn = (suffix: string): boolean => isListed(btf, from, found, suffix)
  if ((from.type & PTR_UNTRUSTED) !== 0) return PTR_UNTRUSTED
  if (!isTrustedPointer(from) && !isRcuPointer(from)) return plain(flags)
  if (isIn('__safe_trusted')) return flags | PTR_TRUSTED
  if (isIn('__safe_trusted_or_null')) return flags | PTR_TRUSTED | MAYBE_NULL
  if (!isReadSide || mayBeNull(from.type)) return PTR_UNTRUSTED
  if (isIn('__safe_rcu')) return flags | MEM_RCU
  if (isIn('__safe_rcu_or_null')) return (flags | MEM_RCU | MAYBE_NULL) & ~PTR_UNTRUSTED
  if ((flags & MEM_RCU) !== 0) return flags | MAYBE_NULL
  return (flags & (MEM_PERCPU | MEM_USER)) === 0 ? plain(flags) : flags
}

/** A pointer of which nothing is known but its type. */
function plain(flags: number): number {
  return flags & ~(PTR_TRUSTED | MEM_RCU)
}
