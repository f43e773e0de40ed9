import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeInsns, encodeInsns, type Insn, IsaError } from '../src/index.ts'

const insns: fc.Arbitrary<Insn[]> = fc.array(
  fc.record({
    opcode: fc.integer({ min: 0, max: 0xff }),
    dst: fc.integer({ min: 0, max: 15 }),
    src: fc.integer({ min: 0, max: 15 }),
    off: fc.integer({ min: -0x8000, max: 0x7fff }),
    imm: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  }),
  { maxLength: 8 },
)

describe('codec', () => {
  it('encodes the example of RFC 9669, section 3.1, in both byte orders', () => {
    const add: Insn = { opcode: 0x07, dst: 1, src: 0, off: 0, imm: 0x11223344 }
    expect([...encodeInsns([add])]).toEqual([0x07, 0x01, 0, 0, 0x44, 0x33, 0x22, 0x11])
    expect([...encodeInsns([add], { byteOrder: 'big' })]).toEqual([0x07, 0x10, 0, 0, 0x11, 0x22, 0x33, 0x44])
  })

  it('decodes what it encoded, in both byte orders', () => {
    fc.assert(
      fc.property(insns, fc.constantFrom('little' as const, 'big' as const), (program, byteOrder) => {
        expect(decodeInsns(encodeInsns(program, { byteOrder }), { byteOrder })).toEqual(program)
      }),
    )
  })

  it('encodes what it decoded, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const whole = bytes.subarray(0, bytes.length & ~7)
        expect([...encodeInsns(decodeInsns(whole))]).toEqual([...whole])
      }),
    )
  })

  it('reads a view that does not start at its buffer', () => {
    const bytes = new Uint8Array([1, 2, 3, 0x95, 0, 0, 0, 0, 0, 0, 0])
    expect(decodeInsns(bytes.subarray(3))).toEqual([{ opcode: 0x95, dst: 0, src: 0, off: 0, imm: 0 }])
  })

  it('refuses a length that is no multiple of 8, and says where the rest begins', () => {
    const error = thrown(() => decodeInsns(new Uint8Array(13)))
    expect([error.code, error.where?.offsetBytes, error.got]).toEqual(['ISA_LENGTH', 8, '13 bytes'])
  })

  it.each([
    ['opcode', 256],
    ['dst', 16],
    ['src', -1],
    ['off', 0x8000],
    ['imm', 0x80000000],
    ['imm', 0.5],
    ['imm', Number.NaN],
  ])('refuses to encode %s %s', (field, value) => {
    const insn = { opcode: 0, dst: 0, src: 0, off: 0, imm: 0, [field]: value }
    const error = thrown(() => encodeInsns([insn]))
    expect([error.code, error.where?.pc]).toEqual(['ISA_FIELD_RANGE', 0])
  })
})

function thrown(action: () => unknown): IsaError {
  try {
    action()
  } catch (error) {
    if (error instanceof IsaError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
