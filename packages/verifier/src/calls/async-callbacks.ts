/**
 * Callbacks that run some time after the helper returned, on a stack of their own: each is explored as a function by
 * itself, once for every call that hands it over.
 *
 * @see push_async_cb in kernel/bpf/verifier.c
 */
import { FrameState } from '../state/frame-state.ts'
import { PathState } from '../state/path-state.ts'
import { pointerTo } from '../state/register-state.ts'
import { CONST_PTR_TO_MAP, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE } from '../state/register-type.ts'
import { NO_SECTIONS } from '../state/sections.ts'
import type { Subprogram, Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'

function pushAsyncCallback(
  v: Verification,
  index: number,
  maySleep: boolean,
  arrange: (callee: FrameState) => void,
): void {
  const subprogram = v.subprograms[index] as Subprogram
  subprogram.isAsyncCallback = true
  const callee = new FrameState(0, index, -1)
  callee.asyncEntry = v.frame.asyncEntry + 1
  arrange(callee)
  const state = new PathState([callee], [], undefined, undefined, subprogram.start)
  state.sections = { ...NO_SECTIONS, maySleep }
  v.queueAsync(state)
  v.scratchAll()
}

/** `callback(struct bpf_map *map, void *key, void *value)`, of a timer or, where it may sleep, of a work queue. */
export function setElementCallback(
  v: Verification,
  subprogram: number,
  map: VerifierMap | undefined,
  maySleep: boolean,
): void {
  pushAsyncCallback(v, subprogram, maySleep, (callee) => {
    callee.registers[1] = pointerTo(CONST_PTR_TO_MAP, { map })
    callee.registers[2] = pointerTo(PTR_TO_MAP_KEY, { map })
    callee.registers[3] = pointerTo(PTR_TO_MAP_VALUE, { map })
  })
}
