import { describe, expect, it } from 'vitest'
import { Assembler } from '../../src/asm/assembler.ts'
import { type Form, form } from '../../src/asm/form.ts'
import { X86_INSTRUCTIONS, type X86Row } from '../../src/asm/instruction-table.ts'
import { NONE } from '../../src/asm/register.ts'
import { createDisassembler, type Disassembled } from '../disassembler.ts'

const disassemble = await createDisassembler()

/** Registers by number and width: all that have a REX bit, a special ModRM or SIB meaning, or a legacy byte name. */
const R64 = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ')
const R32 = 'eax ecx edx ebx esp ebp esi edi r8d r9d r10d r11d r12d r13d r14d r15d'.split(' ')
const R16 = 'ax cx dx bx sp bp si di r8w r9w r10w r11w r12w r13w r14w r15w'.split(' ')
const R8 = 'al cl dl bl spl bpl sil dil r8b r9b r10b r11b r12b r13b r14b r15b'.split(' ')
const NAMES: Readonly<Record<number, readonly string[]>> = { 8: R8, 16: R16, 32: R32, 64: R64 }
const SIZES: Readonly<Record<number, string>> = { 8: 'byte ptr ', 16: 'word ptr ', 32: 'dword ptr ', 64: 'qword ptr ' }

const REGISTERS = R64.map((_, number) => number)
const BASES = [0, 3, 4, 5, 7, 8, 12, 13]
const INDEXES = [NONE, 0, 1, 5, 8, 12, 13, 15]
const DISPLACEMENTS = [0, 1, 127, 128, -128, -129, 0x7fffffff, -0x80000000]
const SCALES = [0, 1, 2, 3] as const
const IMMEDIATES: Readonly<Record<number, readonly number[]>> = {
  1: [0, 1, 127, -1, -128],
  2: [0, 1, 0x7fff, -1, -0x8000],
  4: [0, 1, 127, 128, 0x7fffffff, -1, -129, -0x80000000],
}

const widthOf = (operand: string): number => Number(/\d+$/.exec(operand)?.[0] ?? 64)
const registerName = (operand: string, number: number): string => NAMES[widthOf(operand)]![number] as string

function hex(value: number | bigint): string {
  return value > 9 ? `0x${value.toString(16)}` : String(value)
}

/** An immediate as an unsigned number of its operand's width. */
function immediateText(value: number | bigint, bits: number): string {
  return hex(BigInt.asUintN(bits, BigInt(value)))
}

/** The same for the last operand of what capstone wrote, which shows small negative numbers with a sign. */
function unsigned(operands: string, bits: number): string {
  return operands.replace(
    /(^|, )-(0x[0-9a-f]+|\d+)$/,
    (_, before: string, magnitude: string) => `${before}${immediateText(-BigInt(magnitude), bits)}`,
  )
}

interface Case {
  readonly text: string
  readonly write: (asm: Assembler) => void
}

interface Place {
  readonly base: number
  readonly index: number
  readonly displacement: number
  readonly scale: 0 | 1 | 2 | 3
}

function memoryText(operand: string, { base, index, displacement, scale }: Place): string {
  const size = operand === 'm' ? '' : SIZES[widthOf(operand)]
  const parts = [R64[base], ...(index === NONE ? [] : [`${R64[index]}${scale === 0 ? '' : `*${1 << scale}`}`])].join(
    ' + ',
  )
  const sign = displacement < 0 ? ' - ' : ' + '
  return `${size}[${parts}${displacement === 0 ? '' : `${sign}${hex(Math.abs(displacement))}`}]`
}

/** Every base, index and displacement class, and each scale once. */
function* places(): Generator<Place> {
  for (const base of BASES) {
    for (const index of INDEXES) {
      for (const displacement of DISPLACEMENTS) yield { base, index, displacement, scale: 0 }
      if (index !== NONE) for (const scale of SCALES) yield { base, index, displacement: 8, scale }
    }
  }
}

const isImmediate = (operand: string): boolean => operand.startsWith('imm')
const isMemory = (operand: string): boolean => operand.startsWith('r/m') || operand.startsWith('m')

/** All operands that a row is tried with, by its Op/En column. */
const CASES: Readonly<Record<string, (row: X86Row, f: Form) => Generator<Case>>> = {
  *ZO(_, f) {
    yield { text: '', write: (asm) => asm.none(f) }
  },
  *O({ operands: [operand] }, f) {
    for (const r of REGISTERS) yield { text: registerName(operand!, r), write: (asm) => asm.r(f, r) }
  },
  *OI({ operands: [operand, immediate] }, f) {
    if (immediate === 'imm64') {
      for (const r of REGISTERS) {
        const text = `${registerName(operand!, r)}, 0x8123456789abcdef`
        yield { text, write: (asm) => asm.ri64(f, r, 0x89abcdef | 0, 0x81234567 | 0) }
      }
      return
    }
    yield* registerImmediate(f, operand!, '')
  },
  *I({ operands }, f) {
    const implied = operands.length === 2 ? `${operands[0]!.toLowerCase()}, ` : ''
    for (const value of IMMEDIATES[f.immBytes]!) {
      const text = immediateText(value, immediateBits(operands[0]!))
      yield { text: `${implied}${text}`, write: (asm) => asm.i(f, value) }
    }
  },
  *D(_, f) {
    for (const value of IMMEDIATES[f.immBytes]!.filter((distance) => distance >= 0)) {
      const length = f.immBytes + (f.map === 0 ? 1 : 2)
      yield { text: hex(value + length), write: (asm) => asm.rel(f, value) }
    }
  },
  *M({ operands: [operand] }, f) {
    for (const r of operand!.startsWith('r') ? REGISTERS : [])
      yield { text: registerName(operand!, r), write: (asm) => asm.r(f, r) }
    for (const p of places()) {
      const write = (asm: Assembler): void => asm.rm(f, f.digit, p.base, p.index, p.displacement, p.scale)
      yield { text: memoryText(operand!, p), write }
    }
  },
  *M1({ operands: [operand] }, f) {
    for (const r of REGISTERS) yield { text: `${registerName(operand!, r)}, 1`, write: (asm) => asm.r(f, r) }
  },
  *MC({ operands: [operand] }, f) {
    for (const r of REGISTERS) yield { text: `${registerName(operand!, r)}, cl`, write: (asm) => asm.r(f, r) }
  },
  *MI({ mnemonic, operands: [operand] }, f) {
    yield* registerImmediate(f, operand!, mnemonic)
    const value = IMMEDIATES[f.immBytes]![2]!
    const text = immediateText(value, widthOf(operand!))
    for (const p of places()) {
      if (p.scale !== 0) continue
      const write = (asm: Assembler): void => asm.mi(f, p.base, p.index, p.displacement, value)
      yield { text: `${memoryText(operand!, p)}, ${text}`, write }
    }
  },
  *MR(row, f) {
    yield* twoOperands(row, f)
  },
  *RM(row, f) {
    yield* twoOperands(row, f)
  },
  *RMI({ operands: [first, second] }, f) {
    for (const a of REGISTERS) {
      for (const value of IMMEDIATES[f.immBytes]!) {
        const b = (a + 5) & 15
        const bits = f.vexPp < 0 ? widthOf(first!) : 8
        const text = `${registerName(first!, a)}, ${registerName(second!, b)}, ${immediateText(value, bits)}`
        yield { text, write: (asm) => asm.rri(f, a, b, value) }
      }
    }
  },
  *RMV({ operands }, f) {
    for (const a of REGISTERS) {
      for (const b of REGISTERS) {
        const c = (a + b) & 15
        const text = [a, b, c].map((r, index) => registerName(operands[index]!, r)).join(', ')
        yield { text, write: (asm) => asm.rrr(f, a, b, c) }
      }
    }
  },
}

function* registerImmediate(f: Form, operand: string, mnemonic: string): Generator<Case> {
  const bits = /^(SHL|SHR|SAR|ROL)$/.test(mnemonic) ? 8 : widthOf(operand)
  for (const r of REGISTERS) {
    for (const value of IMMEDIATES[f.immBytes]!) {
      const text = `${registerName(operand, r)}, ${immediateText(value, bits)}`
      yield { text, write: (asm) => asm.ri(f, r, value) }
    }
  }
}

/** Register with register, and register with memory, in the order of the row. */
function* twoOperands({ operands: [first, second] }: X86Row, f: Form): Generator<Case> {
  const [memory, register] = isMemory(first!) ? [first!, second!] : [second!, first!]
  if (memory.startsWith('r/')) {
    for (const a of REGISTERS) {
      for (const b of REGISTERS) {
        const text = `${registerName(first!, a)}, ${registerName(second!, b)}`
        yield { text, write: (asm) => asm.rr(f, a, b) }
      }
    }
  }
  let r = 0
  for (const p of places()) {
    r = (r + 7) & 15
    const chosen = r
    const [m, name] = [memoryText(memory, p), registerName(register, r)]
    const text = f.rmFirst ? `${m}, ${name}` : `${name}, ${m}`
    yield { text, write: (asm) => asm.rm(f, chosen, p.base, p.index, p.displacement, p.scale) }
  }
}

/** Xchg names its operands the other way round, which is the same. */
const SWAPPED = new Set(['xchg', 'test'])

function textOf({ mnemonic, operands }: Disassembled): string {
  return `${mnemonic} ${operands}`.trim()
}

function meansTheSame(found: Disassembled, mnemonic: string, text: string, bits: number): boolean {
  if (found.mnemonic !== mnemonic) return false
  if (unsigned(found.operands, bits) === text) return true
  const [a, b] = text.split(', ')
  return SWAPPED.has(mnemonic) && found.operands === `${b}, ${a}`
}

/** Bits that an immediate is extended to. */
const immediateBits = (first: string): number => (first === 'EAX' ? 32 : first === 'RAX' ? 64 : widthOf(first))

const prefixes = X86_INSTRUCTIONS.filter((row) => row.name === 'LOCK')
const rows = X86_INSTRUCTIONS.filter((row) => row.name !== 'LOCK').map((row) => [row.name, row] as const)

describe('every row of the table is what capstone reads', () => {
  it.each(rows)('%s', (name, row) => {
    const f = form(name)
    const mnemonic = row.mnemonic.toLowerCase()
    const asm = new Assembler()
    const wrong: string[] = []
    let tried = 0
    for (const { text, write } of CASES[row.operandEncoding]!(row, f)) {
      asm.buffer.reset()
      write(asm)
      const bytes = asm.buffer.finish()
      const [found, ...more] = disassemble(bytes)
      tried++
      const expected = row.operands.some((operand) => operand === 'imm64') ? 'movabs' : mnemonic
      if (
        found === undefined ||
        more.length > 0 ||
        found.sizeBytes !== bytes.length ||
        !meansTheSame(found, expected, text, immediateBits(row.operands[0] ?? ''))
      ) {
        wrong.push(
          `${Buffer.from(bytes).toString('hex')}: ${found === undefined ? '?' : textOf(found)}, not ${expected} ${text}`,
        )
      }
    }
    expect(wrong.slice(0, 5)).toEqual([])
    expect(tried).toBeGreaterThan(0)
  })

  it('the prefix LOCK', () => {
    expect(prefixes).toHaveLength(1)
    const asm = new Assembler()
    asm.none(form('LOCK'))
    asm.rm(form('XADD r/m64, r64'), 11, 12, 8, -8)
    expect(disassemble(asm.buffer.finish()).map(textOf)).toEqual(['lock xadd qword ptr [r12 + r8 - 8], r11'])
  })

  it('has no row twice', () => {
    expect(new Set(X86_INSTRUCTIONS.map(({ name }) => name)).size).toBe(X86_INSTRUCTIONS.length)
    expect(X86_INSTRUCTIONS.every(({ operands }) => operands.filter(isImmediate).length <= 1)).toBe(true)
  })
})
