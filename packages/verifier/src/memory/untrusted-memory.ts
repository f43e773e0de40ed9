/**
 * Addresses that structures of the kernel hold: what is there may be read, wherever that is. The kernel reads there with
 * care, so that neither place nor size counts, and finds 0 where nothing is.
 *
 * @see mark_btf_ld_reg in kernel/bpf/verifier.c (6.18)
 */
import { pointerTo, type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import { baseType, MEM_RDONLY, PTR_TO_MEM, PTR_UNTRUSTED } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'

const ANYWHERE = MEM_RDONLY | PTR_UNTRUSTED

export function isUntrustedMemory(type: number): boolean {
  return baseType(type) === PTR_TO_MEM && (type & ANYWHERE) === ANYWHERE
}

/** What a load of an address gives: a mere number before 6.16. @param flags of the way there */
export function addressFound({ profile }: Verification, flags: number): RegisterState {
  return profile.readsAnyAddress ? pointerTo(PTR_TO_MEM | ANYWHERE | flags) : UNKNOWN_SCALAR
}
