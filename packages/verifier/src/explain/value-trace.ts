/**
 * Where the values came from that a refused instruction depends on: the path is walked once more and what each
 * instruction changed is noted, then the notes are read backwards from the registers that the instruction reads.
 */
import { BPF_LDX, BPF_MOV, BPF_STX, type Insn } from '@bpfoundry/isa'
import { registerText } from '../report/state-text.ts'
import { type FrameState, slotIndex } from '../state/frame-state.ts'
import type { RegisterState } from '../state/register-state.ts'
import { PTR_TO_STACK } from '../state/register-type.ts'
import type { StackSlot } from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import type { TracedValue } from '../verifier-api.ts'
import { type Trail, walkTrail } from './path-search.ts'

/** A register (0 to 10) or a stack slot (16 + index) of a frame, as one number. */
type Place = number

const PLACES_PER_FRAME = 128
const FIRST_SLOT = 16
const FRAME_POINTER = 10

const placeOf = (frame: number, inFrame: number): Place => frame * PLACES_PER_FRAME + inFrame

interface Change {
  readonly place: Place
  readonly register: RegisterState | undefined
  readonly frame: number
}

/** One instruction that ran. */
interface Note {
  readonly pc: number
  readonly frame: number
  readonly nextFrame: number
  readonly changes: readonly Change[]
  /** Of a load from the stack: what it read. */
  readonly loaded: Place | undefined
}

/** Values that are told, the last ones before the refusal. */
const MOST_VALUES = 16

/**
 * @param v stands where the path begins; afterwards at the refused instruction
 * @param operands numbers of the registers that the refused instruction reads
 */
export function traceValues(v: Verification, trail: Trail, operands: readonly number[]): readonly TracedValue[] {
  const notes = noteChanges(v, trail)
  const frame = v.frame.frameNumber
  const wanted = new Set(operands.filter((number) => number !== FRAME_POINTER).map((number) => placeOf(frame, number)))
  const traced: TracedValue[] = []
  for (let index = notes.length - 1; index >= 0 && wanted.size > 0 && traced.length < MOST_VALUES; index--) {
    const note = notes[index] as Note
    for (const change of note.changes) if (wanted.has(change.place)) traced.push(...told(note, change, v))
    carryBack(wanted, note, v.insns[note.pc] as Insn)
  }
  return traced.reverse()
}

function noteChanges(v: Verification, trail: Trail): Note[] {
  const notes: Note[] = []
  let held: readonly HeldFrame[] = []
  let loaded: Place | undefined
  walkTrail(
    v,
    trail,
    () => {
      held = v.state.frames.map(holdFrame)
      loaded = loadedPlace(v)
    },
    (pc) => {
      const { frames } = v.state
      const changes = frames.flatMap((frame, number) => changesOf(frame, number, held[number]))
      notes.push({ pc, frame: held.length - 1, nextFrame: frames.length - 1, changes, loaded })
    },
  )
  return notes
}

interface HeldFrame {
  readonly registers: readonly RegisterState[]
  readonly stack: readonly StackSlot[]
}

const holdFrame = ({ registers, stack }: FrameState): HeldFrame => ({ registers: [...registers], stack: [...stack] })

function changesOf({ registers, stack }: FrameState, frame: number, held: HeldFrame | undefined): Change[] {
  const changes: Change[] = []
  registers.forEach((register, number) => {
    if (held?.registers[number] !== register) changes.push({ place: placeOf(frame, number), register, frame })
  })
  stack.forEach((slot, index) => {
    if (held?.stack[index] === slot) return
    changes.push({ place: placeOf(frame, FIRST_SLOT + index), register: slot.spilled, frame })
  })
  return changes
}

/** The slot that the current instruction loads a register from. */
function loadedPlace(v: Verification): Place | undefined {
  const { opcode, src, off } = v.insn
  if ((opcode & 0x07) !== BPF_LDX || src > FRAME_POINTER) return undefined
  const base = v.register(src)
  if (base.type !== PTR_TO_STACK) return undefined
  const offset = base.offset + off
  return offset < 0 ? placeOf(base.frameNumber, FIRST_SLOT + slotIndex(offset)) : undefined
}

function told({ pc }: Note, { place, register, frame }: Change, v: Verification): TracedValue[] {
  const inFrame = place % PLACES_PER_FRAME
  // Passing arguments and results on makes no value.
  const name = inFrame < FIRST_SLOT ? `r${inFrame}` : `fp-${8 * (inFrame - FIRST_SLOT + 1)}`
  if (register === undefined || passesOn(v.insns[pc] as Insn)) return []
  return [{ pc, place: name, value: registerText(register, frame) }]
}

const CALL_SUBPROGRAM = 1
const [CALL, EXIT] = [0x85, 0x95]

function passesOn({ opcode, src }: Insn): boolean {
  return (opcode === CALL && src === CALL_SUBPROGRAM) || opcode === EXIT
}

/** What the values asked for came from, before the instruction. */
function carryBack(wanted: Set<Place>, note: Note, insn: Insn): void {
  const { frame, nextFrame } = note
  if (nextFrame > frame) passArguments(wanted, frame, nextFrame)
  else if (nextFrame < frame) passResult(wanted, frame, nextFrame)
  else BY_CLASS[insn.opcode & 0x07]?.(wanted, note, insn)
}

type CarryBack = (wanted: Set<Place>, note: Note, insn: Insn) => void

/** By instruction class: LD, LDX, ST, STX, ALU, JMP, JMP32, ALU64. */
// biome-ignore format: table
const BY_CLASS: readonly CarryBack[] = [
  carryAcrossLoad, carryAcrossLoad, carryAcrossStore, carryAcrossStore,
  carryAcrossAlu, carryAcrossJump, carryAcrossJump, carryAcrossAlu,
]

function carryAcrossLoad(wanted: Set<Place>, { frame, loaded }: Note, { dst }: Insn): void {
  if (wanted.delete(placeOf(frame, dst)) && loaded !== undefined) wanted.add(loaded)
}

function carryAcrossStore(wanted: Set<Place>, { frame, changes }: Note, { opcode, src }: Insn): void {
  for (const { place } of changes) {
    const isSlot = place % PLACES_PER_FRAME >= FIRST_SLOT
    if (isSlot && wanted.delete(place) && (opcode & 0x07) === BPF_STX) addRegister(wanted, frame, src)
  }
}

/** What a call gives comes from nowhere; a comparison only learns. */
function carryAcrossJump(wanted: Set<Place>, { frame }: Note, { opcode }: Insn): void {
  if (opcode === CALL) wanted.delete(placeOf(frame, 0))
}

const USES_REGISTER = 0x08

function carryAcrossAlu(wanted: Set<Place>, { frame }: Note, { opcode, dst, src }: Insn): void {
  const place = placeOf(frame, dst)
  if (!wanted.has(place)) return
  if ((opcode & 0xf0) === BPF_MOV) wanted.delete(place)
  if ((opcode & USES_REGISTER) !== 0) addRegister(wanted, frame, src)
}

function addRegister(wanted: Set<Place>, frame: number, number: number): void {
  if (number !== FRAME_POINTER) wanted.add(placeOf(frame, number))
}

/** r1 to r5 of the callee are the caller's. */
function passArguments(wanted: Set<Place>, caller: number, callee: number): void {
  for (let number = 1; number <= 5; number++) {
    if (wanted.delete(placeOf(callee, number))) wanted.add(placeOf(caller, number))
  }
}

/** r0 of the caller is the callee's. */
function passResult(wanted: Set<Place>, callee: number, caller: number): void {
  if (wanted.delete(placeOf(caller, 0))) wanted.add(placeOf(callee, 0))
}
