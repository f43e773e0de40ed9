/**
 * Constant blinding: no number that a program's author chose stands in the code as it is, so that nobody can plant
 * machine code in immediates (JIT spraying). Each is made at run time of two random-looking ones, in AX, a register that
 * programs can't name:
 *
 * ```
 * r3 += 0x1234          ->   r11 = 0x1234 ^ random;  r11 ^= random;  r3 += r11
 * if r3 > 0x1234 goto   ->   r11 = 0x1234 ^ random;  r11 ^= random;  if r3 > r11 goto
 * *(u32 *)(r3 +4) = 7   ->   r11 = 7 ^ random;       r11 ^= random;  *(u32 *)(r3 +4) = r11
 * r3 = 0x1234           ->   r3 = 0x1234 ^ random;   r3 ^= random
 * r3 = 0x1234_5678_9 ll ->   r3 = ... ^ random64 ll; r11 = random64 ll; r3 ^= r11
 * ```
 *
 * In loops, constants are kept in registers that the subprogram has no use for (kept-constants.ts).
 *
 * What is blinded is what Linux blinds: ALU but shifts, conditional jumps, stores, all 64-bit immediates but addresses
 * of functions. Left as they are: 0, which says nothing; shift counts and byte-order widths, which the verifier bounds;
 * offsets of memory accesses and distances of jumps.
 *
 * @see bpf_jit_blind_constants in kernel/bpf/core.c (behaviour)
 */
import {
  BPF_ALU32_IMM,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_LD_IMM64_RAW_FULL,
  BPF_MEM,
  BPF_MOV,
  BPF_REG_AX,
  BPF_SIZE,
  BPF_STX,
  BPF_X,
  BPF_XOR,
  INSTRUCTIONS,
  type Insn,
  type InstructionName,
  type InstructionRow,
  insnSlots,
  lookupInsn,
} from '@bpfoundry/isa'
import { type CodeProgram, type CodeRange, subprogramsOf } from './code-program.ts'
import { type ControlFlowGraph, controlFlowGraphs } from './control-flow-graph.ts'
import { type KeptConstants, keptConstants } from './kept-constants.ts'
import { liveRegisters, readsOf, writesOf } from './liveness.ts'
import { linkProgram, ProgramWriter, type RewrittenProgram } from './rewritten-program.ts'
import { initialWeights, type Weights } from './weights.ts'

/** 32 random bits, unpredictable to who loads programs: of a cryptographic generator, other ones each load. */
export type RandomU32 = () => number

/**
 * The program with all constants blinded. Runs of it give the same results; its weights keep the count.
 *
 * @param program as loaded, or what an earlier rewrite made of it
 * @throws CodegenError as {@link controlFlowGraphs}
 */
export function blindConstants(program: CodeProgram, random: RandomU32): RewrittenProgram {
  const { insns } = program
  const subprograms = subprogramsOf(program)
  const weights = program.weights ?? initialWeights(insns, subprograms)
  const graphs = controlFlowGraphs({ insns, subprograms })
  const busy = slotsWithBusyAx(insns, graphs)
  const writer = new ProgramWriter(insns.length)
  for (const cfg of graphs) {
    const kept = keptConstants(insns, cfg, comesFromRegister)
    blindRange({ insns, weights, busy, writer, kept, random }, cfg.range)
  }
  return linkProgram(writer, subprograms)
}

/** What a range is blinded with. */
interface Blinding {
  readonly insns: readonly Insn[]
  readonly weights: Weights
  readonly busy: (pc: number) => boolean
  readonly writer: ProgramWriter
  readonly kept: KeptConstants
  readonly random: RandomU32
}

function blindRange(blinding: Blinding, { start, end }: CodeRange): void {
  const { insns, weights, busy, writer, kept } = blinding
  writer.begin(start)
  for (const [imm, register] of kept) makeConstant(blinding, register, imm, 64, 0)
  for (let pc = start; pc < end; pc += insnSlots(insns[pc] as Insn)) {
    const insn = insns[pc] as Insn
    const row = lookupInsn(insn)
    const blind = row === undefined || busy(pc) ? undefined : BLIND[row.name]
    // The subprogram begins with the constants that it keeps.
    if (pc !== start) writer.begin(pc)
    const weight = weights[pc] as number
    if (blind === undefined || isZero(insn, insns[pc + 1])) keepInsn(writer, insns, pc, weight)
    else blind({ ...blinding, insn, next: insns[pc + 1], pc, weight })
  }
}

/** Whether AX holds a value across the instruction, or is named by it: fix-ups may use it, too, and take care of that. */
function slotsWithBusyAx(insns: readonly Insn[], graphs: readonly ControlFlowGraph[]): (pc: number) => boolean {
  if (!insns.some(({ dst, src }) => dst === BPF_REG_AX || src === BPF_REG_AX)) return () => false
  const busy = new Uint8Array(insns.length)
  for (const cfg of graphs) {
    const live = liveRegisters(insns, cfg)
    for (let pc = cfg.range.start; pc < cfg.range.end; pc++) busy[pc] = (live[pc - cfg.range.start]! & AX) === 0 ? 0 : 1
  }
  const namesAx = (insn: Insn): boolean => ((readsOf(insn) | writesOf(insn)) & AX) !== 0
  return (pc) => busy[pc] === 1 || namesAx(insns[pc] as Insn)
}

const AX = 1 << BPF_REG_AX
const isZero = (insn: Insn, next: Insn | undefined): boolean =>
  insn.imm === 0 && (insnSlots(insn) === 1 || next?.imm === 0)

function keepInsn(writer: ProgramWriter, insns: readonly Insn[], pc: number, weight: number): void {
  writer.keep(insns[pc] as Insn, pc, weight)
  if (insnSlots(insns[pc] as Insn) === 1) return
  writer.begin(pc + 1)
  writer.second(insns[pc + 1] as Insn)
}

/** What a blinding rule works on. */
interface Place extends Blinding {
  readonly insn: Insn
  readonly next: Insn | undefined
  readonly pc: number
  readonly weight: number
}

type Blind = (place: Place) => void
/** What making a constant takes. */
type Maker = Pick<Blinding, 'writer' | 'random'>

/** `register` = imm in two steps, 32 bits or 64 bits sign-extended: the sign extension of an xor is the xor of both. */
function makeConstant({ writer, random }: Maker, register: number, imm: number, bits: 32 | 64, weight: number): void {
  const aluImm = bits === 32 ? BPF_ALU32_IMM : BPF_ALU64_IMM
  const key = random() | 0
  writer.make(aluImm(BPF_MOV, register, imm ^ key), weight)
  writer.make(aluImm(BPF_XOR, register, key), 0)
}

/** The register that holds the instruction's immediate: one that keeps it, or AX, made just now. */
function constantOf(place: Place, bits: 32 | 64): number {
  const register = place.kept.get(place.insn.imm)
  if (register === undefined) makeConstant(place, BPF_REG_AX, place.insn.imm, bits, 0)
  return register ?? BPF_REG_AX
}

/** `dst op= imm` and `if dst op imm`: the form with a register. `off` is kept: it says signed, or how far. */
const withRegister =
  (bits: 32 | 64): Blind =>
  (place) => {
    const { writer, insn, pc, weight } = place
    const src = constantOf(place, bits)
    writer.keep({ ...insn, opcode: insn.opcode | BPF_X, src, imm: 0 }, pc, weight)
  }

const move =
  (bits: 32 | 64): Blind =>
  (place) => {
    const { writer, insn, weight, kept } = place
    const src = kept.get(insn.imm)
    if (src === undefined) makeConstant(place, insn.dst, insn.imm, bits, weight)
    else writer.make({ ...insn, opcode: insn.opcode | BPF_X, src, imm: 0 }, weight)
  }

const store: Blind = (place) => {
  const { writer, insn, weight } = place
  const src = constantOf(place, 64)
  writer.make({ ...insn, opcode: BPF_SIZE(insn.opcode) | BPF_STX | BPF_MEM, src, imm: 0 }, weight)
}

/** Most 64-bit immediates are numbers of 32 bits, addresses of maps above all: those need one register and no third move. */
const immediate64: Blind = (place) => {
  const { writer, insn, next, weight, random, pc } = place
  const high = next?.imm ?? 0
  writer.begin(pc + 1)
  if (high === 0) return makeConstant(place, insn.dst, insn.imm, 32, weight)
  if (high === insn.imm >> 31) return makeConstant(place, insn.dst, insn.imm, 64, weight)
  const [lowKey, highKey] = [random() | 0, random() | 0]
  const [first, second] = BPF_LD_IMM64_RAW_FULL(insn.dst, 0, 0, 0, insn.imm ^ lowKey, high ^ highKey)
  const [firstKey, secondKey] = BPF_LD_IMM64_RAW_FULL(BPF_REG_AX, 0, 0, 0, lowKey, highKey)
  writer.make(first, weight)
  writer.second(second)
  writer.make(firstKey, 0)
  writer.second(secondKey)
  writer.make(BPF_ALU64_REG(BPF_XOR, insn.dst, BPF_REG_AX), 0)
}

const SHIFTS: readonly string[] = ['lsh', 'rsh', 'arsh']

/** The rule for a row, undefined where nothing is to be blinded. */
function ruleFor(row: InstructionRow): Blind | undefined {
  const bits = row.bits === 32 ? 32 : 64
  if (row.name === 'LD_IMM64') return immediate64
  if (row.imm !== 'imm' || SHIFTS.includes(row.operation)) return undefined
  if (row.kind === 'store') return store
  if (row.kind === 'alu') return row.operation === 'mov' ? move(bits) : withRegister(bits)
  return row.kind === 'jump' ? withRegister(bits) : undefined
}

const BLIND: Readonly<Partial<Record<InstructionName, Blind>>> = Object.fromEntries(
  INSTRUCTIONS.map((row) => [row.name, ruleFor(row)] as const).filter(([, rule]) => rule !== undefined),
)

/** Numbers that {@link constantOf} may find in a register. Only 64-bit immediates can't. */
function comesFromRegister(insn: Insn, row: InstructionRow): boolean {
  return insn.imm !== 0 && row.slots === 1 && BLIND[row.name] !== undefined
}
