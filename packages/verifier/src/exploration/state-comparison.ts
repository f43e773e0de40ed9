/**
 * When does an old state cover a new one at the same slot?
 *
 * If every concrete machine that the new state stands for is also one that the old state stands for, up to the names of
 * ids, then what was found safe for the old one is safe for the new one. So each live register and each touched stack slot
 * of the new state must lie in the old one's. Ids say which registers move together; the new state must have at least the
 * links that the old one had, under one renaming for the whole state.
 */
import { contains, sameScalar } from '../domain/scalar.ts'
import { type FrameState, REGISTER_COUNT } from '../state/frame-state.ts'
import type { PathState } from '../state/path-state.ts'
import { type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  baseType,
  NOT_INIT,
  PTR_TO_ARENA,
  PTR_TO_BUF,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_TP_BUFFER,
  SCALAR,
} from '../state/register-type.ts'
import { sameSections } from '../state/sections.ts'
import {
  BYTE_INVALID,
  BYTE_MISC,
  BYTE_SPILL,
  BYTE_ZERO,
  byteKind,
  SLOT_BYTES,
  type StackSlot,
  uniformBytes,
} from '../state/stack-slot.ts'

const NONE: number[] = []

/** One-to-one renaming of the old state's ids to the new state's. */
export class IdRenaming {
  /** Pairs, made with the first one: most comparisons end before it. */
  #old: number[] | undefined = undefined
  #new: number[] = NONE
  #lastTemporary: number

  constructor(lastId: number) {
    this.#lastTemporary = lastId
  }

  /** Both have an id, and this pair fits the pairs seen so far; or neither has one. */
  agree(oldId: number, newId: number): boolean {
    if ((oldId !== 0) !== (newId !== 0)) return false
    if (oldId === 0) return true
    if (this.#old === undefined) {
      this.#old = [oldId]
      this.#new = [newId]
      return true
    }
    for (let index = 0; index < this.#old.length; index++) {
      if (this.#old[index] === oldId) return this.#new[index] === newId
      if (this.#new[index] === newId) return false
    }
    this.#old.push(oldId)
    this.#new.push(newId)
    return true
  }

  /** For scalars: a new one without links is as good as one linked with nothing else. */
  agreeScalar(oldId: number, newId: number): boolean {
    return oldId === 0 || this.agree(oldId, newId === 0 ? ++this.#lastTemporary : newId)
  }
}

/** What a comparison may ignore. */
export interface ComparisonScope {
  /** Registers of frame `index` that may still be read. */
  live(state: PathState, index: number): number
  /** Scalars without a mark may differ. */
  readonly ignoresImprecise: boolean
  /** What the old state does not know yet may matter to it after all: it is still being explored. */
  readonly isExact: boolean
  /** Stack may be read before it is written: what was never written is as good as any number. */
  readonly mayReadUnwritten: boolean
  /** Numbers that differ may need other masks: only the same ones are covered. */
  readonly comparesLimits: boolean
  readonly lastId: number
}

export function sameRegister(old: RegisterState, now: RegisterState, ids: IdRenaming): boolean {
  return (
    old.type === now.type &&
    old.offset === now.offset &&
    old.map === now.map &&
    old.packetRange === now.packetRange &&
    old.memoryBytes === now.memoryBytes &&
    old.frameNumber === now.frameNumber &&
    old.subprogram === now.subprogram &&
    old.struct === now.struct &&
    ids.agree(old.dynptrId, now.dynptrId) &&
    old.hasDelta === now.hasDelta &&
    sameScalar(old.scalar, now.scalar) &&
    ids.agree(old.id, now.id) &&
    ids.agree(old.referenceId, now.referenceId)
  )
}

function coversScalar(old: RegisterState, now: RegisterState, ids: IdRenaming): boolean {
  if (old.id !== 0) {
    if (old.hasDelta !== now.hasDelta) return false
    if (old.hasDelta && old.offset !== now.offset) return false
    if (!ids.agreeScalar(old.id, now.id)) return false
  }
  return contains(old.scalar, now.scalar)
}

function coversRegion(old: RegisterState, now: RegisterState, ids: IdRenaming): boolean {
  return (
    old.offset === now.offset &&
    old.map === now.map &&
    old.memoryBytes === now.memoryBytes &&
    ids.agree(old.dynptrId, now.dynptrId) &&
    contains(old.scalar, now.scalar) &&
    ids.agree(old.id, now.id) &&
    ids.agree(old.referenceId, now.referenceId)
  )
}

/** At least as many bytes must be known to be there; past the end is a fact of its own. */
function coversPacket(old: RegisterState, now: RegisterState, ids: IdRenaming): boolean {
  const [before, after] = [old.packetRange, now.packetRange]
  if (before < 0 || after < 0 ? before !== after : before > after) return false
  return old.offset === now.offset && ids.agree(old.id, now.id) && contains(old.scalar, now.scalar)
}

type Cover = (old: RegisterState, now: RegisterState, ids: IdRenaming) => boolean

// biome-ignore format: table
const COVERS: ReadonlyMap<number, Cover> = new Map([
  [PTR_TO_MAP_KEY,     coversRegion],
  [PTR_TO_MAP_VALUE,   coversRegion],
  [PTR_TO_MEM,         coversRegion],
  [PTR_TO_BUF,         coversRegion],
  [PTR_TO_TP_BUFFER,   coversRegion],
  [PTR_TO_ARENA,       () => true],
  [PTR_TO_PACKET,      coversPacket],
  [PTR_TO_PACKET_META, coversPacket],
])

function covers(
  old: RegisterState,
  now: RegisterState,
  ids: IdRenaming,
  ignoresValue: boolean,
  scope: ComparisonScope,
): boolean {
  if (old.type === NOT_INIT) return !scope.isExact || now.type === NOT_INIT
  if (old.type !== now.type) return false
  if (old.type === SCALAR && scope.comparesLimits) {
    return sameScalar(old.scalar, now.scalar) && ids.agreeScalar(old.id, now.id)
  }
  if (old.type === SCALAR) return ignoresValue || coversScalar(old, now, ids)
  return (COVERS.get(baseType(old.type)) ?? sameRegister)(old, now, ids)
}

const ALL_SPILL = uniformBytes(BYTE_SPILL)

/** The slot read as a scalar of 64 bits: a spilled one, or an unknown one where all bytes are just some number. */
function asScalar(slot: StackSlot, { mayReadUnwritten }: ComparisonScope): RegisterState | undefined {
  if (slot.bytes === ALL_SPILL && slot.spilled?.type === SCALAR) return slot.spilled
  for (let index = 0; index < SLOT_BYTES; index++) {
    const kind = byteKind(slot, index)
    if (kind !== BYTE_MISC && !(kind === BYTE_INVALID && mayReadUnwritten)) return undefined
  }
  return UNKNOWN_SCALAR
}

/** Bytes and registers, nothing that the kernel keeps there for itself. */
function isPlain(slot: StackSlot): boolean {
  for (let index = 0; index < SLOT_BYTES; index++) if (byteKind(slot, index) > BYTE_ZERO) return false
  return true
}

/** Neither is a dynptr, or both are the same half of one of a kind. */
function sameDynptr({ dynptr: old }: StackSlot, { dynptr: now }: StackSlot, ids: IdRenaming): boolean {
  if (old === undefined || now === undefined) return old === now
  const { kind, isFirst, id, referenceId } = old
  if (kind !== now.kind || isFirst !== now.isFirst) return false
  return ids.agree(id, now.id) && ids.agree(referenceId, now.referenceId)
}

/** Neither is an iterator, or both are the same part of one of a kind in the same state; how often it went round is no matter. */
function sameIterator({ iterator: old }: StackSlot, { iterator: now }: StackSlot, ids: IdRenaming): boolean {
  if (old === undefined || now === undefined) return old === now
  const isAlike = old.struct === now.struct && old.isDrained === now.isDrained && old.protection === now.protection
  return isAlike && ids.agree(old.referenceId, now.referenceId)
}

/** Some iterator that still gives something has gone round: that is no state that comes back. */
export function hasIterated(old: PathState, now: PathState): boolean {
  return old.frames.some((frame, number) =>
    frame.stack.some(({ iterator }, index) => {
      if (iterator === undefined || iterator.isDrained) return false
      return now.frames[number]?.slot(index).iterator?.depth !== iterator.depth
    }),
  )
}

function coversSlot(
  old: StackSlot,
  now: StackSlot,
  ids: IdRenaming,
  ignoresValue: boolean,
  scope: ComparisonScope,
): boolean {
  if (!sameDynptr(old, now, ids) || !sameIterator(old, now, ids)) return false
  if (old === now && old.spilled === undefined) return true
  if (scope.isExact && old.bytes !== now.bytes) return false
  const [oldScalar, nowScalar] = [asScalar(old, scope), asScalar(now, scope)]
  if (oldScalar !== undefined && nowScalar !== undefined) return covers(oldScalar, nowScalar, ids, ignoresValue, scope)
  for (let index = 0; index < SLOT_BYTES; index++) {
    const [before, after] = [byteKind(old, index), byteKind(now, index)]
    // Privileged programs may read bytes that were never written: nothing was known of them.
    if (before === BYTE_INVALID || before === after) continue
    if (before === BYTE_MISC && (scope.mayReadUnwritten || after === BYTE_ZERO)) continue
    return false
  }
  if (old.spilled === undefined || byteKind(old, 0) !== BYTE_SPILL) return true
  return now.spilled !== undefined && covers(old.spilled, now.spilled, ids, ignoresValue, scope)
}

function coversFrame(old: FrameState, now: FrameState, live: number, ids: IdRenaming, scope: ComparisonScope): boolean {
  if (old.callSite !== now.callSite || old.subprogram !== now.subprogram) return false
  if (old.callbackDepth > now.callbackDepth) return false
  for (let number = 0; number < REGISTER_COUNT - 1; number++) {
    if ((live & (1 << number)) === 0) continue
    const ignoresValue = scope.ignoresImprecise && !old.isPreciseRegister(number)
    if (!covers(old.register(number), now.register(number), ids, ignoresValue, scope)) return false
  }
  for (let index = 0; index < old.stack.length; index++) {
    if (!scope.isExact && !old.readSlots.has(index) && isPlain(old.slot(index))) continue
    const ignoresValue = scope.ignoresImprecise && !old.isPreciseSlot(index)
    if (!coversSlot(old.slot(index), now.slot(index), ids, ignoresValue, scope)) return false
  }
  return true
}

/** The same lock is held, or none. */
function sameLock({ lock: old }: PathState, { lock: now }: PathState, ids: IdRenaming): boolean {
  return old?.owner === now?.owner && ids.agree(old?.id ?? 0, now?.id ?? 0)
}

/** What is safe from `old` on is safe from `now` on. */
export function coversState(old: PathState, now: PathState, scope: ComparisonScope): boolean {
  if (old.isSpeculative && !now.isSpeculative) return false
  if (old.frames.length !== now.frames.length || old.references.length !== now.references.length) return false
  const ids = new IdRenaming(scope.lastId)
  if (!sameLock(old, now, ids) || !sameSections(old.sections, now.sections)) return false
  for (let index = 0; index < old.frames.length; index++) {
    const before = old.frames[index] as FrameState
    const after = now.frames[index] as FrameState
    if (!coversFrame(before, after, scope.live(now, index), ids, scope)) return false
  }
  return old.references.every((reference, index) => ids.agree(reference.id, now.references[index]?.id ?? 0))
}

/** The two states are the same: a path that comes back to it will run for ever. */
export function isSameState(old: PathState, now: PathState, lastId: number): boolean {
  if (old.frames.length !== now.frames.length || old.references.length !== now.references.length) return false
  const ids = new IdRenaming(lastId)
  if (!sameLock(old, now, ids) || !sameSections(old.sections, now.sections)) return false
  return old.frames.every((before, index) => {
    const after = now.frames[index] as FrameState
    if (before.callSite !== after.callSite || before.stack.length > after.stack.length) return false
    for (let number = 0; number < REGISTER_COUNT; number++) {
      if (!sameRegister(before.register(number), after.register(number), ids)) return false
    }
    return before.stack.every((slot, place) => {
      const other = after.slot(place)
      if (slot.bytes !== other.bytes || !sameDynptr(slot, other, ids) || !sameIterator(slot, other, ids)) return false
      if (slot.spilled === undefined || other.spilled === undefined) return slot.spilled === other.spilled
      return sameRegister(slot.spilled, other.spilled, ids)
    })
  })
}
