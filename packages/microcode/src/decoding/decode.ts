import { branchTarget } from '../builders/branches.ts'
import { fieldsOf } from '../compose.ts'
import { withoutEcc } from '../ecc.ts'
import type { Word } from '../field.ts'
import { classOf, type WordClass } from '../layouts.ts'
import { NO_OPERAND, type Operand } from '../operand.ts'
import {
  ALU_OPS,
  BR_CONDITIONS,
  CMD_MODES,
  CMD_SWAPS,
  IMMED_WIDTHS,
  MUL_STEPS,
  MUL_TYPES,
  SHF_OPS,
} from '../operations.ts'
import type { Shift, ShiftDirection } from '../shift.ts'
import {
  asDestination,
  decodeRestricted,
  decodeUnrestricted,
  type OperandDecoder,
  type OperandPlace,
} from './decode-operand.ts'
import type { Instruction } from './instruction.ts'

/** Name by number of a table of numbers by name. */
function inverse<Name extends string>(table: Readonly<Record<Name, number>>): ReadonlyMap<number, Name> {
  return new Map((Object.entries(table) as [Name, number][]).map(([name, number]) => [number, name]))
}

const ALU_NAMES = inverse(ALU_OPS)
const SHF_NAMES = inverse(SHF_OPS)
const CONDITION_NAMES = inverse(BR_CONDITIONS)
const MUL_TYPE_NAMES = inverse(MUL_TYPES)
const MUL_STEP_NAMES = inverse(MUL_STEPS)
const WIDTH_NAMES = inverse(IMMED_WIDTHS)
const SWAP_NAMES = inverse(CMD_SWAPS)
const MODE_NAMES = inverse(CMD_MODES)

/** Something in the word is no encoding that is known. */
class Undecodable extends Error {}

/** The value, or the end of decoding. */
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Undecodable()
  return value
}

type Contexts = 4 | 8

const DIRECTIONS: readonly ShiftDirection[] = ['rotate', 'right', 'left', 'double']
const WORD_WIDTH = 32

function shiftOf(sc: number, shift: number): Shift {
  const direction = known(DIRECTIONS[sc])
  if (direction === 'rotate') return { direction: shift === 0 ? 'none' : 'rotate', amount: shift }
  if (shift === 0) return { direction, amount: 'indirect' }
  return { direction, amount: direction === 'left' ? WORD_WIDTH - shift : shift }
}

/** Fields that two sources and a destination come from. */
interface OperandFields {
  readonly a: number
  readonly b: number
  readonly swap?: number
  readonly i8?: number
  readonly srcLmExtn?: number
  readonly dstLmExtn?: number
}

/** Left and right source: the A field from bank A, the B field from bank B, exchanged if the word says so. */
function sources(fields: OperandFields, contexts: Contexts, decode: OperandDecoder): [left: Operand, right: Operand] {
  const place = { contexts, extended: fields.srcLmExtn === 1, byteBit: fields.i8 === 1 }
  const a = known(decode(fields.a, { ...place, bank: 'A' }))
  const b = known(decode(fields.b, { ...place, bank: 'B' }))
  return fields.swap === 1 ? [b, a] : [a, b]
}

function destination(
  bits: number,
  inB: boolean,
  fields: { readonly dstLmExtn: number; readonly wrBoth: number },
  contexts: Contexts,
  decode: OperandDecoder,
): Operand {
  const place: OperandPlace = {
    bank: inB ? 'B' : 'A',
    contexts,
    extended: fields.dstLmExtn === 1,
    byteBit: false,
  }
  return known(asDestination(decode(bits, place), fields.wrBoth === 1))
}

const DECODERS: Readonly<Record<WordClass, (word: Word, contexts: Contexts) => Instruction>> = {
  alu: (word, contexts) => {
    const fields = fieldsOf('alu', word)
    const [left, right] = sources(fields, contexts, decodeUnrestricted)
    return {
      cls: 'alu',
      op: known(ALU_NAMES.get(fields.op)),
      dst: destination(fields.dst, fields.dstB === 1, fields, contexts, decodeUnrestricted),
      left,
      right,
      setsConditions: fields.noCc === 0,
      predicated: fields.predicateCc === 1,
    }
  },
  shf: (word, contexts) => {
    const fields = fieldsOf('shf', word)
    const [left, right] = sources(fields, contexts, decodeRestricted)
    return {
      cls: 'shf',
      op: known(SHF_NAMES.get(fields.op)),
      dst: destination(fields.dst, fields.dstB === 1, fields, contexts, decodeRestricted),
      left,
      right,
      shift: shiftOf(fields.sc, fields.shift),
      setsConditions: fields.noCc === 0,
      predicated: fields.predicateCc === 1,
    }
  },
  ldField: (word, contexts) => {
    const fields = fieldsOf('ldField', word)
    const [, src] = sources(fields, contexts, decodeRestricted)
    const swapped = fields.swap === 1
    return {
      cls: 'ldField',
      dst: destination(swapped ? fields.b : fields.a, swapped, fields, contexts, decodeRestricted),
      byteMask: fields.byteMask,
      clears: fields.zero === 1,
      src,
      shift: shiftOf(fields.sc, fields.shift),
      setsConditions: fields.loadCc === 1,
      predicated: fields.predicateCc === 1,
    }
  },
  immed: (word, contexts) => {
    const fields = fieldsOf('immed', word)
    const [a, b] = sources(fields, contexts, decodeUnrestricted)
    const valueInB = b.kind === 'immediate'
    const low = valueInB ? b : a
    if (low.kind !== 'immediate') throw new Undecodable()
    return {
      cls: 'immed',
      dst: destination(valueInB ? fields.a : fields.b, !valueInB, fields, contexts, decodeUnrestricted),
      value: fields.immHi * 256 + low.value,
      width: known(WIDTH_NAMES.get(fields.width)),
      invert: fields.invert === 1,
      shiftBytes: fields.shift,
      setsConditions: false,
      predicated: fields.predicateCc === 1,
    }
  },
  mul: (word, contexts) => {
    const fields = fieldsOf('mul', word)
    const [left, right] = sources(fields, contexts, decodeUnrestricted)
    const last = fields.step >= MUL_STEPS.last
    const bits = fields.swap === 1 ? fields.b : fields.a
    return {
      cls: 'mul',
      type: known(MUL_TYPE_NAMES.get(fields.type)),
      step: known(MUL_STEP_NAMES.get(fields.step)),
      dst: last ? destination(bits, fields.dstB === 1, fields, contexts, decodeUnrestricted) : NO_OPERAND,
      left,
      right,
      setsConditions: fields.noCc === 0,
      predicated: fields.predicateCc === 1,
    }
  },
  localCsr: (word, contexts) => {
    const fields = fieldsOf('localCsr', word)
    const [a, b] = sources(fields, contexts, decodeUnrestricted)
    const src = a.kind === 'immediate' && b.kind !== 'immediate' ? b : a
    return { cls: 'localCsr', write: fields.write === 1, csrBytes: fields.csr * 4, src }
  },
  br: (word) => {
    const { condition, state, defer } = fieldsOf('br', word)
    return { cls: 'br', condition: known(CONDITION_NAMES.get(condition)), state, defer, target: branchTarget(word) }
  },
  brBit: (word, contexts) => {
    const fields = fieldsOf('brBit', word)
    const [src, rotation] = valueAndImmediate(sources(fields, contexts, decodeRestricted))
    return {
      cls: 'brBit',
      src,
      bit: (rotation - 1) & 0x1f,
      set: fields.set === 1,
      target: branchTarget(word),
      defer: fields.defer,
    }
  },
  brByte: (word, contexts) => {
    const fields = fieldsOf('brByte', word)
    const [src, value] = valueAndImmediate(sources(fields, contexts, decodeRestricted))
    return {
      cls: 'brByte',
      src,
      value,
      byte: fields.byte,
      equal: fields.equal === 1,
      target: branchTarget(word),
      defer: fields.defer,
    }
  },
  brAlu: (word, contexts) => {
    const fields = fieldsOf('brAlu', word)
    const [src, low] = valueAndImmediate(sources(fields, contexts, decodeUnrestricted))
    return { cls: 'brAlu', src, offset: fields.immHi * 256 + low, defer: fields.defer }
  },
  ctxArb: (word) => {
    const fields = fieldsOf('ctxArb', word)
    return {
      cls: 'ctxArb',
      events: fields.events,
      any: fields.any === 1,
      kill: fields.breakpoint === 0 && fields.events === 0 && fields.noLoad === 0,
      breakpoint: fields.breakpoint === 1,
      resumeAt: fields.resume === 1 ? branchTarget(word) : undefined,
      defer: fields.defer,
    }
  },
  cmd: (word, contexts) => {
    const fields = fieldsOf('cmd', word)
    const [a, b] = sources(fields, contexts, decodeRestricted)
    return {
      cls: 'cmd',
      tgtCmd: fields.tgtCmd,
      token: fields.token,
      mode: known(MODE_NAMES.get(fields.mode)),
      a,
      b,
      xfer: fields.xferHi * 32 + fields.xfer,
      count: fields.count,
      signal: fields.signal,
      swap: known(SWAP_NAMES.get(fields.ctx)),
      indirect: fields.indirect === 1,
    }
  },
}

/** A register and an immediate in either order. */
function valueAndImmediate([left, right]: [Operand, Operand]): [src: Operand, immediate: number] {
  if (left.kind === 'immediate') return [right, left.value]
  if (right.kind !== 'immediate') throw new Undecodable()
  return [left, right.value]
}

/**
 * What a word says; check bits are not looked at. `undefined`: it is no instruction, or an operand, operation or address mode
 * in it is none that is known.
 */
export function decode(word: Word, options: { readonly contexts?: 4 | 8 } = {}): Instruction | undefined {
  const instruction = withoutEcc(word)
  const cls = classOf(instruction)
  if (cls === undefined) return undefined
  try {
    return DECODERS[cls](instruction, options.contexts ?? 4)
  } catch (error) {
    if (error instanceof Undecodable) return undefined
    throw error
  }
}
