import { describe, expect, it } from 'vitest'
import { Arm64Error } from '../../src/arm64-error.ts'
import * as atomic from '../../src/asm/atomics.ts'
import * as branch from '../../src/asm/branches.ts'
import { CONDITION } from '../../src/asm/condition.ts'
import * as imm from '../../src/asm/data-processing-immediate.ts'
import * as reg from '../../src/asm/data-processing-register.ts'
import * as mem from '../../src/asm/loads-and-stores.ts'
import { logicalImmediate32, logicalImmediate64 } from '../../src/asm/logical-immediate.ts'
import type { SizeLog2, Width } from '../../src/asm/registers.ts'
import { createDisassembler, wordsToBytes } from '../disassembler.ts'

const disassemble = await createDisassembler()

/** A word and what capstone must read in it. */
type Case = readonly [word: number, text: string]

/** Register numbers at the edges of the field, and two in between. */
const REGISTERS = [0, 1, 15, 30, 31]
const WIDTHS: readonly Width[] = [0, 1]
const SIZES: readonly SizeLog2[] = [0, 1, 2, 3]

const name = (sf: Width, n: number, thirtyOne = 'zr'): string => {
  if (n !== 31) return `${sf === 1 ? 'x' : 'w'}${n}`
  return sf === 1 || thirtyOne === 'zr' ? (thirtyOne === 'zr' ? `${sf === 1 ? 'x' : 'w'}zr` : 'sp') : 'wsp'
}
const sp = (n: number): string => name(1, n, 'sp')
const hex = (value: number | bigint): string => {
  const magnitude = value < 0 ? -value : value
  return `${value < 0 ? '-' : ''}${magnitude > 9 ? `0x${magnitude.toString(16)}` : magnitude}`
}
/** Offsets as capstone shows them: 64 bits unsigned for branches. */
const target = (distance: number): string => hex(BigInt.asUintN(64, BigInt(distance)))

function* product<const Lists extends readonly (readonly unknown[])[]>(
  ...lists: Lists
): Generator<{ -readonly [I in keyof Lists]: Lists[I] extends readonly (infer T)[] ? T : never }> {
  const [first = [undefined], ...rest] = lists
  for (const value of first) {
    if (rest.length === 0) yield [value] as never
    else for (const others of product(...rest)) yield [value, ...(others as unknown[])] as never
  }
}

const cases = (list: Iterable<Case>): readonly Case[] => [...list]

function expectTexts(list: readonly Case[]): void {
  expect(list.length).toBeGreaterThan(0)
  // Branches count from where they stand: each case stands at 0.
  const got = list.map(([word]) => disassemble(wordsToBytes([word]))[0]?.text ?? `unreadable ${hex(word >>> 0)}`)
  expect(got).toEqual(list.map(([, text]) => text))
}

/** Of three registers, a form that has no shorter name. */
const THREE: readonly (readonly [string, reg.ThreeRegisters])[] = [
  ['udiv', reg.udiv],
  ['sdiv', reg.sdiv],
  ['lsl', reg.lslv],
  ['lsr', reg.lsrv],
  ['asr', reg.asrv],
  ['and', reg.and],
  ['eor', reg.eor],
  ['add', reg.add],
  ['mul', reg.mul],
]

describe('data processing, registers', () => {
  it.each(THREE)('%s', (mnemonic, emit) => {
    const list = [...product(WIDTHS, REGISTERS, REGISTERS, REGISTERS)].map(
      ([sf, d, n, m]): Case => [emit(sf, d, n, m), `${mnemonic} ${name(sf, d)}, ${name(sf, n)}, ${name(sf, m)}`],
    )
    expectTexts(list)
  })

  it('orr, sub: by their shorter names where a register is zr', () => {
    for (const [sf, d, m] of product(WIDTHS, REGISTERS, REGISTERS)) {
      expectTexts([
        [reg.orr(sf, d, 3, m), `orr ${name(sf, d)}, ${name(sf, 3)}, ${name(sf, m)}`],
        [reg.mov(sf, d, m), `mov ${name(sf, d)}, ${name(sf, m)}`],
        [reg.mvn(sf, d, m), `mvn ${name(sf, d)}, ${name(sf, m)}`],
        [reg.tst(sf, d, m), `tst ${name(sf, d)}, ${name(sf, m)}`],
        [reg.sub(sf, d, 3, m), `sub ${name(sf, d)}, ${name(sf, 3)}, ${name(sf, m)}`],
        [reg.neg(sf, d, m), `neg ${name(sf, d)}, ${name(sf, m)}`],
        [reg.cmp(sf, d, m), `cmp ${name(sf, d)}, ${name(sf, m)}`],
      ])
    }
  })

  it('madd, msub', () => {
    expectTexts(
      [...product(WIDTHS, REGISTERS, REGISTERS, [0, 30])].flatMap(([sf, d, n, a]): Case[] => [
        [reg.madd(sf, d, n, 7, a), `madd ${name(sf, d)}, ${name(sf, n)}, ${name(sf, 7)}, ${name(sf, a)}`],
        [reg.msub(sf, d, n, 7, a), `msub ${name(sf, d)}, ${name(sf, n)}, ${name(sf, 7)}, ${name(sf, a)}`],
      ]),
    )
  })

  it('rev16, rev', () => {
    expectTexts(
      [...product(REGISTERS, REGISTERS)].flatMap(([d, n]): Case[] => [
        [reg.rev16(0, d, n), `rev16 ${name(0, d)}, ${name(0, n)}`],
        [reg.rev16(1, d, n), `rev16 ${name(1, d)}, ${name(1, n)}`],
        [reg.rev32(d, n), `rev ${name(0, d)}, ${name(0, n)}`],
        [reg.rev64(d, n), `rev ${name(1, d)}, ${name(1, n)}`],
      ]),
    )
  })

  it('add with a zero-extended word', () => {
    expectTexts(
      [...product([0, 31], [0, 31], REGISTERS, [0, 1, 4])].map(
        ([d, n, m, shift]): Case => [
          reg.addUxtw(d, n, m, shift),
          `add ${sp(d)}, ${sp(n)}, ${name(0, m)}, uxtw${shift === 0 ? '' : ` #${shift}`}`,
        ],
      ),
    )
  })
})

describe('data processing, immediates', () => {
  it('add, sub, cmp, cmn', () => {
    for (const [sf, n, value] of product(WIDTHS, [0, 15, 30], [0, 1, 255, 4095])) {
      const shown = `#${hex(value)}`
      const shifted = `${shown}, lsl #12`
      expectTexts([
        [imm.addImm(sf, 5, n, value), `add ${name(sf, 5)}, ${name(sf, n)}, ${shown}`],
        [imm.addImm(sf, 5, n, value, 1), `add ${name(sf, 5)}, ${name(sf, n)}, ${shifted}`],
        [imm.subImm(sf, 5, n, value), `sub ${name(sf, 5)}, ${name(sf, n)}, ${shown}`],
        [imm.subImm(sf, 5, n, value, 1), `sub ${name(sf, 5)}, ${name(sf, n)}, ${shifted}`],
        [imm.cmpImm(sf, n, value), `cmp ${name(sf, n)}, ${shown}`],
        [imm.cmpImm(sf, n, value, 1), `cmp ${name(sf, n)}, ${shifted}`],
        [imm.cmnImm(sf, n, value), `cmn ${name(sf, n)}, ${shown}`],
        [imm.cmnImm(sf, n, value, 1), `cmn ${name(sf, n)}, ${shifted}`],
      ])
    }
  })

  it('and, orr, eor, tst', () => {
    const words = [1, 0xff, 0xffff0000 | 0, -2, 0x55555555, 0x00ff00ff, 0x7fffffff, -0x80000000]
    for (const word of words) {
      const narrow = logicalImmediate32(word) as number
      const wide = logicalImmediate64(word, word >> 31) as number
      const text = `#${hex(word >>> 0)}`
      expectTexts([
        [imm.andImm(0, 1, 2, narrow), `and w1, w2, ${text}`],
        [imm.orrImm(0, 1, 2, narrow), `orr w1, w2, ${text}`],
        [imm.eorImm(0, 1, 2, narrow), `eor w1, w2, ${text}`],
        [imm.tstImm(0, 2, narrow), `tst w2, ${text}`],
      ])
      if (wide === undefined) continue
      const long = `#${hex(BigInt.asUintN(64, BigInt(word)))}`
      expectTexts([
        [imm.andImm(1, 30, 2, wide), `and x30, x2, ${long}`],
        [imm.orrImm(1, 30, 2, wide), `orr x30, x2, ${long}`],
        [imm.eorImm(1, 30, 2, wide), `eor x30, x2, ${long}`],
        // capstone shows this one with its sign, and the sign of the least number wrong.
        [imm.tstImm(1, 30, wide), `tst x30, #${word === -0x80000000 ? '-0xffffffff80000000' : hex(word)}`],
      ])
    }
  })

  it('movz, movn, movk', () => {
    for (const [sf, d, hw] of product(WIDTHS, [0, 30], [0, 1, 2, 3])) {
      if (sf === 0 && hw > 1) continue
      const shift = hw === 0 ? '' : `, lsl #${16 * hw}`
      expectTexts([[imm.movk(sf, d, 0x1234, hw), `movk ${name(sf, d)}, #0x1234${shift}`]])
      const bits = sf === 1 ? 64 : 32
      const shown = (value: bigint): string => `#${hex(BigInt.asIntN(bits, value))}`
      expectTexts([
        [imm.movz(sf, d, 0x1234, hw), `mov ${name(sf, d)}, ${shown(0x1234n << BigInt(16 * hw))}`],
        [imm.movn(sf, d, 0x1234, hw), `mov ${name(sf, d)}, ${shown(~(0x1234n << BigInt(16 * hw)))}`],
      ])
    }
  })

  it('bit fields: shifts and extensions', () => {
    for (const [sf, d, n] of product(WIDTHS, REGISTERS, REGISTERS)) {
      for (const shift of sf === 1 ? [1, 31, 32, 63] : [1, 16, 31]) {
        expectTexts([
          [imm.lslImm(sf, d, n, shift), `lsl ${name(sf, d)}, ${name(sf, n)}, #${hex(shift)}`],
          [imm.lsrImm(sf, d, n, shift), `lsr ${name(sf, d)}, ${name(sf, n)}, #${hex(shift)}`],
          [imm.asrImm(sf, d, n, shift), `asr ${name(sf, d)}, ${name(sf, n)}, #${hex(shift)}`],
          [imm.rorImm(sf, d, n, shift), `ror ${name(sf, d)}, ${name(sf, n)}, #${hex(shift)}`],
        ])
      }
      expectTexts([
        [imm.uxth(d, n), `uxth ${name(0, d)}, ${name(0, n)}`],
        [imm.signExtend(sf, d, n, 8), `sxtb ${name(sf, d)}, ${name(0, n)}`],
        [imm.signExtend(sf, d, n, 16), `sxth ${name(sf, d)}, ${name(0, n)}`],
        [imm.signExtend(1, d, n, 32), `sxtw ${name(1, d)}, ${name(0, n)}`],
        [imm.ubfm(1, d, n, 8, 23), `ubfx ${name(1, d)}, ${name(1, n)}, #8, #0x10`],
        [imm.ubfm(1, d, n, 56, 15), `ubfiz ${name(1, d)}, ${name(1, n)}, #8, #0x10`],
        [imm.sbfm(1, d, n, 8, 23), `sbfx ${name(1, d)}, ${name(1, n)}, #8, #0x10`],
        [imm.sbfm(1, d, n, 56, 15), `sbfiz ${name(1, d)}, ${name(1, n)}, #8, #0x10`],
      ])
    }
  })

  it('adr', () => {
    expectTexts([0, 1, 7, 0xfffff, -1, -0x100000].map((at): Case => [imm.adr(9, at), `adr x9, #${target(at)}`]))
  })
})

describe('branches', () => {
  it('b.cond', () => {
    const list = Object.entries(CONDITION).flatMap(([cond, code]) =>
      [0, 4, -4, 0xffffc, -0x100000].map(
        (at): Case => [branch.bCond(code, at), `b.${cond.toLowerCase()} #${target(at)}`],
      ),
    )
    expectTexts(list)
  })

  it('cbz, cbnz, tbz, tbnz', () => {
    for (const [sf, t, at] of product(WIDTHS, REGISTERS, [0, 4, 0xffffc, -0x100000])) {
      expectTexts([
        [branch.cbz(sf, t, at), `cbz ${name(sf, t)}, #${target(at)}`],
        [branch.cbnz(sf, t, at), `cbnz ${name(sf, t)}, #${target(at)}`],
      ])
    }
    for (const [t, bit, at] of product(REGISTERS, [0, 1, 31, 32, 63], [4, 0x7ffc, -0x8000])) {
      const shown = `${name(bit > 31 ? 1 : 0, t)}, #${hex(bit)}, #${target(at)}`
      expectTexts([
        [branch.tbz(t, bit, at), `tbz ${shown}`],
        [branch.tbnz(t, bit, at), `tbnz ${shown}`],
      ])
    }
  })

  it('b, bl, br, blr, ret', () => {
    for (const at of [0, 4, -4, 2 ** 27 - 4, -(2 ** 27)]) {
      expectTexts([
        [branch.b(at), `b #${target(at)}`],
        [branch.bl(at), `bl #${target(at)}`],
      ])
    }
    for (const n of [0, 9, 28]) {
      expectTexts([
        [branch.br(n), `br x${n}`],
        [branch.blr(n), `blr x${n}`],
        [branch.ret(n), `ret x${n}`],
      ])
    }
    expectTexts([[branch.ret(), 'ret']])
  })

  it('svc, brk, dmb, isb', () => {
    expectTexts([
      [branch.svc(0), 'svc #0'],
      [branch.svc(0xffff), 'svc #0xffff'],
      [branch.brk(1), 'brk #1'],
      [branch.dmbIsh(), 'dmb ish'],
      [branch.isb(), 'isb'],
    ])
  })
})

/** Mnemonic of a single access and the width of its register. */
function accessName(size: SizeLog2, opc: mem.Access, unscaled: string): readonly [string, Width] {
  const suffix = ['b', 'h', 'w', ''][size]
  if (opc === mem.LOAD_SIGNED) return [`ld${unscaled}rs${suffix}`, 1]
  return [`${opc === mem.LOAD ? 'ld' : 'st'}${unscaled}r${size < 2 ? suffix : ''}`, size === 3 ? 1 : 0]
}

const ACCESSES = [...product(SIZES, [mem.STORE, mem.LOAD, mem.LOAD_SIGNED] as const)].filter(
  ([size, opc]) => size < 3 || opc !== mem.LOAD_SIGNED,
)
const offsetText = (value: number): string => (value === 0 ? '' : `, #${hex(value)}`)

describe('loads and stores', () => {
  it('with a scaled offset', () => {
    for (const [[size, opc], n, t, units] of product(ACCESSES, [0, 31], REGISTERS, [0, 1, 4095])) {
      const [mnemonic, width] = accessName(size, opc, '')
      const at = units << size
      expectTexts([
        [
          mem.loadStoreUnsignedImmediate(size, opc, at, n, t),
          `${mnemonic} ${name(width, t)}, [${sp(n)}${offsetText(at)}]`,
        ],
      ])
    }
    expectTexts([
      [mem.ldrX(1, 2, 8), 'ldr x1, [x2, #8]'],
      [mem.ldrW(1, 2), 'ldr w1, [x2]'],
      [mem.strX(1, 2, 8), 'str x1, [x2, #8]'],
      [mem.strW(1, 2), 'str w1, [x2]'],
    ])
  })

  it('with an offset of any alignment', () => {
    for (const [[size, opc], n, at] of product(ACCESSES, [0, 31], [0, 1, 255, -1, -256])) {
      const [mnemonic, width] = accessName(size, opc, 'u')
      expectTexts([
        [mem.loadStoreUnscaled(size, opc, at, n, 7), `${mnemonic} ${name(width, 7)}, [${sp(n)}${offsetText(at)}]`],
      ])
    }
  })

  it('with a register as offset', () => {
    for (const [[size, opc], m, scale] of product(ACCESSES, REGISTERS, [0, 1] as const)) {
      const [mnemonic, width] = accessName(size, opc, '')
      // Scaled by 1 byte is written with its shift of 0.
      const shift = scale === 0 ? '' : `, lsl #${size}`
      expectTexts([
        [
          mem.loadStoreIndexed(size, opc, m, 28, 7, scale),
          `${mnemonic} ${name(width, 7)}, [x28, ${name(1, m)}${shift}]`,
        ],
      ])
    }
  })

  it('prefetches', () => {
    expectTexts([
      [mem.loadStoreUnsignedImmediate(3, mem.PREFETCH, 8, 12, mem.PLDL1KEEP), 'prfm pldl1keep, [x12, #8]'],
      [mem.loadStoreUnscaled(3, mem.PREFETCH, -1, 12, mem.PLDL1KEEP), 'prfum pldl1keep, [x12, #-1]'],
      [mem.loadStoreIndexed(3, mem.PREFETCH, 2, 28, mem.PLDL1KEEP), 'prfm pldl1keep, [x28, x2]'],
    ])
  })

  it('of pairs, and on a stack', () => {
    for (const [t, t2, at] of product([0, 19], [1, 31], [0, 8, 504, -512])) {
      expectTexts([
        [mem.stp(t, t2, 31, at), `stp x${t}, ${name(1, t2)}, [sp${offsetText(at)}]`],
        [mem.ldp(t, t2, 31, at), `ldp x${t}, ${name(1, t2)}, [sp${offsetText(at)}]`],
        [mem.stpPush(t, t2, 31, at), `stp x${t}, ${name(1, t2)}, [sp, #${hex(at)}]!`],
        [mem.ldpPop(t, t2, 31, at), `ldp x${t}, ${name(1, t2)}, [sp], #${hex(at)}`],
      ])
    }
    expectTexts([
      [mem.pushX(30, 31, -16), 'str x30, [sp, #-0x10]!'],
      [mem.popX(30, 31, 16), 'ldr x30, [sp], #0x10'],
    ])
  })
})

describe('atomics', () => {
  const suffix = (size: SizeLog2): string => ['b', 'h', '', ''][size] as string
  const width = (size: SizeLog2): Width => (size === 3 ? 1 : 0)

  it('exclusive and ordered', () => {
    for (const [size, t, n] of product(SIZES, [0, 30, 31], [1, 31])) {
      const reading = `${name(width(size), t)}, [${sp(n)}]`
      expectTexts([
        [atomic.ldxr(size, t, n), `ldxr${suffix(size)} ${reading}`],
        [atomic.stxr(size, 9, t, n), `stxr${suffix(size)} w9, ${reading}`],
        [atomic.stlxr(size, 9, t, n), `stlxr${suffix(size)} w9, ${reading}`],
        [atomic.ldar(size, t, n), `ldar${suffix(size)} ${reading}`],
        [atomic.stlr(size, t, n), `stlr${suffix(size)} ${reading}`],
      ])
    }
  })

  it('compare and swap, fetch and operate', () => {
    const operations = [
      ['ldaddal', 'stadd', atomic.ATOMIC.ADD],
      ['ldclral', 'stclr', atomic.ATOMIC.CLEAR],
      ['ldeoral', 'steor', atomic.ATOMIC.EOR],
      ['ldsetal', 'stset', atomic.ATOMIC.SET],
    ] as const
    for (const [size, s, n] of product(SIZES, [0, 30], [1, 31])) {
      const w = width(size)
      const fetching = (mnemonic: string): string =>
        `${mnemonic}${suffix(size)} ${name(w, s)}, ${name(w, 5)}, [${sp(n)}]`
      expectTexts(
        cases([
          [atomic.casal(size, s, 5, n), fetching('casal')],
          [atomic.fetchAtomic(atomic.ATOMIC.SWAP, size, s, 5, n), fetching('swpal')],
          ...operations.flatMap(([fetch, store, operation]): Case[] => [
            [atomic.fetchAtomic(operation, size, s, 5, n), fetching(fetch)],
            [atomic.storeAtomic(operation, size, s, n), `${store}${suffix(size)} ${name(w, s)}, [${sp(n)}]`],
          ]),
        ]),
      )
    }
  })
})

describe('fields out of range', () => {
  it.each([
    ['register', () => reg.add(1, 32, 0, 0)],
    ['negative register', () => reg.add(1, 0, -1, 0)],
    ['imm12', () => imm.addImm(1, 0, 0, 4096)],
    ['imm16', () => imm.movz(1, 0, 0x10000)],
    ['hw of a word', () => imm.movz(0, 0, 1, 2)],
    ['shift of a word', () => imm.lsrImm(0, 0, 0, 32)],
    ['N of a word', () => imm.andImm(0, 0, 0, 1 << 12)],
    ['imm19', () => branch.cbz(1, 0, 0x100000)],
    ['imm14', () => branch.tbz(0, 0, -0x8004)],
    ['imm26', () => branch.b(2 ** 27)],
    ['bit number', () => branch.tbz(0, 64, 0)],
    ['distance between instructions', () => branch.b(2)],
    ['imm9', () => mem.loadStoreUnscaled(3, mem.LOAD, 256, 0, 0)],
    ['scaled offset', () => mem.ldrX(0, 0, 4)],
    ['imm7', () => mem.ldp(0, 1, 2, 512)],
    ['fraction', () => imm.addImm(1, 0, 0, 1.5)],
  ])('%s', (_, emit) => {
    expect(emit).toThrow(Arm64Error)
  })
})
