/**
 * Callbacks: functions of the program that a helper calls, nobody knows how often.
 *
 * One way to go on is that the helper returns; the other is that it calls the callback once more, which at its end comes
 * back to the call, with what it changed in its caller's frame. That the second way comes to an end is found at the call: a
 * state is kept there at each visit, and scalars that nothing rests on are widened.
 *
 * @see push_callback_call in kernel/bpf/verifier.c
 */
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { toUnsignedNumber } from '../domain/word64.ts'
import { markPrecise } from '../exploration/precision.ts'
import {
  FIND_VMA,
  FOR_EACH_MAP_ELEM,
  LOOP,
  TIMER_SET_CALLBACK,
  USER_RINGBUF_DRAIN,
} from '../program/callback-helpers.ts'
import { unsupported } from '../report/refusal.ts'
import { FrameState } from '../state/frame-state.ts'
import { isNull, pointerTo, UNINITIALISED, UNKNOWN_SCALAR } from '../state/register-state.ts'
import { CONST_PTR_TO_DYNPTR, PTR_TO_BTF_ID, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE } from '../state/register-type.ts'
import type { Subprogram, Verification } from '../verification.ts'
import { setElementCallback } from './async-callbacks.ts'
import { MAX_CALL_FRAMES } from './call-depth.ts'
import type { CallNotes } from './call-notes.ts'

/** Sets the arguments that the helper gives the callback. */
type Arrange = (caller: FrameState, callee: FrameState) => void

/** Queues the callback's next round. */
export function pushCallback(v: Verification, subprogram: number, arrange: Arrange): void {
  const depth = v.state.frames.length
  if (depth >= MAX_CALL_FRAMES) {
    v.refuse('VERIFIER_CALL_DEPTH', 'E2BIG', `the call stack of ${depth + 1} frames is too deep`)
  }
  const branch = v.pushBranch((v.subprograms[subprogram] as Subprogram).start)
  const caller = branch.frame
  const callee = new FrameState(depth, subprogram, v.pc, true)
  arrange(caller, callee)
  branch.frames.push(callee)
  branch.callbackUnrollDepth++
  caller.callbackDepth++
  v.frame.callbackDepth = 0
  v.scratchAll()
}

/** In `notes.inlineLoops`: the call may have other flags, or another callback, on another path. */
const NOT_INLINE = -1

/** A call whose flags are 0 and whose callback is always the same can become a loop of instructions. */
function noteInlineLoop(v: Verification, subprogram: number): void {
  const { inlineLoops } = v.notes
  const known = inlineLoops[v.pc] as number
  if (known === NOT_INLINE) return
  const hasNoFlags = isNull(v.register(4))
  if (hasNoFlags) markPrecise(v, 4)
  const isSame = known === 0 || known === subprogram
  inlineLoops[v.pc] = hasNoFlags && isSame ? subprogram : NOT_INLINE
}

/** `callback(u32 index, void *context)`, at most as often as r1 says. */
function loop(v: Verification, subprogram: number): void {
  noteInlineLoop(v, subprogram)
  markPrecise(v, 1)
  if (v.frame.callbackDepth < toUnsignedNumber(v.register(1).scalar.umax)) {
    pushCallback(v, subprogram, (caller, callee) => {
      callee.registers[1] = UNKNOWN_SCALAR
      v.passRegister(caller, 3, callee, 2)
    })
    return
  }
  v.frame.callbackDepth = 0
  if (!v.log.tracesEverything) return
  v.log.print(`frame${v.frame.frameNumber} bpf_loop iteration limit reached\n`)
}

/** Maps whose elements can be gone through. */
const ITERABLE: ReadonlySet<number> = new Set([
  MAP_TYPE.ARRAY,
  MAP_TYPE.PERCPU_ARRAY,
  MAP_TYPE.HASH,
  MAP_TYPE.LRU_HASH,
  MAP_TYPE.PERCPU_HASH,
  MAP_TYPE.LRU_PERCPU_HASH,
])

/** `callback(struct bpf_map *map, void *key, void *value, void *context)` */
function forEachElement(v: Verification, subprogram: number, { map }: CallNotes): void {
  if (map === undefined || !ITERABLE.has(map.type)) {
    v.refuse('VERIFIER_MAP_TYPE', 'ENOTSUPP', 'callback function not allowed for map')
  }
  pushCallback(v, subprogram, (caller, callee) => {
    v.passRegister(caller, 1, callee)
    callee.registers[2] = pointerTo(PTR_TO_MAP_KEY, { map })
    callee.registers[3] = pointerTo(PTR_TO_MAP_VALUE, { map })
    v.passRegister(caller, 3, callee, 4)
    callee.registers[5] = UNINITIALISED
  })
}

/** `callback(const struct bpf_dynptr *sample, void *context)` */
function drain(v: Verification, subprogram: number): void {
  pushCallback(v, subprogram, (caller, callee) => {
    callee.registers[1] = pointerTo(CONST_PTR_TO_DYNPTR, { id: v.newId() })
    v.passRegister(caller, 3, callee, 2)
  })
}

/** `callback(struct task_struct *task, struct vm_area_struct *vma, void *context)` */
function findArea(v: Verification, subprogram: number): void {
  const struct = v.kernel?.named('vm_area_struct')
  if (struct === undefined) throw v.noted(unsupported('a kernel without struct vm_area_struct is'))
  pushCallback(v, subprogram, (caller, callee) => {
    v.passRegister(caller, 1, callee)
    callee.registers[2] = pointerTo(PTR_TO_BTF_ID, { struct })
    v.passRegister(caller, 4, callee, 3)
  })
}

type Start = (v: Verification, subprogram: number, notes: CallNotes) => void

const STARTS: ReadonlyMap<number, Start> = new Map<number, Start>([
  [FOR_EACH_MAP_ELEM, forEachElement],
  [FIND_VMA, findArea],
  [LOOP, loop],
  [TIMER_SET_CALLBACK, (v, subprogram, { map }) => setElementCallback(v, subprogram, map, false)],
  [USER_RINGBUF_DRAIN, drain],
])

/** The callback of a helper that runs one; for other helpers nothing. */
export function startCallback(v: Verification, helperId: number, notes: CallNotes): void {
  if (notes.callback === undefined) return
  const start = STARTS.get(helperId)
  if (start === undefined) throw v.noted(unsupported(`the callback of helper ${helperId} is`))
  ;(v.subprograms[notes.callback] as Subprogram).isCallback = true
  start(v, notes.callback, notes)
}
