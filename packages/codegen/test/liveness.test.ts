import { readFileSync } from 'node:fs'
import {
  BPF_CALL_REL,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  decodeInsns,
  type Insn,
  insnSlots,
  jumpTarget,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ALL_REGISTERS, controlFlowGraph, liveRegisters, readsOf, writesOf } from '../src/index.ts'
import { randomFlow } from './support/random-flow.ts'

const liveOf = (insns: readonly Insn[]): Uint16Array =>
  liveRegisters(insns, controlFlowGraph(insns, { start: 0, end: insns.length }))

const names = (mask: number): string => [...Array(12).keys()].filter((n) => (mask >> n) & 1).join(' ')
const TAIL_CALL: Insn = { opcode: 0xf5, dst: 0, src: 0, off: 0, imm: 0 }

describe('live registers', () => {
  it('before each row are those of the kernel’s log', () => {
    const golden = new URL('../../isa/test/kernel-live-registers.golden.txt', import.meta.url)
    const rows = readFileSync(golden, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    let compared = 0
    for (const row of rows) {
      const [hex = '', marks = ''] = row.split('\t')
      // Behind the row the kernel's program was `r0 = 0; exit`, where nothing is live.
      const insns = [...decodeInsns(Buffer.from(hex, 'hex')), BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()]
      // The kernel does not mark r10, which is always live.
      const expected = [...marks].map((mark, n) => (mark === '.' ? 0 : 1 << n)).reduce((a, b) => a | b, 0)
      expect([row, names(liveOf(insns)[0]! & 0x3ff)]).toEqual([row, names(expected)])
      compared++
    }
    expect(compared).toBeGreaterThan(150)
  })

  it.each<[string, Insn, string]>([
    ['a helper call', BPF_EMIT_CALL(1), '1 2 3 4 5 6'],
    ['a subprogram call', BPF_CALL_REL(2), '1 2 3 4 5 6 10'],
    ['a tail call', TAIL_CALL, '0 1 2 3 4 5 6 7 8 9 10 11'],
    ['an instruction that there is none of', { opcode: 0xff, dst: 0, src: 0, off: 0, imm: 0 }, names(ALL_REGISTERS)],
  ])('before %s', (_, insn, expected) => {
    const insns = [insn, BPF_MOV64_REG(0, 6), BPF_EXIT_INSN(), BPF_EXIT_INSN()]
    expect(names(liveOf(insns)[0] as number)).toBe(expected)
  })

  it('of any flow are those that some way reads before it writes them', () => {
    fc.assert(
      fc.property(randomFlow(16), fc.nat(), fc.nat({ max: 9 }), (insns, place, register) => {
        const pc = place % insns.length
        expect((liveOf(insns)[pc]! >> register) & 1).toBe(isReadOnSomeWay(insns, pc, 1 << register) ? 1 : 0)
      }),
      { numRuns: 1000 },
    )
  })
})

function isReadOnSomeWay(insns: readonly Insn[], from: number, register: number): boolean {
  const seen = new Set<number>()
  const search = (pc: number): boolean => {
    if (seen.has(pc)) return false
    seen.add(pc)
    const insn = insns[pc] as Insn
    if ((readsOf(insn) & register) !== 0) return true
    if ((writesOf(insn) & register) !== 0 || insn.opcode === BPF_EXIT_INSN().opcode) return false
    const target = jumpTarget(insn, pc)
    const goesOn = insn.opcode !== 0x05 && insn.opcode !== 0x06
    return (goesOn && search(pc + insnSlots(insn))) || (target !== undefined && search(target))
  }
  return search(from)
}
