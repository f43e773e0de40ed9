/** Branches and `ctx_arb`. */
import { branchTarget } from '../builders/branches.ts'
import { fieldsOf } from '../compose.ts'
import type { Word } from '../field.ts'
import { BR_CONDITIONS } from '../operations.ts'
import { Line } from './line.ts'
import { isRestrictedImmediate, isUnrestrictedImmediate, restrictedImmediate } from './operand-text.ts'

const CONDITIONS = new Map(Object.entries(BR_CONDITIONS).map(([name, number]) => [number as number, name]))
const INPUT_STATES = ['nn_empty', 'nn_full', ...Array.from({ length: 14 }, (_, ring) => `ctm_ring${ring}_status`)]

/** What stands before the target, by condition. */
const STATE_TEXTS: Readonly<Record<number, (state: number) => string>> = {
  [BR_CONDITIONS['br=ctx']]: (state) => `${state}, `,
  [BR_CONDITIONS['br!=ctx']]: (state) => `${state}, `,
  [BR_CONDITIONS.br_signal]: (state) => `${state}, `,
  [BR_CONDITIONS['br_!signal']]: (state) => `${state}, `,
  [BR_CONDITIONS.br_inp_state]: (state) => `${INPUT_STATES[state]}, `,
  [BR_CONDITIONS['br_!inp_state']]: (state) => `${INPUT_STATES[state]}, `,
  [BR_CONDITIONS.br_cls_state]: (state) => `cls_ring${state}_status, `,
  [BR_CONDITIONS['br_!cls_state']]: (state) => `cls_ring${state}_status, `,
}

const deferText = (defer: number): string => (defer === 0 ? '' : `, defer[${defer}]`)

/** Text of a `br` word. */
export function brText(word: Word, contexts: 4 | 8): string {
  const { condition, state, defer } = fieldsOf('br', word)
  const name = CONDITIONS.get(condition)
  const line = new Line({ contexts }).put(`${name ?? '<invalid branch>'}[`)
  if (name === undefined) line.invalid()
  const before = STATE_TEXTS[condition]?.(state) ?? ''
  return line.put(`${before}.${branchTarget(word)}]${deferText(defer)}`).end()
}

/** Text of a `brByte` word. */
export function brByteText(word: Word, contexts: 4 | 8): string {
  const fields = fieldsOf('brByte', word)
  const line = new Line({ contexts, ...fields }).put(fields.equal === 1 ? 'br=byte[' : 'br!=byte[')
  const immediateInA = isRestrictedImmediate(fields.a)
  if (immediateInA) line.source8(fields.b, 'B')
  else line.source8(fields.a, 'A')
  line.put(`, ${fields.byte}, `)
  if (immediateInA) line.source8(fields.a, 'A')
  else line.source8(fields.b, 'B')
  return line.put(`, .${branchTarget(word)}]${deferText(fields.defer)}`).end()
}

/** Text of a `brBit` word. An operand that should be the bit and is not counts as all ones, as in binutils. */
export function brBitText(word: Word, contexts: 4 | 8): string {
  const fields = fieldsOf('brBit', word)
  const line = new Line({ contexts, srcLmExtn: fields.srcLmExtn }).put(fields.set === 1 ? 'br_bset[' : 'br_bclr[')
  const immediateInA = isRestrictedImmediate(fields.a)
  const rotation = immediateInA ? fields.a : fields.b
  if (immediateInA) line.source8(fields.b, 'B')
  else line.source8(fields.a, 'A')
  const bit = ((isRestrictedImmediate(rotation) ? restrictedImmediate(rotation, false) : -1) - 1) & 0x1f
  return line.put(`, ${bit}, .${branchTarget(word)}]${deferText(fields.defer)}`).end()
}

/** Text of a `brAlu` word. */
export function brAluText(word: Word, contexts: 4 | 8): string {
  const { a, b, immHi, defer, srcLmExtn } = fieldsOf('brAlu', word)
  const immediateInA = isUnrestrictedImmediate(a)
  const low = immediateInA ? a : b
  const offset = isUnrestrictedImmediate(low) ? immHi * 256 + (low & 0xff) : -1
  const line = new Line({ contexts, srcLmExtn }).put(offset === 0 ? 'rtn[' : 'jump[')
  if (immediateInA) line.source10(b, 'B')
  else line.source10(a, 'A')
  if (offset !== 0) line.put(`, .${offset}`)
  return line.put(`]${deferText(defer)}`).end()
}

/** Text of a `ctxArb` word. */
export function ctxArbText(word: Word): string {
  const fields = fieldsOf('ctxArb', word)
  const kill = fields.breakpoint === 0 && fields.events === 0 && fields.noLoad === 0
  const any = fields.any === 1 && !kill ? ', any' : ''
  const resume = fields.resume === 1 ? `, br[.${branchTarget(word)}]` : ''
  return `ctx_arb[${kill ? 'kill' : waitText(fields)}]${any}${resume}${deferText(fields.defer)}`
}

function waitText({ breakpoint, events }: { readonly breakpoint: number; readonly events: number }): string {
  if (breakpoint === 1) return 'bpt'
  if (events === 1) return 'voluntary'
  if (events === 0) return '--'
  const signals = Array.from({ length: 15 }, (_, index) => index + 1)
  return signals
    .filter((signal) => ((events >>> signal) & 1) === 1)
    .map((signal) => `sig${signal}`)
    .join(', ')
}
