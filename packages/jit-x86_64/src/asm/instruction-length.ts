/** Where instructions begin in code of this back end: lengths read off the same rows that the encoder writes by. */
import { type Form, form } from './form.ts'
import { X86_INSTRUCTIONS } from './instruction-table.ts'

const REX = 0x40
const REX_W = 8
const VEX3 = 0xc4
const ESCAPE = 0x0f
const PREFIXES: ReadonlySet<number> = new Set([0x66, 0xf0])
const SIB = 4

/** What a length needs of a form: whether a ModRM byte follows, and the bytes of the immediate. */
interface Shape {
  readonly modRm: boolean
  readonly immBytes: number
}

/** Forms by map, opcode and REX.W; by the digit too, for those whose immediate hangs on it (F6, F7). */
const SHAPES: ReadonlyMap<string, Shape> = new Map(
  X86_INSTRUCTIONS.flatMap((row) => {
    const one = form(row.name)
    const register = row.operandEncoding.startsWith('O')
    const opcodes = register ? Array.from({ length: 8 }, (_, low) => one.opcode + low) : [one.opcode]
    const shape = { modRm: hasModRm(row.operandEncoding), immBytes: one.immBytes }
    return opcodes.map((opcode): [string, Shape] => [keyOf(one, opcode), shape])
  }),
)

function hasModRm(encoding: string): boolean {
  return encoding.startsWith('M') || encoding.startsWith('R')
}

function keyOf({ map, rex, digit }: Pick<Form, 'map' | 'rex' | 'digit'>, opcode: number): string {
  return `${map}.${opcode}.${rex === 0 ? 0 : 1}.${digit}`
}

/**
 * Offsets at which instructions begin.
 *
 * @param from where the first one begins, in bytes
 * @param to where the last one ends
 * @throws Error for bytes that this back end does not write: a defect
 */
export function instructionStarts(code: Uint8Array, from: number, to: number): Uint32Array {
  const starts: number[] = []
  for (let at = from; at < to; at += lengthAt(code, at)) starts.push(at)
  return Uint32Array.from(starts)
}

/**
 * ```
 *  66? F0? | REX or VEX C4 .. .. | 0F 38/3A? opcode | ModRM mod.reg.rm | SIB | disp | imm
 * ```
 *
 * @see Intel SDM volume 2, chapter 2
 */
function lengthAt(code: Uint8Array, start: number): number {
  let at = start
  while (PREFIXES.has(code[at]!)) at++
  let map = 0
  let wide = false
  if (code[at] === VEX3) {
    map = code[at + 1]! & 31
    wide = (code[at + 2]! & 0x80) !== 0
    at += 3
  } else {
    if ((code[at]! & 0xf0) === REX) wide = (code[at++]! & REX_W) !== 0
    for (; isEscape(code[at]!, map); at++) map = mapBehind(code[at]!)
  }
  const opcode = code[at]!
  const digit = (code[at + 1]! >> 3) & 7
  const shape = shapeOf(map, opcode, wide, digit)
  if (shape === undefined) throw new Error(`no such instruction at ${start}: opcode ${opcode.toString(16)}`)
  at++
  if (shape.modRm) at += modRmBytes(code, at)
  return at + shape.immBytes - start
}

function isEscape(byte: number, map: number): boolean {
  return map === 0 ? byte === ESCAPE : map === 1 && (byte === 0x38 || byte === 0x3a)
}

function mapBehind(byte: number): number {
  return byte === ESCAPE ? 1 : byte === 0x38 ? 2 : 3
}

/** Pushes, jumps and calls have no REX.W in the manual although they are 64 bits wide, so that a W may stand or not. */
function shapeOf(map: number, opcode: number, wide: boolean, digit: number): Shape | undefined {
  for (const w of wide ? [1, 0] : [0, 1]) {
    const shape = SHAPES.get(`${map}.${opcode}.${w}.${digit}`) ?? SHAPES.get(`${map}.${opcode}.${w}.-1`)
    if (shape !== undefined) return shape
  }
  return undefined
}

/** ModRM, SIB and displacement. */
function modRmBytes(code: Uint8Array, at: number): number {
  const mod = code[at]! >> 6
  const rm = code[at]! & 7
  if (mod === 3) return 1
  const sib = rm === SIB ? 1 : 0
  const base = sib === 1 ? code[at + 1]! & 7 : rm
  const displacement = mod === 1 ? 1 : mod === 2 || base === 5 ? 4 : 0
  return 1 + sib + displacement
}
