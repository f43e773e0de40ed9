/** Random programs for the card with what the driver would note of them. */
import { BPF_ALU64, BPF_EXIT, BPF_JMP, BPF_MOV, type Insn } from '@bpfoundry/isa'
import type { NfpInsnFact, NfpProgram } from '@bpfoundry/jit-nfp'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import fc from 'fast-check'
import { type Piece, pieces, refusedPieces, type Slot } from './program-pieces.ts'

const EXIT: Insn = { opcode: BPF_JMP | BPF_EXIT, dst: 0, src: 0, off: 0, imm: 0 }
const RESULT: Insn = { opcode: BPF_ALU64 | BPF_MOV, dst: 0, src: 0, off: 0, imm: 2 }
/** How every function ends: a chain of copies never stands before the last instruction, see docs/parity/jit-nfp.md. */
const END: Piece = {
  slots: [
    { insn: RESULT, fact: {} },
    { insn: EXIT, fact: {} },
  ],
}
const CALL: Insn = { opcode: 0x85, dst: 0, src: 1, off: 0, imm: 0 }

const ADJUST_HEAD = 44
/** Longest that the firmware takes; programs that are longer are refused. */
const MAX_WORDS = 2560

/** What the verifier may do to a slot: by its number, so that programs shrink well. */
interface Change {
  readonly at: number
  readonly how: 'remove' | 'hard-wire'
}

interface Draft {
  readonly type: 'xdp' | 'classifier'
  readonly functions: readonly (readonly Piece[])[]
  readonly depths: readonly number[]
  readonly changes: readonly Change[]
  readonly maxWords: number
  readonly guaranteedHead: boolean
}

const functionBody = (type: 'xdp' | 'classifier', refused: boolean): fc.Arbitrary<Piece[]> => {
  const piece = pieces(type)
  const one = refused ? fc.oneof({ weight: 30, arbitrary: piece }, { weight: 1, arbitrary: refusedPieces }) : piece
  return fc.array(one, { maxLength: 25, size: 'max' })
}

/** @param refused also pieces that no card translates, and programs that are too long */
export function generatedPrograms({ refused = false } = {}): fc.Arbitrary<NfpProgram> {
  return fc.constantFrom('xdp' as const, 'classifier' as const).chain((type) =>
    fc
      .record<Draft>({
        type: fc.constant(type),
        functions: fc.array(functionBody(type, refused), { minLength: 1, maxLength: 3 }),
        depths: fc.array(
          fc.integer({ min: 25, max: 50 }).map((n) => 8 * n),
          { minLength: 3, maxLength: 3 },
        ),
        changes: fc.array(fc.record({ at: fc.nat(), how: fc.constantFrom('remove', 'hard-wire') }), { maxLength: 3 }),
        maxWords: refused ? fc.oneof(fc.constant(MAX_WORDS), fc.nat({ max: 200 })) : fc.constant(100_000),
        guaranteedHead: fc.boolean(),
      })
      .map(build),
  )
}

/** A slot whose jump or call is still to be resolved. */
interface OpenSlot extends Slot {
  readonly piece: Piece
  readonly functionIndex: number
}

function build(draft: Draft): NfpProgram {
  const bodies = withEveryCall(draft.functions)
  const slots = bodies.flatMap((body, functionIndex) =>
    body.flatMap((piece) => piece.slots.map((slot): OpenSlot => ({ ...slot, piece, functionIndex }))),
  )
  const starts = bodies.map((_, index) => slots.findIndex(({ functionIndex }) => functionIndex === index))
  const insns = slots.map((slot, pc) => resolve(slot, pc, slots, starts))
  const facts = change(
    insns,
    slots.map(({ fact }) => fact),
    draft.changes,
  )
  const heads = insns.flatMap(({ opcode, src, imm }, pc) =>
    opcode === 0x85 && src === 0 && imm === ADJUST_HEAD ? [pc] : [],
  )
  return {
    type: draft.type === 'xdp' ? PROG_TYPE.XDP : PROG_TYPE.SCHED_CLS,
    insns,
    facts,
    stackDepths: bodies.map((_, index) => draft.depths[index] ?? 0),
    ...(draft.guaranteedHead && heads.length === 1 ? { guaranteedAdjustHead: heads[0] as number } : {}),
    target: { maxWords: draft.maxWords, adjustHead: { offMin: 44, offMax: 248 } },
  }
}

/** Each function but the first is called by the one before it; other calls only lead to later functions. */
function withEveryCall(functions: readonly (readonly Piece[])[]): Piece[][] {
  const last = functions.length - 1
  return functions.map((body, index) => {
    const calls = index === last ? body.filter(({ leads }) => leads !== 'call') : body
    const next: Piece[] = index === last ? [] : [{ slots: [{ insn: CALL, fact: {} }], leads: 'call', to: 0 }]
    return [...calls, ...next, END]
  })
}

function resolve(slot: OpenSlot, pc: number, slots: readonly OpenSlot[], starts: readonly number[]): Insn {
  const { insn, piece, functionIndex } = slot
  if (piece.leads === undefined || piece.to === undefined) return insn
  if (piece.leads === 'call') {
    const later = starts.slice(functionIndex + 1)
    return { ...insn, imm: (later[piece.to % later.length] as number) - pc - 1 }
  }
  const targets = slots.flatMap((other, at) =>
    other.functionIndex === functionIndex && other.insn.opcode !== 0 ? [at] : [],
  )
  return { ...insn, off: (targets[piece.to % targets.length] as number) - pc - 1 }
}

/** Takes slots out as dead code is taken out, and hard-wires conditional jumps to what follows. */
function change(insns: readonly Insn[], facts: NfpInsnFact[], changes: readonly Change[]): NfpInsnFact[] {
  for (const { at, how } of changes) {
    const pc = at % insns.length
    const { opcode, src } = insns[pc] as Insn
    const isConditional = ((opcode & 7) === 5 || (opcode & 7) === 6) && ![0x05, 0x85, 0x95].includes(opcode)
    if (how === 'hard-wire' && isConditional) facts[pc] = { ...facts[pc], jumpTarget: pc + 1 }
    const isPart = opcode === 0 || opcode === 0x18 || (opcode === 0x85 && src === 1)
    if (how === 'remove' && !isPart && pc < insns.length - 1) facts[pc] = { ...facts[pc], removed: true }
  }
  return facts
}
