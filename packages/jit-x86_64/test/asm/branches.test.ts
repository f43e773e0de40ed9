import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Assembler } from '../../src/asm/assembler.ts'
import { Branches, JCC, JMP } from '../../src/asm/branches.ts'
import { writeNops } from '../../src/asm/nops.ts'
import { createDisassembler } from '../disassembler.ts'

const disassemble = await createDisassembler()
const LINE_BYTES = 64

/** A piece of code behind a label: some bytes, then maybe a jump or call to the piece with that number. */
interface Piece {
  readonly bytes: number
  readonly to: number | undefined
  readonly kind: 'jmp' | 'jcc' | 'call'
}

const PIECES = 24
const piece: fc.Arbitrary<Piece> = fc.record({
  bytes: fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 150 })),
  to: fc.option(fc.nat({ max: PIECES - 1 }), { nil: undefined }),
  kind: fc.constantFrom('jmp', 'jcc', 'call'),
})

function write(pieces: readonly Piece[], loops: boolean): { readonly bytes: Uint8Array; readonly labels: number[] } {
  const asm = new Assembler()
  const branches = new Branches(asm)
  const first = branches.newLabels(pieces.length)
  pieces.forEach(({ bytes, to, kind }, index) => {
    if (loops && to === index && kind !== 'call') branches.beginLoop(first + index)
    branches.bind(first + index)
    writeNops(asm, bytes)
    if (to === undefined) return
    if (kind === 'call') branches.call(first + to)
    else branches.jump(kind === 'jmp' ? JMP : JCC.NE, first + to)
  })
  const code = branches.finish()
  return { bytes: code.bytes, labels: pieces.map((_, index) => code.offsetOf(first + index)) }
}

const pieces = fc.array(piece, { minLength: PIECES, maxLength: PIECES, size: 'max' })

describe('jumps', () => {
  it('lead to their labels, and are as short as they can be', () => {
    fc.assert(
      fc.property(pieces, fc.boolean(), (list, loops) => {
        const { bytes, labels } = write(list, loops)
        const jumps = disassemble(bytes).filter(({ mnemonic }) => /^(j|call)/.test(mnemonic))
        const targets = list.filter(({ to }) => to !== undefined).map(({ to }) => labels[to!])
        expect(jumps.map(({ operands }) => Number(operands))).toEqual(targets)
        if (loops) return
        for (const { mnemonic, sizeBytes, offsetBytes, operands } of jumps) {
          const distance = Number(operands) - (offsetBytes + 2)
          if (mnemonic !== 'call') expect(sizeBytes === 2).toBe(distance >= -128 && distance <= 127)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('back to the begin of a short loop do not cross a line', () => {
    fc.assert(
      fc.property(pieces, (list) => {
        const { bytes, labels } = write(list, true)
        const code = disassemble(bytes)
        list.forEach(({ to, kind }, index) => {
          const others = list.some((other, from) => from !== index && other.to === index)
          if (to !== index || kind === 'call' || others) return
          const start = labels[index]!
          const jump = code.find(({ offsetBytes, mnemonic }) => offsetBytes >= start && mnemonic.startsWith('j'))!
          const end = jump.offsetBytes + jump.sizeBytes
          if (end - start <= LINE_BYTES) expect(Math.floor(start / LINE_BYTES)).toBe(Math.floor((end - 1) / LINE_BYTES))
        })
      }),
      { numRuns: 300 },
    )
  })

  it('of both lengths are tried by those properties', () => {
    const sizes = new Set<number>()
    for (const list of fc.sample(pieces, { numRuns: 20, seed: 1 })) {
      for (const { mnemonic, sizeBytes } of disassemble(write(list, false).bytes)) {
        if (mnemonic.startsWith('j')) sizes.add(sizeBytes)
      }
    }
    expect([...sizes].sort()).toEqual([2, 5, 6])
  })
})
