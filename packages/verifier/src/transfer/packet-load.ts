/**
 * LD_ABS and LD_IND: loads from the socket buffer by an implicit helper. The context is in r6, the value comes to r0, r1 to
 * r5 are lost. A load past the end leaves the function with 0.
 */

import { BPF_IND, type Insn } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { clearCallerSaved } from '../calls/helper-call.ts'
import { checkNoReferences } from '../calls/references.ts'
import { checkNoSection } from '../calls/sections.ts'
import { checkNoLock } from '../calls/spin-lock.ts'
import { returnToCaller } from '../calls/subprogram-call.ts'
import { checkUnmodified } from '../memory/context-access.ts'
import { UNKNOWN_SCALAR, ZERO_SCALAR } from '../state/register-state.ts'
import { PTR_TO_CTX } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'

const SOCKET_BUFFER_TYPES: ReadonlySet<number> = new Set([
  PROG_TYPE.SOCKET_FILTER,
  PROG_TYPE.SCHED_CLS,
  PROG_TYPE.SCHED_ACT,
])

const CONTEXT_REGISTER = 6

/** Leaves `v.pc` at the next slot of the path that goes on. */
export function transferPacketLoad(v: Verification, insn: Insn): void {
  if (!SOCKET_BUFFER_TYPES.has(v.program.type)) {
    const message = 'BPF_LD_[ABS|IND] instructions not allowed for this program type'
    v.refuse('VERIFIER_PACKET_LOAD', 'EINVAL', message)
  }
  const context = v.read(CONTEXT_REGISTER)
  checkNoReferences(v, 'BPF_LD_[ABS|IND] cannot be mixed with socket references')
  checkNoLock(v, 'BPF_LD_[ABS|IND] cannot be used inside bpf_spin_lock-ed region')
  checkNoSection(v, 'BPF_LD_[ABS|IND]')
  if (context.type !== PTR_TO_CTX) {
    const message = 'at the time of BPF_LD_ABS|IND R6 != pointer to skb'
    v.refuse('VERIFIER_PACKET_LOAD', 'EINVAL', message)
  }
  if ((insn.opcode & 0xe0) === BPF_IND) v.read(insn.src)
  checkUnmodified(v, CONTEXT_REGISTER, false)
  clearCallerSaved(v)
  v.write(0, UNKNOWN_SCALAR)
  if (v.state.frames.length === 1) {
    v.pc += 1
    return
  }
  v.pushBranch(v.pc + 1)
  v.write(0, ZERO_SCALAR)
  returnToCaller(v)
}
