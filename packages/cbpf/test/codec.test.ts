import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  BPF_JUMP,
  BPF_STMT,
  CbpfError,
  decodeClassic,
  encodeClassic,
  formatDecimal,
  readDecimal,
} from '../src/index.ts'
import { anyInsn } from './arbitrary-insns.ts'

/** `struct sock_filter` of two instructions as gcc lays it out. */
const INSNS = [BPF_JUMP(0x15, 0x12345678, 3, 254), BPF_STMT(0x8006, 0xfffff000)]
const LITTLE = '150003fe785634120680000000f0ffff'
const BIG = '001503fe1234567880060000fffff000'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('struct sock_filter', () => {
  test('is encoded as C lays it out, in both byte orders', () => {
    expect(hex(encodeClassic(INSNS))).toBe(LITTLE)
    expect(hex(encodeClassic(INSNS, 'big'))).toBe(BIG)
    expect(decodeClassic(Buffer.from(BIG, 'hex'), 'big')).toEqual(INSNS)
  })

  test('comes back from its bytes', () => {
    fc.assert(
      fc.property(fc.array(anyInsn), fc.constantFrom('little', 'big'), (insns, byteOrder) => {
        expect(decodeClassic(encodeClassic(insns, byteOrder), byteOrder)).toEqual(insns)
      }),
    )
  })

  test('what does not fit, and bytes that are cut off, are errors with a place', () => {
    expect(() => encodeClassic([BPF_STMT(6, 0), { code: 0x10000, jt: 0, jf: 0, k: 0 }])).toThrow(
      expect.objectContaining({ code: 'CBPF_FIELD_RANGE', where: { pc: 1 }, got: '65536' }),
    )
    expect(() => encodeClassic([{ code: 6, jt: 0.5, jf: 0, k: 0 }])).toThrow(CbpfError)
    expect(() => decodeClassic(new Uint8Array(9))).toThrow(
      expect.objectContaining({ code: 'CBPF_LENGTH', where: { offsetBytes: 8 } }),
    )
  })
})

describe('the decimal text', () => {
  test('comes back from its text', () => {
    fc.assert(
      fc.property(fc.array(anyInsn), (insns) => {
        expect(readDecimal(formatDecimal(insns))).toEqual(insns)
      }),
    )
  })

  test('is unsigned', () => {
    expect(formatDecimal(INSNS)).toBe('2\n21 3 254 305419896\n32774 0 0 4294963200\n')
  })

  const wrong: readonly (readonly [text: string, line: number, message: RegExp])[] = [
    ['', 1, /not a line/],
    ['ip and', 1, /not a line/],
    ['2\n6 0 0 1\n', 1, /number of instructions/],
    ['1\n6 0 0\n', 2, /not a line/],
    ['1\n6 0 0 1 7\n', 2, /not a line/],
    ['1\n6 0 256 1\n', 2, /jf is out of range/],
    ['1\n6 0 0 4294967296\n', 2, /k is out of range/],
    ['1\n65536 0 0 1\n', 2, /code is out of range/],
    ['1\n6 0 0 -1\n', 2, /k is out of range/],
    ['1\n0x6 0 0 1\n', 2, /code is out of range/],
    ['70000\n', 1, /out of range/],
  ]
  test.each(wrong)('%j is an error at its line', (text, line, message) => {
    expect(() => readDecimal(text, 'filter.txt')).toThrow(message)
    expect(() => readDecimal(text, 'filter.txt')).toThrow(
      expect.objectContaining({
        code: 'CBPF_TEXT',
        where: { source: expect.objectContaining({ file: 'filter.txt', line }) },
      }),
    )
  })
})
