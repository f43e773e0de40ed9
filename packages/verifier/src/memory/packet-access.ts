/**
 * Accesses to packet data. A packet pointer carries the bytes that a comparison with data_end proved to be there, counted
 * from the pointer's base (its id) on; the variable part of the offset is in the base, so that only the fixed part is
 * compared with the range.
 */
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { UNKNOWN_SCALAR } from '../state/register-state.ts'
import type { Verification } from '../verification.ts'
import { type Access, loaded } from './access.ts'
import { checkFixedRegion, refuseNegative } from './region-access.ts'

/** Program types that read packets, and whether they may write. */
// biome-ignore format: table
const DIRECT_ACCESS: ReadonlyMap<number, 'read' | 'write'> = new Map([
  [PROG_TYPE.LWT_IN,         'read'],
  [PROG_TYPE.LWT_OUT,        'read'],
  [PROG_TYPE.LWT_SEG6LOCAL,  'read'],
  [PROG_TYPE.SK_REUSEPORT,   'read'],
  [PROG_TYPE.FLOW_DISSECTOR, 'read'],
  [PROG_TYPE.CGROUP_SKB,     'read'],
  [PROG_TYPE.SCHED_CLS,      'write'],
  [PROG_TYPE.SCHED_ACT,      'write'],
  [PROG_TYPE.XDP,            'write'],
  [PROG_TYPE.LWT_XMIT,       'write'],
  [PROG_TYPE.SK_SKB,         'write'],
  [PROG_TYPE.SK_MSG,         'write'],
  [PROG_TYPE.CGROUP_SOCKOPT, 'write'],
])

/** A helper may be handed a packet pointer: where its prototype takes one, and any for what a socket option holds. */
export function mayPassPacket({ program: { type } }: Verification, takesPackets: boolean): boolean {
  return type === PROG_TYPE.CGROUP_SOCKOPT || (takesPackets && DIRECT_ACCESS.has(type))
}

/** Programs of this type may write to packets. */
export function mayWritePacket(v: Verification): boolean {
  return DIRECT_ACCESS.get(v.program.type) === 'write'
}

/** Refuses bytes of the packet that no comparison has shown to be there. */
export function checkPacket(v: Verification, number: number, offset: number, size: number, zeroAllowed: boolean): void {
  const register = v.register(number)
  if (register.scalar.smin.hi < 0) refuseNegative(v, number)
  const reason = `R${number} offset is outside of the packet`
  if (register.packetRange < 0) {
    v.refuse('VERIFIER_PACKET_BOUNDS', 'EINVAL', reason)
  }
  checkFixedRegion(v, number, offset, size, register.packetRange, zeroAllowed, reason)
}

export function accessPacket(v: Verification, access: Access): void {
  if (access.isWrite && !mayWritePacket(v)) {
    v.refuse('VERIFIER_PACKET_READ_ONLY', 'EACCES', 'cannot write into packet')
  }
  if (access.isWrite && access.valueNumber >= 0 && v.leaks(access.valueNumber)) {
    v.refuse('VERIFIER_LEAK', 'EACCES', `R${access.valueNumber} leaks addr into packet`)
  }
  checkPacket(v, access.pointerNumber, access.offset, access.sizeBytes, false)
  if (!access.isWrite && access.valueNumber >= 0) {
    v.write(access.valueNumber, loaded(UNKNOWN_SCALAR, access.sizeBytes, access.signExtends))
  }
}
