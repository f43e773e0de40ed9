/** A refusal as data for others: what was refused, where, on which path, and what the registers held. */
import { registersRead } from '@bpfoundry/isa'
import { pathSlots } from '../state/path-state.ts'
import { NOT_INIT } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { Rejection } from '../verifier-api.ts'
import type { Refusal } from './refusal.ts'
import { REMEDIES } from './remedies.ts'
import { registerText } from './state-text.ts'

/** r1 to r5. */
const ARGUMENT_REGISTERS = 0b111110

/** @param verification undefined where the program was refused before it was explored */
export function toRejection(refusal: Refusal, verification: Verification | undefined): Rejection {
  const { code, errno, message, pc, requirements } = refusal
  const hint = refusal.hint ?? REMEDIES[code]
  const path = verification === undefined || pc === undefined ? undefined : pathSlots(verification.state, pc)
  const operands = verification === undefined || pc !== verification.pc ? [] : operandsOf(verification)
  return {
    code,
    errno,
    message,
    ...(pc === undefined ? {} : { pc }),
    ...(path === undefined ? {} : { path }),
    ...(operands.length === 0 ? {} : { operands }),
    ...(hint === undefined ? {} : { hint }),
    ...(requirements === undefined ? {} : { requirements }),
  }
}

/** What the current instruction reads; of a call, its arguments as far as they hold something. */
function operandsOf(v: Verification): { register: number; value: string }[] {
  const row = v.notes.rows[v.pc]
  if (row === undefined) return []
  const read = row.kind === 'call' ? ARGUMENT_REGISTERS : registersRead(row, v.insn)
  return v.frame.registers.flatMap((register, number) =>
    (read & (1 << number)) === 0 || register.type === NOT_INIT
      ? []
      : [{ register: number, value: registerText(register, v.frame.frameNumber) }],
  )
}
