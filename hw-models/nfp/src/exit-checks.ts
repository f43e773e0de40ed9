import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { CheckContext } from './check-context.ts'
import { invalid, type Refusals } from './refusal.ts'
import { isConstant, registerType, varOffText, varOffValue } from './register-type.ts'

const TC_ACT_REDIRECT = 7n
/** TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_QUEUED. @see include/uapi/linux/pkt_cls.h */
const TC_ACTIONS: ReadonlySet<bigint> = new Set([2n, 4n, 5n])

/**
 * What an exit may return: XDP programs anything, since unknown verdicts abort; classifiers only known actions that
 * the card can do.
 *
 * @see nfp_bpf_check_exit in nfp/bpf/verifier.c
 */
export function* checkExit({ programType, registers }: CheckContext): Refusals {
  if (programType === PROG_TYPE.XDP) return
  const result = registers(0)
  const type = registerType(result)
  if (result.kind !== 'scalar' || !isConstant(result)) {
    yield invalid('exit-variable', `unsupported exit state: ${type}, var_off: ${varOffText(result)}`)
    return
  }
  const value = BigInt.asUintN(64, varOffValue(result))
  if (programType !== PROG_TYPE.SCHED_CLS || value > TC_ACT_REDIRECT || TC_ACTIONS.has(value)) return
  yield invalid('exit-code', `unsupported exit state: ${type}, imm: ${value.toString(16)}`)
}
