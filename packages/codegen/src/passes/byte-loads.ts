/**
 * Joins loads of neighbouring bytes into one wide load, as compilers write unaligned packet fields apart.
 *
 * ```
 * r3 = *(u8 *)(r1 +0)                                       r3 = *(u8 *)(r1 +0)
 * r4 = *(u8 *)(r1 +1)          r4 = *(u16 *)(r1 +0)         r4 = *(u8 *)(r1 +1)        r3 = *(u16 *)(r1 +0)
 * r4 <<= 8                 ->                               r3 <<= 8               ->  r3 = be16 r3
 * r4 |= r3                                                  r3 |= r4
 * ```
 *
 * A register's value is followed as a *piece*: `bytes` bytes of memory from `off` on, at bit `8 * shift`, zeros around.
 * Or-ing two pieces that are neighbours in memory and in the value gives a piece; one of 2, 4 or 8 bytes at bit 0 is a
 * load. The narrow loads die then, unless somebody else reads them (dead-code.ts).
 *
 * Sound: the base register holds the same value throughout (`version`), no store, atomic or call lies between the first
 * of the loads and the place of the wide one (`epoch`), and the wide one reads the same bytes that were read one by one:
 * it can't fault where they could not, and what another CPU stores meanwhile it sees in an order that they could have
 * seen it in.
 */
import { type Insn, type InstructionKind, type InstructionRow, insnSlots, lookupInsn } from '@bpfoundry/isa'
import type { BasicBlock } from '../control-flow-graph.ts'
import { readsOf, writesOf } from '../liveness.ts'
import { DELETED } from './draft.ts'

interface Piece {
  readonly base: number
  /** How often the base had been written when the piece was loaded. */
  readonly version: number
  /** Stores before it. */
  readonly epoch: number
  readonly off: number
  readonly bytes: number
  /** Bytes below it in the value. */
  readonly shift: number
  /** Which end of the memory is the low end of the value; undefined for a single byte. */
  readonly order: 'little' | 'big' | undefined
  /** Slot that wrote it into its register. */
  readonly at: number
}

const REGISTERS = 16
const [LDX_B, LDX_H, LDX_W, LDX_DW] = [0x71, 0x69, 0x61, 0x79]
const [LSH32_K, LSH64_K, OR32_X, OR64_X] = [0x64, 0x67, 0x4c, 0x4f]
const BE = 0xdc
const WRITES_MEMORY: ReadonlySet<InstructionKind> = new Set(['store', 'atomic', 'load_acq', 'store_rel', 'call'])

/** Opcodes without one of which there is nothing to join. */
export const BYTE_LOADS_OPCODES: readonly number[] = [OR32_X, OR64_X]

export function joinByteLoads(insns: Insn[], block: BasicBlock): void {
  if (!mayJoin(insns, block)) return
  const follower = new PieceFollower(insns)
  for (let pc = block.start; pc < block.end; pc += insnSlots(insns[pc] as Insn)) {
    if (insns[pc] !== DELETED) follower.step(pc)
  }
}

/** True for a block with two narrow loads, a shift and an or: the others need not be followed. */
function mayJoin(insns: readonly Insn[], { start, end }: BasicBlock): boolean {
  let [loads, shifts, ors] = [0, 0, 0]
  for (let pc = start; pc < end; pc++) {
    const { opcode } = insns[pc] as Insn
    if (opcode === LDX_B || opcode === LDX_H || opcode === LDX_W) loads++
    else if (opcode === LSH32_K || opcode === LSH64_K) shifts++
    else if (opcode === OR32_X || opcode === OR64_X) ors++
  }
  return loads >= 2 && shifts >= 1 && ors >= 1
}

/** Walks over one block. */
class PieceFollower {
  readonly #insns: Insn[]
  readonly #pieces: (Piece | undefined)[] = new Array(REGISTERS).fill(undefined)
  readonly #versions = new Uint32Array(REGISTERS)
  /** Slot of the last instruction that read each register. */
  readonly #readAt = new Int32Array(REGISTERS).fill(-1)
  #epoch = 0

  constructor(insns: Insn[]) {
    this.#insns = insns
  }

  step(pc: number): void {
    const row = lookupInsn(this.#insns[pc] as Insn)
    if (row === undefined || WRITES_MEMORY.has(row.kind)) this.#epoch++
    const piece = row === undefined ? undefined : this.#result(row, pc)
    const insn = this.#insns[pc] as Insn
    this.#note(insn, pc)
    if (piece !== undefined) this.#pieces[insn.dst] = piece
  }

  /** Books what the instruction reads and writes. */
  #note(insn: Insn, pc: number): void {
    const [read, written] = [readsOf(insn), writesOf(insn)]
    for (let register = 0; (read | written) >> register !== 0; register++) {
      if (((read >> register) & 1) === 1) this.#readAt[register] = pc
      if (((written >> register) & 1) === 0) continue
      this.#versions[register]!++
      this.#pieces[register] = undefined
    }
  }

  /** The piece that the instruction leaves in its destination, if it is one. May rewrite the instruction. */
  #result(row: InstructionRow, pc: number): Piece | undefined {
    const insn = this.#insns[pc] as Insn
    const { dst, src } = insn
    if (row.kind === 'load' && row.operation === 'mem') return this.#load(row, insn, pc)
    const left = this.#pieces[dst]
    if (row.kind === 'swap') return left && swapped(left, row, pc)
    if (row.name === 'ALU64_LSH_K' || row.name === 'ALU32_LSH_K') return left && shifted(left, insn.imm, row.bits, pc)
    const right = this.#pieces[src]
    if (row.name === 'ALU64_MOV_X' || row.name === 'ALU32_MOV_X')
      return right && fitting({ ...right, at: pc }, row.bits)
    if (row.operation !== 'or' || row.src !== 'r') return undefined
    const joined = left && right && fitting(join(left, right, pc), row.bits)
    if (joined !== undefined) this.#rewrite(joined, left as Piece, pc)
    return joined
  }

  #load({ bits }: InstructionRow, { src, off }: Insn, at: number): Piece {
    const order = bits === 8 ? undefined : 'little'
    const version = this.#versions[src] as number
    return { base: src, version, epoch: this.#epoch, off, bytes: bits >> 3, shift: 0, order, at }
  }

  /** Makes the `or` at `pc` a load, where the joined piece is one; `left` is what its destination held. */
  #rewrite(piece: Piece, left: Piece, pc: number): void {
    const opcode = LOAD[piece.bytes]
    const current = this.#versions[piece.base] === piece.version && this.#epoch === piece.epoch
    if (opcode === undefined || piece.shift !== 0 || !current) return
    const { dst } = this.#insns[pc] as Insn
    const load: Insn = { opcode, dst, src: piece.base, off: piece.off, imm: 0 }
    if (piece.order === 'little') {
      this.#insns[pc] = load
      return
    }
    // Load and swap take two slots: the second is that of what wrote the left operand, unless it was read in between.
    if (this.#readAt[dst]! > left.at) return
    this.#insns[left.at] = load
    this.#insns[pc] = { opcode: BE, dst, src: 0, off: 0, imm: 8 * piece.bytes }
  }
}

/** LDX_MEM by bytes. */
const LOAD: Readonly<Record<number, number>> = { 2: LDX_H, 4: LDX_W, 8: LDX_DW }

/** Undefined when the piece reaches beyond the bits that an instruction keeps. */
function fitting(piece: Piece | undefined, bits: number): Piece | undefined {
  return piece !== undefined && 8 * (piece.shift + piece.bytes) <= bits ? piece : undefined
}

function shifted(piece: Piece, count: number, bits: number, at: number): Piece | undefined {
  if ((count & 7) !== 0 || count < 0 || count >= bits) return undefined
  return fitting({ ...piece, shift: piece.shift + (count >> 3), at }, bits)
}

/** A whole piece whose bytes are reversed. */
function swapped(piece: Piece, { bits, operation }: InstructionRow, at: number): Piece | undefined {
  if (operation === 'le' || piece.shift !== 0 || 8 * piece.bytes !== bits) return undefined
  return { ...piece, order: piece.order === 'little' ? 'big' : 'little', at }
}

/** Two neighbours as one. */
function join(a: Piece, b: Piece, at: number): Piece | undefined {
  const [low, high] = a.off < b.off ? [a, b] : [b, a]
  const sameMemory = a.base === b.base && a.version === b.version && a.epoch === b.epoch
  if (!sameMemory || low.off + low.bytes !== high.off) return undefined
  const order = high.shift > low.shift ? 'little' : 'big'
  const [bottom, top] = order === 'little' ? [low, high] : [high, low]
  if (top.shift !== bottom.shift + bottom.bytes || !allows(low, order) || !allows(high, order)) return undefined
  return { ...low, bytes: low.bytes + high.bytes, shift: bottom.shift, order, at }
}

const allows = (piece: Piece, order: 'little' | 'big'): boolean => piece.order === undefined || piece.order === order
