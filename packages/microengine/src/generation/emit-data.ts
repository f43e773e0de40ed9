/** Code for words that calculate. What is said of each in execution/ is the specification. */
import type {
  AluInstruction,
  AluOp,
  DataWord,
  ImmedInstruction,
  LdFieldInstruction,
  MulInstruction,
  ShfInstruction,
  Shift,
} from '@bpfoundry/microcode'
import { byteMaskBits, FACTOR_MASKS, immedParts } from '../execution/data-words.ts'
import type { CodeWriter } from './code-writer.ts'
import { LIVE } from './liveness.ts'

interface Formula {
  readonly result: (x: string, y: string) => string
  /** Condition codes of the result `t`; none: logic, which clears them. */
  readonly carry?: string
  readonly overflow?: string
}

const ADD_OVERFLOW = '((x^t)&(y^t))>>>31'
const SUBTRACT_OVERFLOW = '((x^y)&(x^t))>>>31'
const ADD: Formula = { result: (x, y) => `${x}+${y}|0`, carry: '(t>>>0)<(x>>>0)?1:0', overflow: ADD_OVERFLOW }
const SUBTRACT: Formula = {
  result: (x, y) => `${x}-${y}|0`,
  carry: '(x>>>0)>=(y>>>0)?1:0',
  overflow: SUBTRACT_OVERFLOW,
}

// biome-ignore format: one operation a line
const FORMULAS: Readonly<Partial<Record<AluOp, Formula>>> = {
  '+':      ADD,
  '+8':     ADD,
  '+16':    ADD,
  '+carry': { result: (x, y) => `${x}+${y}+cf|0`, carry: '(cf?(t>>>0)<=(x>>>0):(t>>>0)<(x>>>0))?1:0', overflow: ADD_OVERFLOW },
  '-':      SUBTRACT,
  '-carry': { result: (x, y) => `${x}-${y}-1+cf|0`, carry: '(cf?(x>>>0)>=(y>>>0):(x>>>0)>(y>>>0))?1:0', overflow: SUBTRACT_OVERFLOW },
  'B-A':    SUBTRACT,
  'B':      { result: (_, y) => y },
  '~B':     { result: (_, y) => `~${y}` },
  'AND':    { result: (x, y) => `${x}&${y}` },
  '~AND':   { result: (x, y) => `~${x}&${y}` },
  'AND~':   { result: (x, y) => `${x}&~${y}` },
  'OR':     { result: (x, y) => `${x}|${y}` },
  'XOR':    { result: (x, y) => `${x}^${y}` },
}
/** Masks of the right operand of sums of a part. */
const PART_MASKS: Readonly<Partial<Record<AluOp, number>>> = { '+8': 0xff, '+16': 0xffff }

/** Condition codes and previous result that are looked at later, and the destination. `t` holds the result if they need it. */
function finish(code: CodeWriter, word: DataWord, expression: string, live: number, formula?: Formula): void {
  const codes = word.setsConditions ? live : live & LIVE.previousResult
  const keeps = (codes & (LIVE.result | LIVE.carry | LIVE.overflow | LIVE.previousResult)) !== 0
  if (!keeps) {
    code.assign(word.dst, expression)
    return
  }
  code.line(`t=${expression};`)
  if ((codes & LIVE.overflow) !== 0) code.line(`vf=${formula?.overflow ?? '0'};`)
  if ((codes & LIVE.carry) !== 0) code.line(`cf=${formula?.carry ?? '0'};`)
  if ((codes & LIVE.result) !== 0) code.line('r=t;')
  if ((codes & LIVE.previousResult) !== 0) code.line('pr=t;')
  code.assign(word.dst, 't')
}

/** alu */
export function emitAlu(code: CodeWriter, word: AluInstruction, live: number): void {
  const formula = FORMULAS[word.op]
  if (formula === undefined) return
  const left = code.source(word.left, 'x')
  const plain = code.source(word.right, 'y')
  const mask = PART_MASKS[word.op]
  const right = mask === undefined ? plain : `(${plain}&${mask})`
  if ((live & LIVE.previousA) !== 0) code.line(`pa=${left};`)
  const names = word.setsConditions && (live & (LIVE.carry | LIVE.overflow)) !== 0 && formula.carry !== undefined
  const [first, second] = word.op === 'B-A' ? [right, left] : [left, right]
  if (names) code.line(word.op === 'B-A' ? `t=${first};y=${second};x=t;` : `t=${first};y=${second};x=t;`)
  finish(code, word, names ? formula.result('x', 'y') : formula.result(first, second), live, formula)
}

/** A shift of an expression; `upper` comes in from above at a double shift. */
function shiftedText(shift: Shift, value: string, upper: string): string {
  const amount = shift.amount === 'indirect' ? '(pa&31)' : shift.amount
  if (shift.direction === 'none') return value
  if (shift.direction === 'left') return `${value}<<${amount}`
  if (shift.direction === 'right') return `${value}>>>${amount}`
  const other = shift.direction === 'double' ? upper : value
  const back = shift.amount === 'indirect' ? `(32-${amount})` : 32 - shift.amount
  const both = `(${value}>>>${amount}|${other}<<${back})`
  return shift.amount === 'indirect' ? `((pa&31)===0?${value}:${both})` : both
}

function arithmeticText(shift: Shift, value: string): string {
  if (shift.amount !== 'indirect') return `${value}>>>${shift.amount}|(pr<0?${-1 << (32 - shift.amount)}:0)`
  return `${value}>>>(pa&31)|(pr<0&&(pa&31)!==0?-1<<(32-(pa&31)):0)`
}

/** alu_shf, dbl_shf, asr */
export function emitShf(code: CodeWriter, word: ShfInstruction, live: number): void {
  const left = code.source(word.left, 'x')
  const right = code.source(word.right, 'y')
  const double = word.shift.direction === 'double'
  const moved = word.op === 'asr' ? arithmeticText(word.shift, right) : shiftedText(word.shift, right, left)
  const formula = word.op === 'asr' || double || word.op === 'byte_align' ? undefined : FORMULAS[word.op]
  code.line(`z=${formula === undefined ? moved : formula.result(left, `(${moved})`)}|0;`)
  if ((live & LIVE.previousA) !== 0) code.line(`pa=${left};`)
  finish(code, word, 'z', live)
}

/** ld_field, ld_field_w_clr */
export function emitLdField(code: CodeWriter, word: LdFieldInstruction, live: number): void {
  const bits = byteMaskBits(word.byteMask)
  const moved = shiftedText(word.shift, code.source(word.src, 'y'), '0')
  const fresh = bits === -1 ? `(${moved})` : `((${moved})&${bits})`
  const kept = word.clears || bits === -1 ? '' : `${code.placeAsSource(word.dst)}&${~bits}|`
  finish(code, word, `${kept}${fresh}|0`, live)
}

/** immed */
export function emitImmed(code: CodeWriter, word: ImmedInstruction, live: number, takesCsr: boolean): void {
  const { value, written } = immedParts(word)
  const fresh = takesCsr ? `(q&${written})` : String(value)
  const kept = written === -1 ? '' : `${code.written(word.dst)}&${~written}|`
  finish(code, word, `${kept}${fresh}`, live)
}

/** mul_step */
export function emitMul(code: CodeWriter, word: MulInstruction, live: number): void {
  if (word.type === 'start') {
    code.line(`ma=${code.source(word.left, 'x')};`)
    code.line(`mb=${code.source(word.right, 'y')};`)
    return
  }
  if (word.step !== 'last' && word.step !== 'last2') return
  const [maskA, maskB] = FACTOR_MASKS[word.type]
  const product = word.step === 'last' ? 'Math.imul' : 'upperProduct'
  const a = maskA === -1 ? 'ma' : `ma&${maskA}`
  const b = maskB === -1 ? 'mb' : `mb&${maskB}`
  finish(code, word, `${product}(${a},${b})`, live)
}
