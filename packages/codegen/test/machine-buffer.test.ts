import { describe, expect, it } from 'vitest'
import { CodegenError, MachineBuffer, type Patch, requireRange } from '../src/index.ts'

/** x86 `jmp rel32` and `jmp rel8`: distances from the end of the field. */
const rel32: Patch = (buffer, at, target) => buffer.patchU32(at, target - at - 4)
const rel8: Patch = (buffer, at, target) => buffer.patchU8(at, requireRange(target - at - 1, 8, at))
/** arm64 `b`: words from the instruction, in its low 26 bits. */
const imm26: Patch = (buffer, at, target) =>
  buffer.patchU32(at, buffer.readU32(at) | (requireRange((target - at) >> 2, 26, at) & 0x3ffffff))

const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof CodegenError) return error.code
    throw error
  }
  return 'no error'
}

describe('machine buffer', () => {
  it('writes little-endian numbers and cuts what does not fit', () => {
    const buffer = new MachineBuffer()
    buffer.u8(0x1ff)
    buffer.u16(0x1_2345)
    buffer.u32(0x1_89abcdef)
    buffer.i32(-2)
    buffer.u64(0x01020304, 0x05060708)
    buffer.bytes([9, 10])
    expect(Buffer.from(buffer.finish()).toString('hex')).toBe('ff4523efcdab89feffffff0403020108070605090a')
  })

  it('grows, and keeps what was written', () => {
    const buffer = new MachineBuffer(1)
    for (let n = 0; n < 1000; n++) buffer.u32(n)
    const words = new Uint32Array(buffer.finish().buffer)
    expect(words.length).toBe(1000)
    expect([words[0], words[500], words[999]]).toEqual([0, 500, 999])
  })

  it('takes more bytes at once than twice its room', () => {
    const buffer = new MachineBuffer(16)
    buffer.u8(1)
    buffer.bytes(new Uint8Array(100).fill(7))
    expect(buffer.finish()).toEqual(Uint8Array.of(1, ...new Array<number>(100).fill(7)))
  })

  it('fills up to an alignment', () => {
    const buffer = new MachineBuffer()
    buffer.u8(1)
    buffer.align(4, 0x90)
    buffer.align(4, 0x90)
    expect([...buffer.finish()]).toEqual([1, 0x90, 0x90, 0x90])
  })

  it('resolves labels forwards and backwards, by the patch of each place', () => {
    const buffer = new MachineBuffer()
    const [start, end] = [buffer.newLabel(), buffer.newLabel()]
    buffer.bind(start)
    buffer.u8(0xe9)
    buffer.fixUp(end, rel32)
    buffer.u32(0)
    buffer.u8(0xeb)
    buffer.fixUp(start, rel8)
    buffer.u8(0)
    buffer.align(4)
    const word = buffer.offset
    buffer.u32(0x14000000)
    buffer.fixUp(start, imm26, word)
    buffer.bind(end)
    expect(Buffer.from(buffer.finish()).toString('hex')).toBe('e907000000ebf900fEffff17'.toLowerCase())
  })

  it('knows where labels are, many at once', () => {
    const buffer = new MachineBuffer()
    const first = buffer.newLabels(3)
    buffer.u32(0)
    buffer.bind(first + 1)
    buffer.bind(first + 2, 1)
    expect([0, 1, 2].map((n) => buffer.offsetOf(first + n))).toEqual([undefined, 4, 1])
    expect([0, 1].map((n) => buffer.isBound(first + n))).toEqual([false, true])
  })

  it('begins anew after reset and gives copies', () => {
    const buffer = new MachineBuffer()
    buffer.u8(1)
    const first = buffer.finish()
    buffer.fixUp(buffer.newLabel(), rel8)
    buffer.reset()
    buffer.u8(2)
    expect([[...first], [...buffer.finish()]]).toEqual([[1], [2]])
  })

  it.each<[string, (buffer: MachineBuffer) => unknown, string]>([
    [
      'a label that was never bound',
      (buffer) => [buffer.fixUp(buffer.newLabel(), rel8), buffer.u8(0), buffer.finish()],
      'CODEGEN_LABEL',
    ],
    [
      'a label bound twice',
      (buffer) => {
        const label = buffer.newLabel()
        buffer.bind(label)
        buffer.bind(label)
      },
      'CODEGEN_LABEL',
    ],
    ['a label that there is none of', (buffer) => buffer.bind(3), 'CODEGEN_LABEL'],
    [
      'a distance that is too long',
      (buffer) => {
        buffer.fixUp(buffer.newLabel(), rel8)
        buffer.bytes(new Uint8Array(129))
        buffer.bind(0)
        buffer.finish()
      },
      'CODEGEN_RANGE',
    ],
  ])('tells %s', (_, use, code) => {
    expect(codeOf(() => use(new MachineBuffer()))).toBe(code)
  })

  it('patches only what is written', () => {
    expect(() => new MachineBuffer().patchU8(0, 1)).toThrow(RangeError)
  })

  it.each([
    [127, 8, true],
    [128, 8, false],
    [-128, 8, true],
    [-129, 8, false],
    [2 ** 25 - 1, 26, true],
    [2 ** 25, 26, false],
  ])('%d in %d bits: %s', (value, bits, fits) => {
    expect(codeOf(() => requireRange(value, bits, 0))).toBe(fits ? 'no error' : 'CODEGEN_RANGE')
  })
})
