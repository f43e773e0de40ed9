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
  JMP_JA:        (_, o) => o.target,
  JMP32_JA:      (_, o) => o.target,
  MAY_GOTO:      (_, o) => (o.m.mayGoOn() ? o.next : o.target),
  CALL_HELPER:   (_, o) => { o.m.help(o.k); return o.next },
  // What the register of a callx holds is a helper's number, as in bpf_conformance; Linux has no callx.
  CALLX:         (r, o) => { o.m.help(r[o.d] >>> 0); return o.next },
  CALL_SUBPROG:  (r, o) => o.m.enter(r, o),
  TAIL_CALL:     (r, o) => o.m.tailCall(r, o.next),
  EXIT:          (r, o) => o.m.leave(r),
  LD_IMM64:      (r, o) => { set64(r, o.d, o.dh, o.k, o.kh); return o.next },
  // The address of a function is its slot, in every engine.
  LD_IMM64_FUNC: (r, o) => { setUnsigned(r, o.d, o.dh, o.target.pc); return o.next },
  // A barrier against speculation has no effect that can be seen.
  NOSPEC:        (_, o) => o.next,
}
