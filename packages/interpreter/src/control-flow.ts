/**
 * Everything that moves the flow other than conditional jumps, and immediate loads of 64 bits.
 *
 * @see RFC 9669, sections 4.3 and 5.4
 */
import type { InstructionName } from '@bpfoundry/isa'
import { set64, setUnsigned } from './int64.ts'
import type { HandlersOf } from './operation.ts'

type Goto = 'JMP_JA' | 'JMP32_JA' | 'MAY_GOTO'
type Call = 'CALL_HELPER' | 'CALL_SUBPROG' | 'CALLX' | 'TAIL_CALL' | 'EXIT'
type Immediate = Extract<InstructionName, 'LD_IMM64' | 'LD_IMM64_FUNC'>

// biome-ignore format: table
export const CONTROL_FLOW: HandlersOf<Goto | Call | Immediate | 'NOSPEC'> = {
  JMP_JA:        ({ target }) => () => target,
  JMP32_JA:      ({ target }) => () => target,
  MAY_GOTO:      ({ m, next, target }) => () => (m.mayGoOn() ? next : target),
  CALL_HELPER:   ({ m, k, next }) => { const helper = m.environment.helpers[k]; return () => { m.help(helper, k); return next } },
  // What the register of a callx holds is a helper's number, as in bpf_conformance; Linux has no callx.
  CALLX:         ({ m, d, next }) => (r) => { const id = r[d] >>> 0; m.help(m.environment.helpers[id], id); return next },
  CALL_SUBPROG:  ({ m, next, target }) => (r) => m.enter(r, next, target),
  TAIL_CALL:     ({ m, next }) => (r) => m.tailCall(r, next),
  EXIT:          ({ m }) => (r) => m.leave(r),
  LD_IMM64:      ({ d, dh, k, kh, next }) => (r) => { set64(r, d, dh, k, kh); return next },
  // The address of a function is its slot, in every engine.
  LD_IMM64_FUNC: ({ d, dh, target, next }) => (r) => { setUnsigned(r, d, dh, target); return next },
  // A barrier against speculation has no effect that can be seen.
  NOSPEC:        ({ next }) => () => next,
}
