import type { VerifierCase } from '../support/case.ts'
import { ARITHMETIC_CASES } from './arithmetic.ts'
import { CALLBACK_CASES, MAY_GOTO_CASES } from './callbacks.ts'
import { ATOMIC_CASES, CALL_CASES } from './calls.ts'
import { CONTROL_FLOW_CASES } from './control-flow.ts'
import { DYNPTR_CASES } from './dynptrs.ts'
import { GLOBAL_FUNCTION_CASES } from './global-functions.ts'
import { HELPER_CASES } from './helpers.ts'
import { MAP_CASES } from './maps.ts'
import { CONTEXT_CASES, PACKET_CASES, PACKET_LOAD_CASES } from './packet.ts'
import { FORM_CASES, REGISTER_CASES } from './registers.ts'
import { SOCKET_CASES } from './sockets.ts'
import { FIELD_CASES, LOCK_CASES, TIMER_CASES } from './special-fields.ts'
import { STACK_CASES } from './stack.ts'
import { UNTRUSTED_CASES } from './untrusted.ts'

/** All cases by topic; the topic names the file of recorded logs. */
export const CASES: Readonly<Record<string, readonly VerifierCase[]>> = {
  registers: REGISTER_CASES,
  form: FORM_CASES,
  'control-flow': CONTROL_FLOW_CASES,
  arithmetic: ARITHMETIC_CASES,
  stack: STACK_CASES,
  packet: PACKET_CASES,
  context: CONTEXT_CASES,
  'packet-loads': PACKET_LOAD_CASES,
  maps: MAP_CASES,
  helpers: HELPER_CASES,
  calls: CALL_CASES,
  atomics: ATOMIC_CASES,
  sockets: SOCKET_CASES,
  callbacks: CALLBACK_CASES,
  untrusted: UNTRUSTED_CASES,
  'may-goto': MAY_GOTO_CASES,
  'global-functions': GLOBAL_FUNCTION_CASES,
  locks: LOCK_CASES,
  timers: TIMER_CASES,
  'kernel-pointers': FIELD_CASES,
  dynptrs: DYNPTR_CASES,
}
