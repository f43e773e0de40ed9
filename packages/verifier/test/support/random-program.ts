/**
 * Random programs that are near the edge of what a verifier accepts: numbers from everywhere, pointers moved by them, spills,
 * comparisons with the packet's end, map values, loops, calls. About one in five is accepted.
 */
import type { Insn } from '@bpfoundry/isa'

/** A small generator of its own, so that a seed names a program for ever. */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** 0 to sides - 1. */
  roll(sides: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) | 0
    return (this.#state >>> 8) % sides
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.roll(choices.length)] as T
  }

  chance(of: number): boolean {
    return this.roll(of) === 0
  }
}

/** Fds of the maps that programs use: an array of 64-byte values and a hash of 16-byte values, keys of 4 bytes. */
export interface RandomMaps {
  readonly array: number
  readonly hash: number
}

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm })

// biome-ignore format: table
const NUMBERS = [
  0, 1, 2, 3, 4, 7, 8, 14, 15, 16, 20, 31, 32, 34, 40, 63, 64, 100, 255, 256, 1000, 0x7fff, 0xffff, 0x7fffffff,
  -1, -2, -8, -16, -0x80000000,
]
const SCRATCH = [0, 1, 2, 3, 4, 5] as const
const ARGUMENTS = [1, 2, 3, 4, 5] as const
const [CTX, DATA, END, EXTRA, FP] = [6, 7, 8, 9, 10]
const ALU_CODES = [0x00, 0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0x30, 0x90, 0x50, 0x50, 0x00]
const JUMP_CODES = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0]
const SHIFTS = [0x60, 0x70, 0xc0]
const SIZES = [
  [0x00, 4],
  [0x08, 2],
  [0x10, 1],
  [0x18, 8],
] as const

class Writer {
  readonly insns: Insn[] = []
  readonly #jumps: number[] = []
  readonly #calls: number[] = []
  readonly #dice: Dice
  readonly #maps: RandomMaps
  #usesMap = false

  constructor(seed: number, maps: RandomMaps) {
    this.#dice = new Dice(seed)
    this.#maps = maps
  }

  write(): Insn[] {
    const dice = this.#dice
    this.#emit(insn(0xbf, CTX, 1), insn(0x61, DATA, CTX, 0), insn(0x61, END, CTX, 4))
    this.#fill([0, 2, 3, 4, 5])
    this.#usesMap = dice.chance(2)
    if (this.#usesMap) this.#lookup()
    else this.#emit(insn(0x61, EXTRA, CTX, 16), insn(0xb7, 1, 0, 0, dice.pick(NUMBERS)))
    const loops = !this.#usesMap && dice.chance(4)
    if (loops) this.#emit(insn(0xb7, EXTRA))
    const loopStart = this.insns.length
    const statements = loops ? 2 + dice.roll(5) : 4 + dice.roll(24)
    for (let index = 0; index < statements; index++) this.#statement()
    if (loops) this.#closeLoop(loopStart)
    this.#finish()
    return this.insns
  }

  #emit(...insns: Insn[]): void {
    this.insns.push(...insns)
  }

  /** Gives registers values: a number from the context, or a constant. */
  #fill(registers: readonly number[]): void {
    for (const register of registers) {
      const unknown = !this.#dice.chance(3)
      this.#emit(unknown ? insn(0x61, register, CTX, 16) : insn(0xb7, register, 0, 0, this.#dice.pick(NUMBERS)))
    }
  }

  #lookup(): void {
    const map = this.#dice.pick([this.#maps.array, this.#maps.hash])
    this.#emit(insn(0x62, FP, 0, -4, this.#dice.roll(6)), insn(0xbf, 2, FP), insn(0x07, 2, 0, 0, -4))
    this.#emit(insn(0x18, 1, 1, 0, map), insn(0), insn(0x85, 0, 0, 0, 1))
    this.#emit(insn(0x55, 0, 0, 2), insn(0xb7), insn(0x95), insn(0xbf, EXTRA, 0))
    this.#fill(SCRATCH)
  }

  #closeLoop(start: number): void {
    this.#emit(insn(0x07, EXTRA, 0, 0, 1))
    const off = start - this.insns.length - 1
    this.#emit(insn(0xa5, EXTRA, 0, off, 2 + this.#dice.roll(5)))
  }

  #finish(): void {
    const end = this.insns.length
    this.#emit(insn(0xb7, 0, 0, 0, 2), insn(0x95))
    for (const at of this.#jumps) {
      const jump = this.insns[at] as Insn
      this.insns[at] = { ...jump, off: jump.off === 0 ? this.#dice.roll(end - at) : jump.off }
    }
    if (this.#calls.length === 0) return
    const start = this.insns.length
    for (const at of this.#calls) this.insns[at] = { ...(this.insns[at] as Insn), imm: start - at - 1 }
    this.#function()
  }

  /** r1 a number, r2 a pointer to 16 bytes of the caller's stack. */
  #function(): void {
    const dice = this.#dice
    this.#emit(insn(0xbf, 0, 1))
    for (let index = dice.roll(4); index >= 0; index--)
      this.#emit(insn(dice.pick([0x57, 0x07, 0x77]), 0, 0, 0, 1 + dice.roll(30)))
    if (dice.chance(2)) this.#emit(insn(0x25, 0, 0, 1, dice.pick(NUMBERS)), insn(0xb7, 0, 0, 0, dice.pick(NUMBERS)))
    if (dice.chance(2)) this.#emit(insn(dice.pick([0x7b, 0x73, 0x63]), 2, dice.pick([0, 1]), dice.pick([0, 8])))
    this.#emit(insn(0x95))
  }

  #statement(): void {
    const kinds = [
      this.#alu,
      this.#alu,
      this.#alu,
      this.#alu,
      this.#unary,
      this.#move,
      this.#jump,
      this.#jump,
      this.#jump,
    ]
    const memory = [this.#stack, this.#stack, this.#packet, this.#packet, this.#variableStack, this.#atomic]
    const others = [this.#usesMap ? this.#mapValue : this.#alu, this.#usesMap ? this.#mapValue : this.#jump]
    this.#dice.pick([...kinds, ...memory, ...others, this.#helper, this.#call]).call(this)
  }

  #any(): number {
    return this.#dice.chance(12) ? this.#dice.pick([CTX, DATA, END, EXTRA, FP]) : this.#dice.pick(SCRATCH)
  }

  #alu(): void {
    const dice = this.#dice
    const [code, insnClass, dst] = [dice.pick(ALU_CODES), dice.pick([7, 7, 4]), dice.pick(SCRATCH)]
    const isShift = SHIFTS.includes(code)
    const divides = code === 0x30 || code === 0x90
    const imm = isShift ? dice.roll(insnClass === 7 ? 64 : 32) : divides ? 1 + dice.roll(100) : dice.pick(NUMBERS)
    const byRegister = !isShift && dice.chance(2)
    this.#emit(byRegister ? insn(insnClass | code | 8, dst, this.#any()) : insn(insnClass | code, dst, 0, 0, imm))
  }

  #unary(): void {
    const opcode = this.#dice.pick([0x87, 0x84, 0xdc, 0xd4, 0xd7])
    this.#emit(insn(opcode, this.#dice.pick(SCRATCH), 0, 0, opcode < 0x90 ? 0 : this.#dice.pick([16, 32, 64])))
  }

  #move(): void {
    this.#emit(
      insn(this.#dice.pick([0xbf, 0xbc]), this.#dice.pick(SCRATCH), this.#any(), this.#dice.pick([0, 0, 8, 16])),
    )
  }

  #jump(): void {
    const dice = this.#dice
    const [code, insnClass, dst] = [dice.pick(JUMP_CODES), dice.pick([5, 5, 6]), dice.pick(SCRATCH)]
    this.#jumps.push(this.insns.length)
    if (dice.chance(3)) this.#emit(insn(insnClass | code | 8, dst, this.#any()))
    else this.#emit(insn(insnClass | code, dst, 0, 0, dice.pick(NUMBERS)))
  }

  #stack(): void {
    const dice = this.#dice
    const [size, bytes] = dice.pick(SIZES)
    const off = -bytes * (1 + dice.roll(24 / bytes))
    const value = dice.chance(6) ? dice.pick([CTX, DATA, EXTRA, FP]) : dice.pick(SCRATCH)
    const load = insn(0x61 | size, dice.pick(SCRATCH), FP, off)
    this.#emit(dice.pick([insn(0x63 | size, FP, value, off), load, insn(0x62 | size, FP, 0, off, dice.pick(NUMBERS))]))
  }

  /** A pointer moved by a masked number, compared with the end, and read; or a read at random. */
  #packet(): void {
    const dice = this.#dice
    if (dice.chance(3)) this.#emit(insn(0x71, dice.pick(SCRATCH), DATA, dice.roll(20)))
    else this.#comparedPacket()
  }

  #comparedPacket(): void {
    const dice = this.#dice
    const [base, into] = [dice.pick(SCRATCH), dice.pick(SCRATCH)]
    const bytes = dice.pick([1, 2, 4, 8, 14, 34])
    this.#emit(insn(0xbf, base, DATA))
    if (dice.chance(3)) this.#moveBy(base, [7, 255, 0xffff])
    this.#emit(insn(0xbf, 1, base), insn(0x07, 1, 0, 0, bytes))
    this.#jumps.push(this.insns.length)
    this.#emit(insn(dice.pick([0x2d, 0x3d, 0xad, 0xbd]), 1, END))
    this.#emit(insn(dice.pick([0x71, 0x69, 0x61, 0x79]), into, base, dice.roll(bytes + 1)))
  }

  #moveBy(pointer: number, masks: readonly number[]): void {
    const number = this.#dice.pick(SCRATCH)
    this.#emit(insn(0x57, number, 0, 0, this.#dice.pick(masks)), insn(0x0f, pointer, number))
  }

  #mapValue(): void {
    const dice = this.#dice
    const [dst, into] = [dice.pick(SCRATCH), dice.pick(SCRATCH)]
    const load = insn(dice.pick([0x71, 0x69, 0x61, 0x79]), dst, EXTRA, dice.roll(20))
    const store = insn(dice.pick([0x73, 0x6b, 0x63, 0x7b]), EXTRA, dst, dice.roll(20))
    const simple = dice.pick([load, store, undefined])
    if (simple !== undefined) {
      this.#emit(simple)
      return
    }
    this.#emit(insn(0xbf, dst, EXTRA))
    this.#moveBy(dst, [7, 15, 31, 63])
    this.#emit(dice.chance(2) ? insn(0x71, into, dst, dice.roll(8)) : insn(0x73, dst, into, dice.roll(8)))
  }

  #variableStack(): void {
    const dice = this.#dice
    const [pointer, value] = [dice.pick(SCRATCH), dice.pick(SCRATCH)]
    this.#emit(insn(0xbf, pointer, FP), insn(0x07, pointer, 0, 0, dice.pick([-16, -24, -32])))
    this.#moveBy(pointer, [7, 15, 8])
    const load = insn(dice.pick([0x71, 0x79]), value, pointer)
    this.#emit(
      dice.pick([load, insn(dice.pick([0x73, 0x7b]), pointer, value), insn(0x72, pointer, 0, 0, dice.roll(2))]),
    )
  }

  #atomic(): void {
    const dice = this.#dice
    const [opcode, value] = [dice.pick([0xdb, 0xdb, 0xc3]), dice.pick(SCRATCH)]
    const [pointer, off] =
      this.#usesMap && dice.chance(3) ? [EXTRA, dice.pick([0, 8, 12])] : [FP, dice.pick([-8, -8, -4])]
    if (dice.chance(6)) this.#emit(insn(opcode, value, pointer, off, 0x100))
    else this.#emit(insn(opcode, pointer, value, off, dice.chance(8) ? 0x110 : dice.pick([0, 1, 0xe1, 0xf1, 0x50])))
  }

  #helper(): void {
    const dice = this.#dice
    dice.pick([this.#number, this.#number, this.#update, this.#checksum, this.#moveHead, this.#lookupAgain]).call(this)
    this.#fill(ARGUMENTS)
  }

  #number(): void {
    this.#emit(insn(0x85, 0, 0, 0, this.#dice.pick([7, 5])))
  }

  /** Points a register into the stack. */
  #pointToStack(register: number, off: number): void {
    this.#emit(insn(0xbf, register, FP), insn(0x07, register, 0, 0, off))
  }

  #loadMap(register: number): void {
    this.#emit(insn(0x18, register, 1, 0, this.#dice.pick([this.#maps.array, this.#maps.hash])), insn(0))
  }

  #update(): void {
    const dice = this.#dice
    if (dice.chance(2)) this.#emit(insn(0x62, FP, 0, -4, dice.roll(6)))
    this.#pointToStack(2, dice.pick([-4, -4, -8, -3]))
    this.#pointToStack(3, dice.pick([-64, -64, -16, -24]))
    this.#loadMap(1)
    this.#emit(insn(0xb7, 4), insn(0x85, 0, 0, 0, dice.pick([2, 2, 3])))
  }

  /** Of stack or packet, of a size that may be too much. */
  #checksum(): void {
    const dice = this.#dice
    if (dice.chance(3)) this.#emit(insn(0xbf, 3, DATA))
    else this.#pointToStack(3, dice.pick([-32, -16, -8]))
    if (dice.chance(2)) this.#emit(insn(0xb7, 4, 0, 0, dice.pick([0, 4, 8, 12, 16, 36])))
    else this.#emit(insn(0xbf, 4, dice.pick(SCRATCH)), insn(0x57, 4, 0, 0, dice.pick([4, 12, 28, 60])))
    this.#emit(insn(0xb7, 1), insn(0xb7, 2), insn(0xb7, 5), insn(0x85, 0, 0, 0, 28))
  }

  /** Pointers into the packet are lost, and mostly loaded again. */
  #moveHead(): void {
    const dice = this.#dice
    this.#emit(insn(0xbf, 1, CTX), insn(0xb7, 2, 0, 0, dice.pick([0, 4, -8, 14])), insn(0x85, 0, 0, 0, 44))
    if (!dice.chance(4)) this.#emit(insn(0x61, DATA, CTX, 0), insn(0x61, END, CTX, 4))
  }

  /** A value that is looked at after a check of it, of its copy, or of nothing. */
  #lookupAgain(): void {
    const dice = this.#dice
    this.#emit(insn(0x62, FP, 0, -4, dice.roll(6)))
    this.#pointToStack(2, -4)
    this.#loadMap(1)
    this.#emit(insn(0x85, 0, 0, 0, 1), insn(0xbf, 1, 0))
    if (!dice.chance(6)) this.#emit(insn(dice.pick([0x15, 0x15, 0x55]), dice.roll(2), 0, dice.pick([1, 1, 1, 0])))
    this.#emit(insn(dice.pick([0x71, 0x79, 0x61]), dice.pick(SCRATCH), dice.roll(2), dice.pick([0, 4, 8, 12])))
  }

  #call(): void {
    const dice = this.#dice
    this.#emit(insn(0xbf, 1, dice.pick(SCRATCH)), insn(0xbf, 2, FP), insn(0x07, 2, 0, 0, dice.pick([-16, -32])))
    this.#calls.push(this.insns.length)
    this.#emit(insn(0x85, 0, 1))
    this.#fill(ARGUMENTS)
  }
}

/** The program of a seed. */
export function randomProgram(seed: number, maps: RandomMaps): readonly Insn[] {
  return new Writer(seed, maps).write()
}
