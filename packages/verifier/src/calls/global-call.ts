/**
 * Calls of global functions: not followed. The arguments must be what the function's prototype says, the result is any
 * number, and the function itself is judged apart, for all arguments that the prototype allows.
 *
 * @see btf_check_func_arg_match and check_func_call in kernel/bpf/verifier.c
 */
import { TYPE_FLAG } from '@bpfoundry/kernel-abi'
import { checkUnmodified } from '../memory/context-access.ts'
import { type FunctionArgument, functionArguments } from '../program/function-prototypes.ts'
import { Refusal } from '../report/refusal.ts'
import { isNull, UNKNOWN_SCALAR } from '../state/register-state.ts'
import { MAYBE_NULL, mayBeNull, PTR_TO_ARENA, PTR_TO_CTX, SCALAR } from '../state/register-type.ts'
import type { Subprogram, Verification } from '../verification.ts'
import { mayHaveOffset } from './argument-types.ts'
import { newCallNotes } from './call-notes.ts'
import { takeDynptr } from './dynptr.ts'
import { clearCallerSaved } from './helper-call.ts'
import { checkHelperMemory } from './helper-memory.ts'
import { forgetPacketPointers } from './packet-change.ts'
import { checkGlobalCallInSection } from './sections.ts'
import { checkGlobalCallUnderLock } from './spin-lock.ts'
import { checkTrustedArgument } from './struct-argument.ts'

const CODE = 'VERIFIER_FUNCTION_ARGUMENT'

/** `call` of subprogram `index`. Leaves `v.pc` at the next slot. */
export function transferGlobalCall(v: Verification, index: number): void {
  const subprogram = v.subprograms[index] as Subprogram
  const label = `func#${index} ('${subprogram.name}')`
  try {
    functionArguments(v.program, subprogram.start).forEach((argument, position) => {
      checkArgument(v, argument, position)
    })
  } catch (error) {
    throw error instanceof Refusal ? refusalOfCall(v, error, subprogram, label) : error
  }
  checkGlobalCallUnderLock(v)
  checkGlobalCallInSection(v, subprogram)
  v.log.print(`F${label.slice(1)} is global and assumed valid.\n`)
  if (subprogram.changesPacketData) forgetPacketPointers(v, v.state)
  subprogram.isCalled = true
  clearCallerSaved(v)
  v.write(0, UNKNOWN_SCALAR)
  v.pc += 1
}

/** What the caller did wrong is in the log; the call is refused with that error. */
function refusalOfCall(v: Verification, reason: Refusal, subprogram: Subprogram, label: string): Refusal {
  // Words of a check of a register are in the log already, those of the prototype are not.
  if (reason.pc === undefined) v.noted(reason)
  if (reason.code === 'VERIFIER_UNSUPPORTED') return reason
  checkGlobalCallUnderLock(v)
  checkGlobalCallInSection(v, subprogram)
  const message = `Caller passes invalid args into ${label}`
  v.log.print(`${message}\n`)
  return Object.assign(new Refusal({ code: CODE, errno: 'EINVAL', message }, v.pc), { errno: reason.errno })
}

function checkArgument(v: Verification, argument: FunctionArgument, position: number): void {
  const number = position + 1
  const register = v.register(number)
  v.facts.record(v.pc, number, register)
  if (argument.kind === 'number') {
    if (register.type !== SCALAR) v.refuse(CODE, 'EINVAL', `R${number} is not a scalar`)
    return
  }
  if (argument.kind === 'arena') {
    const isFit = register.type === PTR_TO_ARENA || register.type === SCALAR
    if (!isFit) v.refuse(CODE, 'EINVAL', `R${number} is not a pointer to arena or scalar.`)
    return
  }
  if (!mayHaveOffset(register)) checkUnmodified(v, number, false)
  if (argument.kind === 'context') {
    const words =
      v.profile.wrongArgument === 'register' ? 'expects pointer to ctx' : 'expected pointer to ctx, but got PTR'
    if (register.type !== PTR_TO_CTX) v.refuse(CODE, 'EINVAL', `arg#${position} ${words}`)
    return
  }
  if (argument.kind === 'struct') {
    checkTrustedArgument(v, number, argument)
    return
  }
  if (argument.kind === 'dynptr') {
    takeDynptr(v, number, TYPE_FLAG.MEM_RDONLY, newCallNotes())
    return
  }
  checkMemoryArgument(v, number, argument.sizeBytes)
  if (!argument.mayBeNull && mayBeNull(register.type)) {
    v.refuse(CODE, 'EINVAL', `arg#${position} is expected to be non-NULL`)
  }
}

/** The function may read and write all of it, if it is there at all. @see check_mem_reg */
export function checkMemoryArgument(v: Verification, number: number, sizeBytes: number): void {
  const register = v.register(number)
  if (isNull(register)) return
  const whenThere = mayBeNull(register.type)
  if (whenThere) v.frame.registers[number] = register.with({ type: register.type & ~MAYBE_NULL })
  for (const writes of [false, true]) {
    const argument = { number, sizeBytes, writes, zeroAllowed: true, uninitialised: false }
    checkHelperMemory(v, argument, newCallNotes())
  }
  if (whenThere) v.frame.registers[number] = register
}
