/** From the program as verified to the program as run ("xlated"). */
import type { LineInfo } from '@bpfoundry/btf'
import {
  BPF_CALL,
  BPF_EXIT,
  BPF_JMP,
  BPF_MOV32_IMM,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  type Insn,
} from '@bpfoundry/isa'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { countsByHalves } from '../memory/arena.ts'
import { isMayGoto, isSubprogramCall } from '../program/control-flow.ts'
import { THROW } from '../program/exceptions.ts'
import { baseType, MEM_ALLOC, PTR_TO_ARENA, PTR_TO_BTF_ID, PTR_TO_CTX } from '../state/register-type.ts'
import { isMapValueLoad } from '../transfer/immediate-load.ts'
import type {
  ArenaPlacement,
  FixedUp,
  FixUpPlacement,
  FrameExtras,
  MapCall,
  MapUse,
  Verified,
  VerifiedSubprogram,
  VerifierMap,
} from '../verifier-api.ts'
import { convertInArena, inLowerHalves } from './arena-access.ts'
import { convertContextAccess } from './context-conversion.ts'
import { hardWireBranches, slotsKept } from './dead-code.ts'
import { guardDivision } from './division-guards.ts'
import { type Exceptions, exceptionsOf } from './exception-unwinding.ts'
import { convertKernelCall } from './kernel-calls.ts'
import { inlineLoop } from './loop-inlining.ts'
import { expandMayGoto, fillBudget } from './may-goto-expansion.ts'
import { convertPacketLoad, isPacketLoad } from './packet-load-conversion.ts'
import { among, type Layout, type Part, relayout, unchanged } from './relayout.ts'
import { convertTailCall, isTailCall } from './tail-call-guard.ts'

/** The fd that an LD_IMM64 names, directly or by its index. */
function mapFd(verified: Verified, insn: Insn): number {
  const byIndex = insn.src === BPF_PSEUDO_MAP_IDX || insn.src === BPF_PSEUDO_MAP_IDX_VALUE
  return byIndex ? (verified.program.fdArray?.[insn.imm] as number) : insn.imm
}

/** LD_IMM64 of a guest address: the two slots, of which the second is dealt with at its own place. */
function addressHalves(address: number): readonly [low: number, high: number] {
  return [address | 0, Math.floor(address / 0x1_0000_0000) | 0]
}

/** One program under way. */
interface FixUp {
  readonly verified: Verified
  readonly placement: FixUpPlacement
  /** The program with its branches decided. */
  readonly insns: readonly Insn[]
  /** It looks into structures of the kernel. */
  readonly readsKernel: boolean
  /** Undefined for a program that throws none. */
  readonly exceptions: Exceptions | undefined
  readonly arena: Arena | undefined
}

/** The arena of a program, and where it lies. */
interface Arena {
  readonly map: VerifierMap
  readonly placement: ArenaPlacement
}

function arenaOf({ program, notes }: Verified, placement: FixUpPlacement): Arena | undefined {
  const map = notes.maps.find((one) => one?.type === MAP_TYPE.ARENA)
  const [fd] = [...program.maps].find(([, one]) => one === map) ?? []
  const place = map === undefined || fd === undefined ? undefined : placement.arena?.(fd)
  return map === undefined || place === undefined ? undefined : { map, placement: place }
}

/** What slot `pc` becomes. */
function replacement(fixUp: FixUp, pc: number): readonly Part[] {
  const { verified, insns } = fixUp
  const insn = insns[pc] as Insn
  const { mapLoads, maps, pointerTypes } = verified.notes
  if (maps[pc] !== undefined) return among([{ ...insn, src: 0, imm: addressHalves(addressOf(fixUp, pc))[0] }])
  if (pc > 0 && maps[pc - 1] !== undefined) {
    return among([{ ...insn, imm: addressHalves(addressOf(fixUp, pc - 1))[1] }])
  }
  // Engines take no offset here, though the verifier does.
  if (insn.opcode === (BPF_JMP | BPF_EXIT)) return among([{ ...insn, off: 0 }])
  if (isPacketLoad(insn)) return among(convertPacketLoad(insn))
  const attribute = mapLoads.get(pc)
  if (attribute !== undefined) return among([BPF_MOV32_IMM(insn.dst, attribute | 0)])
  const access = pointerTypes[pc] === PTR_TO_CTX ? convertContextAccess(verified.program.type, insn) : undefined
  if (access !== undefined) return among(access)
  return inArena(fixUp, insn, pc) ?? rewritten(fixUp, insn, pc) ?? throwing(fixUp, insn, pc) ?? [unchanged(insn, pc)]
}

/** What stands for a call that may come back by an exception. */
function throwing({ exceptions, verified }: FixUp, insn: Insn, pc: number): readonly Part[] | undefined {
  if (exceptions === undefined || !isSubprogramCall(insn)) return undefined
  const { notes, subprograms } = verified
  const [caller, callee] = [functionAt(subprograms, pc), functionAt(subprograms, pc + insn.imm + 1)]
  return [unchanged(insn, pc), ...exceptions.catchBehind(caller, callee, notes.seen[pc + 1] !== 0)]
}

/** What stands for an instruction that has to do with the program's arena. */
function inArena(fixUp: FixUp, insn: Insn, pc: number): readonly Part[] | undefined {
  const { arena, verified } = fixUp
  if (arena === undefined) return undefined
  const { arenaOperands, pointerTypes } = verified.notes
  if (countsByHalves(arenaOperands[pc])) {
    const narrow = inLowerHalves(insn)
    return rewritten(fixUp, narrow, pc) ?? among([narrow])
  }
  const converted = convertInArena(insn, pointerTypes[pc] === PTR_TO_ARENA, arena.placement, arena.map)
  return converted === undefined ? undefined : among(converted)
}

/** What stands for divisions, may_goto and calls of helpers. */
function rewritten(fixUp: FixUp, insn: Insn, pc: number): readonly Part[] | undefined {
  const { verified, placement, readsKernel, exceptions } = fixUp
  const { frameExtras, inlineLoops } = verified.notes
  if (isTailCall(insn)) return among(convertTailCall(guardedEntries(verified, pc)))
  if (frameExtras === undefined) return undefined
  const kernelCall = verified.notes.kernelCalls[pc]
  const { subprograms, program } = verified
  const extrasOf = (): FrameExtras => frameExtras[functionAt(subprograms, pc)] as FrameExtras
  if (kernelCall?.name === THROW && exceptions !== undefined) return exceptions.throwIn(functionAt(subprograms, pc))
  if (kernelCall !== undefined) {
    const extras = extrasOf()
    return convertKernelCall(kernelCall, { programType: program.type, placement, readsKernel, subprograms, extras })
  }
  const guarded = guardDivision(insn)
  if (guarded !== undefined) return among(guarded)
  const isCall = insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0
  if (!isCall && !isMayGoto(insn)) return undefined
  const { loopRegistersAt, mayGotoBudgetAt } = extrasOf()
  if (!isCall) return mayGotoBudgetAt === undefined ? undefined : expandMayGoto(insn, pc, mayGotoBudgetAt)
  const callback = subprograms[inlineLoops[pc] as number]
  const isLoop = (inlineLoops[pc] as number) > 0 && callback !== undefined
  if (isLoop && loopRegistersAt !== undefined) return inlineLoop(callback.start, loopRegistersAt)
  const inlined = placement.inlinedHelper?.(insn.imm)
  return inlined === undefined ? undefined : among(inlined)
}

/** The pointer led into a structure of the kernel. */
function isOfKernel(type: number): boolean {
  return baseType(type) === PTR_TO_BTF_ID && (type & MEM_ALLOC) === 0
}

function functionAt(subprograms: readonly VerifiedSubprogram[], pc: number): number {
  return subprograms.findIndex(({ start, end }) => pc >= start && pc < end)
}

/** Entries of the map of an untrusted program's tail call. */
function guardedEntries({ notes, program }: Verified, pc: number): number | undefined {
  if (!notes.isUntrusted) return undefined
  return [...program.maps.values()].find(({ id }) => id === notes.callMaps[pc])?.maxEntries
}

/** Where a function with may_goto begins, its budget is filled. */
function prologues({ subprograms, notes: { frameExtras } }: Verified): ReadonlyMap<number, readonly Insn[]> {
  const rows = subprograms.flatMap(({ start }, index): readonly (readonly [number, readonly Insn[]])[] => {
    const budgetAt = frameExtras?.[index]?.mayGotoBudgetAt
    return budgetAt === undefined ? [] : [[start, fillBudget(budgetAt)]]
  })
  return new Map(rows)
}

/** Without the spills and fills around calls that are inlined. */
function withoutSpills({ notes }: Verified, placement: FixUpPlacement): Uint8Array {
  const seen = Uint8Array.from(notes.seen)
  if (placement.inlinedHelper === undefined) return seen
  for (const pc of notes.removableSpills) seen[pc] = 0
  return seen
}

/** The guest address that the LD_IMM64 at `pc` loads. */
function addressOf({ verified, placement, insns }: FixUp, pc: number): number {
  const insn = insns[pc] as Insn
  const fd = mapFd(verified, insn)
  if (!isMapValueLoad(insn)) return placement.mapAddress(fd)
  return placement.mapValueAddress(fd) + ((insns[pc + 1] as Insn).imm >>> 0)
}

function mapUses(verified: Verified, kept: Uint8Array, { bodies }: Layout): MapUse[] {
  const { insns } = verified.program
  return verified.notes.maps.flatMap((map, pc) => {
    if (map === undefined || kept[pc] === 0) return []
    const insn = insns[pc] as Insn
    const use = { pc: bodies[pc] as number, mapFd: mapFd(verified, insn), mapId: map.id }
    return [isMapValueLoad(insn) ? { ...use, valueOffsetBytes: (insns[pc + 1] as Insn).imm >>> 0 } : use]
  })
}

/** A call stands last of what its slot became. */
function mapCalls(verified: Verified, kept: Uint8Array, { starts }: Layout): MapCall[] {
  return Array.from(verified.notes.callMaps, (mapId, pc) => ({ pc, mapId })).flatMap(({ pc, mapId }) =>
    mapId > 0 && kept[pc] !== 0 ? [{ pc: (starts[pc + 1] as number) - 1, mapId }] : [],
  )
}

function movedSubprograms(verified: Verified, starts: Int32Array): VerifiedSubprogram[] {
  return verified.subprograms
    .map((row) => ({ ...row, start: starts[row.start] as number, end: starts[row.end] as number }))
    .filter(({ start, end }) => end > start)
}

/** Entries of dropped slots move to the next slot that stays, unless that has its own. */
function movedLines(lines: readonly LineInfo[], starts: Int32Array, length: number): LineInfo[] {
  const byPc = new Map<number, LineInfo>()
  for (const line of lines) {
    const pc = starts[line.pc] ?? length
    if (pc < length) byPc.set(pc, { ...line, pc })
  }
  return [...byPc.values()].sort((a, b) => a.pc - b.pc)
}

/**
 * Rewrites a verified program for the engines, as Linux does: what no path reached is gone and branches with one way are
 * decided, context loads go to the context in memory, map references are guest addresses, tail calls an instruction of
 * their own, divisions are guarded, loops by bpf_loop and may_goto are loops, and calls whose instructions the placement
 * knows are inlined. Other helper calls keep their number, BPF-to-BPF calls their relative target. A program for a device
 * keeps its divisions, loops and calls: its driver makes of them what it will.
 *
 * @throws VerifierError VERIFIER_JUMP_RANGE when a jump does not reach any more
 */
export function fixUp(verified: Verified, placement: FixUpPlacement): FixedUp {
  const seen = withoutSpills(verified, placement)
  const insns = hardWireBranches(verified.program.insns, verified.notes.seen)
  const kept = slotsKept(insns, seen)
  const readsKernel = verified.notes.pointerTypes.some(isOfKernel)
  const forDevice = verified.notes.frameExtras === undefined
  const exceptions = forDevice ? undefined : exceptionsOf(verified, placement.exceptions)
  const fix = { verified, placement, insns, readsKernel, exceptions, arena: arenaOf(verified, placement) }
  const replacements = insns.map((_, pc) => (kept[pc] === 0 ? [] : replacement(fix, pc)))
  const layout = relayout(replacements, prologues(verified))
  return {
    insns: layout.insns,
    subprograms: movedSubprograms(verified, layout.starts),
    mapReferences: mapUses(verified, kept, layout),
    mapCalls: mapCalls(verified, kept, layout),
    lineInfo: movedLines(verified.program.lineInfo ?? [], layout.starts, layout.insns.length),
  }
}
