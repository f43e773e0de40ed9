/** Registers and frames as the kernel's log writes them. @see kernel/bpf/log.c */
import type { KnownScalar } from '../domain/scalar.ts'
import { S32_MAX, S32_MIN, U32_MAX } from '../domain/scalar.ts'
import { isConstant, isUnknown, type Tnum } from '../domain/tnum.ts'
import {
  add,
  equals,
  fromNumber,
  isZero,
  S64_MAX,
  S64_MIN,
  signExtended,
  toHex,
  toSignedDecimal,
  toSignedNumber,
  toUnsignedNumber,
  U64_MAX,
  type Word64,
  ZERO,
  zeroExtended,
} from '../domain/word64.ts'
import type { FrameState } from '../state/frame-state.ts'
import { registerMark, slotMark } from '../state/liveness-marks.ts'
import { AT_PACKET_END, BEYOND_PACKET_END, type RegisterState } from '../state/register-state.ts'
import {
  baseType,
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  isPacketPointer,
  NON_OWN_REF,
  NOT_INIT,
  PTR_TO_ARENA,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_STACK,
  SCALAR,
  typeName,
} from '../state/register-type.ts'
import { byteKind, type Dynptr, type Iterator, isSpill, SLOT_BYTES, type StackSlot } from '../state/stack-slot.ts'

const UNSIGNED_DECIMAL_MAX = 0xffff
const SIGNED_DECIMAL_MAX = 0x7fff
const SIGNED_DECIMAL_MIN = -0x8000

/** Decimal up to 65535, hexadecimal above. */
export function unsignedText(word: Word64): string {
  const value = toUnsignedNumber(word)
  return value <= UNSIGNED_DECIMAL_MAX ? String(value) : toHex(word)
}

/** Decimal from -32768 to 32767, hexadecimal of the 64 bits outside. */
export function signedText(word: Word64): string {
  const value = toSignedNumber(word)
  return value >= SIGNED_DECIMAL_MIN && value <= SIGNED_DECIMAL_MAX ? toSignedDecimal(word) : toHex(word)
}

/** `5` when known, `(0x0; 0xff)` otherwise. */
export function tnumText(tnum: Tnum): string {
  return isConstant(tnum) ? unsignedText(tnum.value) : bitsText(tnum)
}

/** `(0x5; 0x0)`: the known bits, and which are not. */
export function bitsText({ value, mask }: Tnum): string {
  return `(${prefixedHex(value)}; ${prefixedHex(mask)})`
}

/** printf's `%#llx` writes a bare 0, but the log's tnums show `0x0`. */
function prefixedHex(word: Word64): string {
  return isZero(word) ? '0x0' : toHex(word)
}

interface RangeEnd {
  readonly name: string
  readonly value: Word64
  readonly omit: boolean
}

/** A 32-bit end, shown without sign extension unless it is written in decimal. */
function signed32End(value: number): Word64 {
  const decimal = value >= SIGNED_DECIMAL_MIN && value <= SIGNED_DECIMAL_MAX
  return decimal ? signExtended(value) : zeroExtended(value)
}

// biome-ignore format: table
function rangeEnds(s: KnownScalar): readonly RangeEnd[] {
  return [
    { name: 'smin',   value: s.smin,                       omit: equals(s.smin, S64_MIN) },
    { name: 'smax',   value: s.smax,                       omit: equals(s.smax, S64_MAX) },
    { name: 'umin',   value: s.umin,                       omit: equals(s.umin, ZERO) },
    { name: 'umax',   value: s.umax,                       omit: equals(s.umax, U64_MAX) },
    { name: 'smin32', value: signed32End(s.s32Min),        omit: s.s32Min === S32_MIN },
    { name: 'smax32', value: signed32End(s.s32Max),        omit: s.s32Max === S32_MAX },
    { name: 'umin32', value: zeroExtended(s.u32Min | 0),   omit: s.u32Min === 0 },
    { name: 'umax32', value: zeroExtended(s.u32Max | 0),   omit: s.u32Max === U32_MAX },
  ]
}

function isNegative(end: RangeEnd): boolean {
  return end.name.startsWith('s') && end.value.hi < 0
}

/** `smin=smin32=0,smax=umax=255`: equal ends of the same side share one value. */
function rangeTexts(scalar: KnownScalar): string[] {
  const ends = rangeEnds(scalar)
  const done = new Set(ends.filter((end) => end.omit))
  const texts: string[] = []
  ends.forEach((end, index) => {
    if (done.has(end)) return
    const same = ends.filter(
      (other, place) =>
        place > index &&
        (place - index) % 2 === 0 &&
        !done.has(other) &&
        equals(other.value, end.value) &&
        isNegative(other) === isNegative(end),
    )
    for (const other of same) done.add(other)
    const names = [end, ...same].map(({ name }) => `${name}=`).join('')
    texts.push(names + (end.name.startsWith('s') ? signedText(end.value) : unsignedText(end.value)))
  })
  return texts
}

function packetRangeText(range: number): string {
  if (range === AT_PACKET_END || range === BEYOND_PACKET_END) return toHex(signExtended(range))
  return unsignedText(fromNumber(range))
}

function isMapPointer(type: number): boolean {
  const base = baseType(type)
  return base === CONST_PTR_TO_MAP || base === PTR_TO_MAP_VALUE || base === PTR_TO_MAP_KEY
}

function idTexts(register: RegisterState): string[] {
  const texts: string[] = []
  if (register.id !== 0) {
    const delta = register.offset < 0 ? String(register.offset) : `+${register.offset}`
    texts.push(`id=${register.id}${register.hasDelta ? delta : ''}`)
  }
  if (register.referenceId !== 0) texts.push(`ref_obj_id=${register.referenceId}`)
  if ((register.type & NON_OWN_REF) !== 0) texts.push('non_own_ref')
  return texts
}

function pointerTexts(register: RegisterState): string[] {
  const { type, map } = register
  const texts: string[] = []
  if (map !== undefined && isMapPointer(type)) {
    if (map.name !== '') texts.push(`map=${map.name}`)
    texts.push(`ks=${map.keySizeBytes},vs=${map.valueSizeBytes}`)
  }
  if (type !== SCALAR && register.offset !== 0) texts.push(`off=${signedText(fromNumber(register.offset))}`)
  if (isPacketPointer(type)) texts.push(`r=${packetRangeText(register.packetRange)}`)
  if (baseType(type) === PTR_TO_MEM) texts.push(`sz=${unsignedText(fromNumber(register.memoryBytes))}`)
  // Callbacks get dynptrs of one kind.
  if (type === CONST_PTR_TO_DYNPTR) texts.push('type=local')
  return texts
}

function variableTexts(scalar: KnownScalar): string[] {
  if (isConstant(scalar.tnum)) {
    return isZero(scalar.tnum.value) ? [] : [`imm=${signedText(scalar.tnum.value)}`]
  }
  const bits = isUnknown(scalar.tnum) ? [] : [`var_off=${tnumText(scalar.tnum)}`]
  return [...rangeTexts(scalar), ...bits]
}

/** `scalar(id=1,umin=1)`, `pkt(off=14,r=14)`, `fp-8`, `5`; `frameNumber` is that of the frame it is shown in. */
export function registerText(register: RegisterState, frameNumber: number, precise: boolean = false): string {
  const { type, scalar } = register
  const mark = type === SCALAR && precise ? 'P' : ''
  if (type === SCALAR && isConstant(scalar.tnum)) return mark + signedText(scalar.tnum.value)
  if (type === PTR_TO_ARENA) return typeName(type)
  let name = mark + typeName(type) + (register.struct?.name ?? '')
  if (type === PTR_TO_STACK) {
    if (register.frameNumber !== frameNumber) name += `[${register.frameNumber}]`
    if (isConstant(scalar.tnum)) return name + signedText(add(scalar.tnum.value, fromNumber(register.offset)))
  }
  const texts = [...idTexts(register), ...pointerTexts(register), ...variableTexts(scalar)]
  return `${name}(${texts.join(',')})`
}

const KIND_LETTERS = '?rm0di'

function slotText(slot: StackSlot, index: number, { frameNumber, marks }: FrameState, precise: boolean): string {
  let letters = ''
  for (let byte = SLOT_BYTES - 1; byte >= 0; byte--) letters += KIND_LETTERS[byteKind(slot, byte)]
  const place = ` fp${-(index + 1) * SLOT_BYTES}${slotMark(marks, index)}=`
  if (slot.dynptr !== undefined) return dynptrText(slot.dynptr, place)
  if (slot.iterator !== undefined) return iteratorText(slot.iterator, place)
  if (!isSpill(slot) || slot.spilled === undefined) return place + letters
  return place + letters.slice(0, letters.indexOf('r')) + registerText(slot.spilled, frameNumber, precise)
}

/** Shown once, at its first half, of which the mark lies where memory has the id of its dynptr. */
function dynptrText({ kind, id, referenceId, isFirst }: Dynptr, place: string): string {
  if (!isFirst) return ''
  const ids = referenceId === 0 ? `id=${id}` : `id=${id},ref_id=${referenceId}`
  return `${place}dynptr_${kind}(${ids},dynptr_id=1)`
}

/** Shown once, at its first slot. */
function iteratorText({ struct, referenceId, isDrained, depth }: Iterator, place: string): string {
  if (referenceId === 0) return ''
  const state = isDrained ? 'drained' : 'active'
  return `${place}${struct.name.replace('bpf_', '')}(ref_id=${referenceId},state=${state},depth=${depth})`
}

/** What of a frame is shown. */
export interface Shown {
  register(number: number): boolean
  slot(index: number): boolean
}

export const SHOW_ALL: Shown = { register: () => true, slot: () => true }

/** ` frame1: R0=1 R10=fp0 fp-8=0000???? refs=2`, with a space before each item. */
export function frameText(
  frame: FrameState,
  held: readonly { readonly id: number }[],
  shown: Shown = SHOW_ALL,
): string {
  let text = frame.frameNumber === 0 ? '' : ` frame${frame.frameNumber}:`
  frame.registers.forEach((register, number) => {
    if (register.type === NOT_INIT || !shown.register(number)) return
    text += ` R${number}${registerMark(frame.marks, number)}=${registerText(register, frame.frameNumber, frame.isPreciseRegister(number))}`
  })
  frame.stack.forEach((slot, index) => {
    if (slot.bytes === 0 || !shown.slot(index)) return
    text += slotText(slot, index, frame, frame.isPreciseSlot(index))
  })
  if (held.length > 0) text += ` refs=${held.map(({ id }) => id).join(',')}`
  if (frame.isCallback) text += ' cb'
  if (frame.asyncEntry > 0) text += ' async_cb'
  return text
}
