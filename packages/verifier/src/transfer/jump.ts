/** Conditional jumps: which ways are open, and what each teaches. */
import { BPF_JEQ, BPF_JMP32, BPF_JNE, BPF_X, type Insn } from '@bpfoundry/isa'
import { branchTakenByConstant, refineByConstant } from '../domain/constant-comparison.ts'
import type { KnownScalar } from '../domain/scalar.ts'
import { isConstantScalar } from '../domain/scalar.ts'
import {
  branchTaken,
  mirroredRelation,
  type Outcome,
  oppositeRelation,
  refine,
  refineFirst,
} from '../domain/scalar-comparison.ts'
import { isZero, toSignedNumber } from '../domain/word64.ts'
import { markPrecise } from '../exploration/precision.ts'
import { isTrustedPointer } from '../kernel-types/trust.ts'
import { MAX_VARIABLE_OFFSET } from '../memory/region-access.ts'
import { isUntrustedMemory } from '../memory/untrusted-memory.ts'
import { noteNonNull, resolveNull } from '../state/null-check.ts'
import { DST_POINTS_TO_STACK, type LinkedRegister, type PathState, SRC_POINTS_TO_STACK } from '../state/path-state.ts'
import { isPointer, type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  baseType,
  CONST_PTR_TO_MAP,
  isAnyPacketPointer,
  mayBeNull,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  SCALAR,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { collectLinked, synchroniseLinked } from './linked-scalars.ts'
import { learnFromPacketComparison, packetBranchTaken } from './packet-comparison.ts'

/**
 * Valid pointers of these types are never 0, unless they are moved so far that they might wrap. A packet pointer may be, for
 * what is known of it; so may one to a kernel's structure that is not trusted.
 */
// biome-ignore format: table
const NEVER_NULL: ReadonlySet<number> = new Set([
  PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK, PTR_TO_BUF, PTR_TO_MAP_VALUE, PTR_TO_MAP_KEY, PTR_TO_SOCK_COMMON,
  PTR_TO_MEM, CONST_PTR_TO_MAP,
])
/** What was known before. */
// biome-ignore format: table
const ALWAYS_KNOWN: ReadonlySet<number> = new Set([
  PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_MAP_VALUE, PTR_TO_MAP_KEY, PTR_TO_SOCK_COMMON,
])

function isNonNull({ profile }: Verification, register: RegisterState): boolean {
  const base = baseType(register.type)
  if (mayBeNull(register.type) || isUntrustedMemory(register.type)) return false
  if (!profile.knowsMorePointersNonNull) return ALWAYS_KNOWN.has(base)
  if (base === PTR_TO_BTF_ID ? !isTrustedPointer(register) : !NEVER_NULL.has(base)) return false
  const { smin, smax } = register.scalar
  return toSignedNumber(smin) > -MAX_VARIABLE_OFFSET && toSignedNumber(smax) < MAX_VARIABLE_OFFSET
}

/** A pointer compared with a number: only `== 0` and `!= 0` of a pointer that can't be NULL are decided. */
function pointerOutcome(
  v: Verification,
  relation: number,
  is32: boolean,
  dst: RegisterState,
  src: RegisterState,
): Outcome {
  if (is32) return 'unknown'
  const [pointer, number, seen] =
    src.type === SCALAR && isConstantScalar(src.scalar) ? [dst, src, relation] : [src, dst, mirroredRelation(relation)]
  const comparesZero = number.type === SCALAR && isConstantScalar(number.scalar) && isZero(number.scalar.tnum.value)
  if (!comparesZero || !isNonNull(v, pointer)) return 'unknown'
  return seen === BPF_JEQ ? 'never' : seen === BPF_JNE ? 'always' : 'unknown'
}

function outcome(v: Verification, insn: Insn, dst: RegisterState, src: RegisterState): Outcome {
  const relation = insn.opcode & 0xf0
  const is32 = isHalf(insn)
  if (isAnyPacketPointer(dst.type) && isAnyPacketPointer(src.type) && !is32) {
    return v.profile.knowsBeyondPacket ? packetBranchTaken(relation, dst, src) : 'unknown'
  }
  if (isPointer(dst) || isPointer(src)) return pointerOutcome(v, relation, is32, dst, src)
  return scalarOutcome(v, insn, dst.scalar, src.scalar)
}

/** Class JMP32: the lower halves are compared. */
function isHalf({ opcode }: Insn): boolean {
  return (opcode & 0x07) === BPF_JMP32
}

function scalarOutcome({ profile }: Verification, insn: Insn, dst: KnownScalar, src: KnownScalar): Outcome {
  const { decidedBy } = profile
  const relation = insn.opcode & 0xf0
  if (decidedBy === 'ranges') return branchTaken(relation, isHalf(insn), dst, src)
  const usesRegister = (insn.opcode & 0x08) === BPF_X
  if (usesRegister && (decidedBy === 'immediates' || decidedBy === 'equal immediates')) return 'unknown'
  const isEquality = relation === BPF_JEQ || relation === BPF_JNE
  if (decidedBy === 'equal immediates' && !isEquality) return 'unknown'
  return branchTakenByConstant(relation, isHalf(insn), dst, src, decidedBy === 'constants')
}

/** `if (dst R src) goto +off`. Leaves `v.pc` at the next slot of the path that goes on. */
export function transferJump(v: Verification, insn: Insn): void {
  const usesRegister = (insn.opcode & 0x08) === BPF_X
  const dst = v.read(insn.dst)
  const src = usesRegister ? v.read(insn.src) : v.immediate
  v.facts.record(v.pc, insn.dst, dst)
  if (usesRegister) v.facts.record(v.pc, insn.src, src)
  if (usesRegister && v.leaks(insn.src) && !(isAnyPacketPointer(dst.type) && isAnyPacketPointer(src.type))) {
    refuseComparison(v, insn.src)
  }
  noteStackOperands(v, dst, src)
  const relation = insn.opcode & 0xf0
  const is32 = isHalf(insn)
  const known = outcome(v, insn, dst, src)
  if (known === 'unknown') {
    branchOut(v, insn, relation, is32, dst, src)
    v.printChanges()
    v.pc += 1
    return
  }
  if (dst.type === SCALAR) markPrecise(v, insn.dst)
  if (usesRegister && src.type === SCALAR) markPrecise(v, insn.src)
  const target = v.pc + insn.off + 1
  if (!v.isTrusted) speculate(v, insn, known === 'always' ? v.pc + 1 : target)
  v.printChanges()
  if (known === 'always') {
    v.noteTransfer(target)
    v.pc = target
  } else {
    v.pc += 1
  }
}

function noteStackOperands(v: Verification, dst: RegisterState, src: RegisterState): void {
  const operands =
    (dst.type === PTR_TO_STACK ? DST_POINTS_TO_STACK : 0) | (src.type === PTR_TO_STACK ? SRC_POINTS_TO_STACK : 0)
  if (operands !== 0) v.noteStackOperands(operands)
}

function refuseComparison(v: Verification, number: number): never {
  return v.refuse('VERIFIER_LEAK', 'EACCES', `R${number} pointer comparison prohibited`)
}

/** The way that the program does not go, but a processor may: of what was compared nothing is known there. */
function speculate(v: Verification, insn: Insn, target: number): void {
  const { registers } = v.pushSpeculative(target).frame
  registers[insn.dst] = UNKNOWN_SCALAR
  if ((insn.opcode & 0x08) === BPF_X) registers[insn.src] = UNKNOWN_SCALAR
}

function branchOut(
  v: Verification,
  insn: Insn,
  relation: number,
  is32: boolean,
  dst: RegisterState,
  src: RegisterState,
): void {
  const usesRegister = (insn.opcode & 0x08) === BPF_X
  const linked: LinkedRegister[] = []
  const live = (frameNumber: number): number => (v.profile.linksDeadRegisters ? ALL : liveAt(v, frameNumber))
  if (usesRegister && src.type === SCALAR && src.id !== 0) collectLinked(v.state, src.id, linked, live)
  if (dst.type === SCALAR && dst.id !== 0) collectLinked(v.state, dst.id, linked, live)
  if (linked.length > 1) v.noteLinked(linked)
  const taken = v.pushBranch(v.pc + insn.off + 1)
  const next = v.state
  if (dst.type === SCALAR && src.type === SCALAR) {
    const narrow = narrowing(v, is32)
    const operand = usesRegister ? undefined : src
    learnScalar(next, insn, operand, oppositeRelation(relation), narrow, linked)
    learnScalar(taken, insn, operand, relation, narrow, linked)
  }
  if (!is32 && usesRegister && v.profile.learnsFromEqualPointers) {
    learnFromPointerEquality(v, insn, relation, dst, src, next, taken)
  }
  if (
    !is32 &&
    !usesRegister &&
    insn.imm === 0 &&
    mayBeNull(dst.type) &&
    (relation === BPF_JEQ || relation === BPF_JNE)
  ) {
    resolveNull(next, dst, relation === BPF_JNE)
    resolveNull(taken, dst, relation === BPF_JEQ)
  } else {
    const isPacket = usesRegister && !is32
    const learnt = isPacket && learnFromPacketComparison(relation, dst, insn.dst, src, insn.src, next, taken)
    if (!learnt && v.leaks(insn.dst)) refuseComparison(v, insn.dst)
  }
}

/** Every register. */
const ALL = -1

/** Registers that are live in a frame: at the current slot, or at the call that it waits for. */
function liveAt(v: Verification, frameNumber: number): number {
  const callee = v.state.frames[frameNumber + 1]
  return v.notes.liveRegisters[callee === undefined ? v.pc : callee.callSite] as number
}

/** What a comparison leaves of its operands, as the kernel judged for follows it. */
interface Narrowing {
  both(relation: number, a: KnownScalar, b: KnownScalar): readonly [KnownScalar, KnownScalar]
  /** Of the first one: the second is a constant of the program. */
  one(relation: number, a: KnownScalar, b: KnownScalar): KnownScalar
}

function byRanges(is32: boolean): Narrowing {
  return {
    both: (relation, a, b) => refine(relation, is32, a, b),
    one: (relation, a, b) => refineFirst(relation, is32, a, b),
  }
}

const [BY_WHOLE_RANGES, BY_HALF_RANGES] = [byRanges(false), byRanges(true)]

function narrowing({ profile }: Verification, is32: boolean): Narrowing {
  if (profile.comparesRanges) return is32 ? BY_HALF_RANGES : BY_WHOLE_RANGES
  const both: Narrowing['both'] = (relation, a, b) => refineByConstant(relation, is32, a, b, profile.tracksHalves)
  return { both, one: (relation, a, b) => both(relation, a, b)[0] }
}

/** Narrows the operands, and what is linked with them, in one state. `operand`: the constant, where it is no register. */
function learnScalar(
  state: PathState,
  insn: Insn,
  operand: RegisterState | undefined,
  relation: number,
  narrow: Narrowing,
  linked: readonly LinkedRegister[],
): void {
  const { frame } = state
  const dst = frame.register(insn.dst)
  if (operand !== undefined) {
    frame.registers[insn.dst] = dst.withScalar(narrow.one(relation, dst.scalar, operand.scalar))
  } else {
    const src = frame.register(insn.src)
    const [left, right] = narrow.both(relation, dst.scalar, src.scalar)
    const newSrc = src.withScalar(right)
    frame.registers[insn.src] = newSrc
    frame.registers[insn.dst] = dst.withScalar(left)
    if (newSrc.id !== 0 && insn.src !== insn.dst) synchroniseLinked(state, newSrc, linked)
  }
  const current = frame.register(insn.dst)
  if (current.id !== 0) synchroniseLinked(state, current, linked)
}

/** A pointer equal to one that is not NULL is not NULL. */
function learnFromPointerEquality(
  v: Verification,
  insn: Insn,
  relation: number,
  dst: RegisterState,
  src: RegisterState,
  next: PathState,
  taken: PathState,
): void {
  if (!isPointer(dst) || !isPointer(src)) return
  if (baseType(dst.type) === PTR_TO_BTF_ID || baseType(src.type) === PTR_TO_BTF_ID) return
  const equal = relation === BPF_JEQ ? taken : relation === BPF_JNE ? next : undefined
  if (equal === undefined) return
  if (isNonNull(v, dst) && mayBeNull(src.type)) noteNonNull(equal.frame, insn.src)
  if (isNonNull(v, src) && mayBeNull(dst.type)) noteNonNull(equal.frame, insn.dst)
}
