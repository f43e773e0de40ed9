import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { DeviceRefusal } from '@bpfoundry/verifier'
import type { CheckContext } from './check-context.ts'
import { REG_TYPE, varOffText } from './register-type.ts'

const TC_ACT_REDIRECT = 7n
/** TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_QUEUED. @see include/uapi/linux/pkt_cls.h */
const TC_ACTIONS: ReadonlySet<bigint> = new Set([2n, 4n, 5n])

/**
 * What an exit may return: XDP programs anything, since unknown verdicts abort; classifiers only known actions that
 * the card can do.
 *
 * @see nfp_bpf_check_exit in nfp/bpf/verifier.c
 */
export function checkExit({ programType, registers }: CheckContext): DeviceRefusal | undefined {
  if (programType === PROG_TYPE.XDP) return undefined
  const result = registers(0)
  const type = REG_TYPE[result.kind]
  if (result.kind !== 'scalar' || !result.constant) {
    return { errno: ERRNO.EINVAL, message: `unsupported exit state: ${type}, var_off: ${varOffText(result)}` }
  }
  const value = BigInt.asUintN(64, result.value ?? 0n)
  if (programType !== PROG_TYPE.SCHED_CLS || value > TC_ACT_REDIRECT || TC_ACTIONS.has(value)) return undefined
  return { errno: ERRNO.EINVAL, message: `unsupported exit state: ${type}, imm: ${value.toString(16)}` }
}
