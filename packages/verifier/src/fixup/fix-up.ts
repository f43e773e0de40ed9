/** From the program as verified to the program as run ("xlated"). */
import type { LineInfo } from '@bpfoundry/btf'
import {
  BPF_CALL,
  BPF_EXIT,
  BPF_JMP,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_TAIL_CALL,
  type Insn,
} from '@bpfoundry/isa'
import { PTR_TO_CTX } from '../state/register-type.ts'
import { isMapValueLoad } from '../transfer/immediate-load.ts'
import type { FixedUp, FixUpPlacement, MapCall, MapUse, Verified, VerifiedSubprogram } from '../verifier-api.ts'
import { convertContextAccess } from './context-conversion.ts'
import { hardWireBranches, slotsKept } from './dead-code.ts'
import { convertPacketLoad, isPacketLoad } from './packet-load-conversion.ts'
import { relayout } from './relayout.ts'

const TAIL_CALL_HELPER = 12

const TAIL_CALL_INSN: Insn = { opcode: BPF_JMP | BPF_TAIL_CALL, dst: 0, src: 0, off: 0, imm: 0 }

function isTailCall(insn: Insn): boolean {
  return insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0 && insn.imm === TAIL_CALL_HELPER
}

/** The fd that an LD_IMM64 names, directly or by its index. */
function mapFd(verified: Verified, insn: Insn): number {
  const byIndex = insn.src === BPF_PSEUDO_MAP_IDX || insn.src === BPF_PSEUDO_MAP_IDX_VALUE
  return byIndex ? (verified.program.fdArray?.[insn.imm] as number) : insn.imm
}

/** LD_IMM64 of a guest address: the two slots, of which the second is dealt with at its own place. */
function addressHalves(address: number): readonly [low: number, high: number] {
  return [address | 0, Math.floor(address / 0x1_0000_0000) | 0]
}

/** What slot `pc` becomes. */
function replacement(
  verified: Verified,
  placement: FixUpPlacement,
  insns: readonly Insn[],
  pc: number,
): readonly Insn[] {
  const insn = insns[pc] as Insn
  const before = insns[pc - 1]
  if (verified.notes.maps[pc] !== undefined) {
    return [{ ...insn, src: 0, imm: addressHalves(addressOf(verified, placement, insns, pc))[0] }]
  }
  if (before !== undefined && verified.notes.maps[pc - 1] !== undefined) {
    return [{ ...insn, imm: addressHalves(addressOf(verified, placement, insns, pc - 1))[1] }]
  }
  if (isTailCall(insn)) return [TAIL_CALL_INSN]
  // Engines take no offset here, though the verifier does.
  if (insn.opcode === (BPF_JMP | BPF_EXIT)) return [{ ...insn, off: 0 }]
  if (isPacketLoad(insn)) return convertPacketLoad(insn)
  if (verified.notes.pointerTypes[pc] !== PTR_TO_CTX) return [insn]
  return convertContextAccess(verified.program.type, insn) ?? [insn]
}

/** The guest address that the LD_IMM64 at `pc` loads. */
function addressOf(verified: Verified, placement: FixUpPlacement, insns: readonly Insn[], pc: number): number {
  const insn = insns[pc] as Insn
  const fd = mapFd(verified, insn)
  if (!isMapValueLoad(insn)) return placement.mapAddress(fd)
  return placement.mapValueAddress(fd) + ((insns[pc + 1] as Insn).imm >>> 0)
}

function mapUses(verified: Verified, kept: Uint8Array, starts: Int32Array): MapUse[] {
  const { insns } = verified.program
  return verified.notes.maps.flatMap((map, pc) => {
    if (map === undefined || kept[pc] === 0) return []
    const insn = insns[pc] as Insn
    const use = { pc: starts[pc] as number, mapFd: mapFd(verified, insn), mapId: map.id }
    return [isMapValueLoad(insn) ? { ...use, valueOffsetBytes: (insns[pc + 1] as Insn).imm >>> 0 } : use]
  })
}

function mapCalls(verified: Verified, kept: Uint8Array, starts: Int32Array): MapCall[] {
  return Array.from(verified.notes.callMaps, (mapId, pc) => ({ pc, mapId })).flatMap(({ pc, mapId }) =>
    mapId > 0 && kept[pc] !== 0 ? [{ pc: starts[pc] as number, mapId }] : [],
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
 * Rewrites a verified program for the engines: what no path reached is gone and branches with one way are decided, context
 * loads go to the context in memory, map references are guest addresses, tail calls an instruction of their own. Helper
 * calls keep their number, BPF-to-BPF calls their relative target. Division and modulo stay as they are: the engines
 * define x / 0 = 0 and x % 0 = x, as RFC 9669 does.
 *
 * @throws VerifierError VERIFIER_JUMP_RANGE when a jump does not reach any more
 */
export function fixUp(verified: Verified, placement: FixUpPlacement): FixedUp {
  const { seen } = verified.notes
  const insns = hardWireBranches(verified.program.insns, seen)
  const kept = slotsKept(insns, seen)
  const replacements = insns.map((_, pc) => (kept[pc] === 0 ? [] : replacement(verified, placement, insns, pc)))
  const { insns: fixed, starts } = relayout(replacements)
  return {
    insns: fixed,
    subprograms: movedSubprograms(verified, starts),
    mapReferences: mapUses(verified, kept, starts),
    mapCalls: mapCalls(verified, kept, starts),
    lineInfo: movedLines(verified.program.lineInfo ?? [], starts, fixed.length),
  }
}
