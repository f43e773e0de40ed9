import {
  assembleLlvm,
  BPF_CALL_REL,
  BPF_EXIT_INSN,
  BPF_JMP_A,
  BPF_LD_IMM64,
  BPF_MOV64_IMM,
  type Insn,
  insnSlots,
  isExit,
  isGoto,
  jumpTarget,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CodegenError,
  closedProgram,
  controlFlowGraph,
  controlFlowGraphs,
  endsInBranch,
  isReachable,
} from '../src/index.ts'
import { randomFlow } from './support/random-flow.ts'

const whole = (insns: readonly Insn[]) => controlFlowGraph(insns, { start: 0, end: insns.length })

/** `start-end>successors` of each block. */
const shapeOf = (insns: readonly Insn[]): string[] =>
  whole(insns).blocks.map(({ start, end, successors }) => `${start}-${end}>${successors.join(',')}`)

describe('blocks', () => {
  it.each<[string, string, string[]]>([
    ['a straight line', 'r0 = 1\n r0 += 1\n exit', ['0-3>']],
    [
      'a comparison: first the next block, then the target',
      'if r1 > 5 goto +1\n r0 = 0\n exit',
      ['0-1>1,2', '1-2>2', '2-3>'],
    ],
    ['a comparison with the next instruction as target: two edges', 'if r1 > 5 goto +0\n exit', ['0-1>1,1', '1-2>']],
    ['a loop', 'r0 = 0\n r0 += 1\n if r0 < 5 goto -2\n exit', ['0-1>1', '1-3>2,1', '3-4>']],
    ['a goto over what nobody reaches', 'goto +1\n r0 = 1\n exit', ['0-1>2', '1-2>2', '2-3>']],
    ['gotol', 'gotol +1\n r0 = 1\n exit', ['0-1>2', '1-2>2', '2-3>']],
    ['two slots as one instruction', 'r1 = 5 ll\n if r1 > 5 goto +0\n exit', ['0-3>1,1', '3-4>']],
    ['a call in the middle of a block', 'call 5\n r0 = 1\n exit', ['0-3>']],
    ['may_goto', 'may_goto +1\n r0 = 1\n exit', ['0-1>1,2', '1-2>2', '2-3>']],
  ])('%s', (_, text, blocks) => {
    expect(shapeOf(assembleLlvm(text).insns)).toEqual(blocks)
  })

  it('end at a tail call, which may not come back', () => {
    const tailCall: Insn = { opcode: 0xf5, dst: 0, src: 0, off: 0, imm: 0 }
    expect(shapeOf([tailCall, BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN()])).toEqual(['0-1>1', '1-3>'])
  })

  it('tell which can be reached', () => {
    const cfg = whole(assembleLlvm('goto +1\n r0 = 1\n exit').insns)
    expect(cfg.blocks.map(({ index }) => isReachable(cfg, index))).toEqual([true, false, true])
  })

  it('of any flow tile the program, and its edges are those of its instructions', () => {
    fc.assert(
      fc.property(randomFlow(), (insns) => {
        const cfg = whole(insns)
        const edges = cfg.blocks.flatMap(({ last, successors }) =>
          successors.map((to) => `${last}>${cfg.blocks[to]!.start}`),
        )
        const expected = cfg.blocks.flatMap(({ last }) => flowsTo(insns, last).map((to) => `${last}>${to}`))
        expect(edges).toEqual(expected)
        const inside = cfg.blocks.flatMap(({ start, last }) => insns.slice(start, last))
        expect(inside.some((insn, pc) => jumpTarget(insn, pc) !== undefined || isExit(insn))).toBe(false)
        const back = cfg.blocks.flatMap(({ index, predecessors }) => predecessors.map((from) => `${from}>${index}`))
        const forth = cfg.blocks.flatMap(({ index, successors }) => successors.map((to) => `${index}>${to}`))
        expect(back.sort()).toEqual(forth.sort())
        for (const { index, last } of cfg.blocks) {
          expect(endsInBranch(insns, cfg.blocks[index]!)).toBe(flowsTo(insns, last).length === 2)
        }
      }),
    )
  })

  it('are ordered so that all but retreating edges lead forwards', () => {
    fc.assert(
      fc.property(randomFlow(), (insns) => {
        const cfg = whole(insns)
        const reached = new Set<number>()
        const visit = (block: number): void => {
          if (reached.has(block)) return
          reached.add(block)
          for (const next of cfg.blocks[block]!.successors) visit(next)
        }
        visit(0)
        expect([...cfg.reversePostorder].sort((a, b) => a - b)).toEqual([...reached].sort((a, b) => a - b))
        // In a reverse postorder each block but the entry has a predecessor before it.
        for (const block of cfg.reversePostorder.slice(1)) {
          expect(
            cfg.blocks[block]!.predecessors.some(
              (from) => isReachable(cfg, from) && cfg.orderOf[from]! < cfg.orderOf[block]!,
            ),
          ).toBe(true)
        }
      }),
    )
  })
})

/** Slots that may follow the instruction at `pc`, the next one first. */
function flowsTo(insns: readonly Insn[], pc: number): number[] {
  const insn = insns[pc] as Insn
  if (isExit(insn)) return []
  const target = jumpTarget(insn, pc)
  return [...(isGoto(insn) ? [] : [pc + insnSlots(insn)]), ...(target === undefined ? [] : [target])]
}

describe('subprograms', () => {
  const two = [BPF_CALL_REL(1), BPF_EXIT_INSN(), BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN()]

  it('have a graph each', () => {
    const program = {
      insns: two,
      subprograms: [
        { start: 0, end: 2 },
        { start: 2, end: 4, hidden: true },
      ],
    }
    expect(controlFlowGraphs(program).map(({ range }) => range)).toEqual(program.subprograms)
  })

  it('that nobody named are found where calls lead', () => {
    expect(controlFlowGraphs({ insns: two, subprograms: [] }).map(({ range }) => [range.start, range.end])).toEqual([
      [0, 2],
      [2, 4],
    ])
  })
})

describe('closed programs', () => {
  it('get an exit where the last instruction would go on', () => {
    const program = { insns: [BPF_EXIT_INSN(), BPF_MOV64_IMM(0, 1)], subprograms: [{ start: 0, end: 2 }] }
    const closed = closedProgram({ ...program, weights: Uint32Array.of(3, 1) })
    expect(closed.insns).toEqual([...program.insns, BPF_EXIT_INSN()])
    expect([...closed.subprograms, [...(closed.weights ?? [])]]).toEqual([{ start: 0, end: 3 }, [3, 1, 0]])
    expect(controlFlowGraphs(closed)[0]?.blocks.length).toBe(2)
  })

  it('are others as they are', () => {
    const program = { insns: [BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN()], subprograms: [] }
    expect(closedProgram(program)).toBe(program)
  })
})

describe('what is no program', () => {
  const exit = BPF_EXIT_INSN()
  it.each<[string, readonly Insn[], string, number | undefined]>([
    ['nothing', [], 'CODEGEN_EMPTY', undefined],
    ['a jump before the program', [BPF_JMP_A(-2), exit], 'CODEGEN_JUMP', 0],
    ['a jump behind the program', [BPF_JMP_A(1), exit], 'CODEGEN_JUMP', 0],
    ['a jump into an immediate', [BPF_JMP_A(1), ...BPF_LD_IMM64(0, 1), exit], 'CODEGEN_JUMP', 0],
    ['a call out of the program', [BPF_CALL_REL(7), exit], 'CODEGEN_JUMP', 0],
    ['a jump into another subprogram', [BPF_CALL_REL(1), BPF_JMP_A(0), exit], 'CODEGEN_JUMP', 1],
    ['a last instruction that goes on', [exit, BPF_MOV64_IMM(0, 1)], 'CODEGEN_FALLS_OFF', 1],
    ['half an immediate at the end', [BPF_LD_IMM64(0, 1)[0]], 'CODEGEN_LD_IMM64', 0],
    ['half an immediate', [BPF_LD_IMM64(0, 1)[0], exit], 'CODEGEN_LD_IMM64', 0],
  ])('%s is told', (_, insns, code, pc) => {
    const problem = errorOf(() => controlFlowGraphs({ insns, subprograms: [] }))
    expect([problem.code, problem.where?.pc]).toEqual([code, pc])
  })

  it.each<[string, { start: number; end: number }[]]>([
    [
      'a gap',
      [
        { start: 0, end: 1 },
        { start: 2, end: 3 },
      ],
    ],
    [
      'an overlap',
      [
        { start: 0, end: 2 },
        { start: 1, end: 3 },
      ],
    ],
    ['an end before the program’s', [{ start: 0, end: 2 }]],
    ['an end behind the program’s', [{ start: 0, end: 4 }]],
    [
      'an empty one',
      [
        { start: 0, end: 0 },
        { start: 0, end: 3 },
      ],
    ],
  ])('subprograms with %s are told', (_, subprograms) => {
    expect(errorOf(() => controlFlowGraphs({ insns: [exit, exit, exit], subprograms })).code).toBe('CODEGEN_SUBPROGRAM')
  })

  it('any bytes give a graph or an error of this package', () => {
    const field = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
    const insn = fc.record({
      opcode: fc.nat({ max: 255 }),
      dst: fc.nat({ max: 15 }),
      src: fc.nat({ max: 15 }),
      off: fc.oneof(fc.integer({ min: -6, max: 6 }), field(16)),
      imm: fc.oneof(fc.integer({ min: -6, max: 6 }), field(32)),
    })
    fc.assert(
      fc.property(fc.array(insn, { maxLength: 12 }), (insns) => {
        try {
          controlFlowGraphs({ insns, subprograms: [] })
        } catch (error) {
          expect(error).toBeInstanceOf(CodegenError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

function errorOf(run: () => unknown): CodegenError {
  try {
    run()
  } catch (error) {
    if (error instanceof CodegenError) return error
    throw error
  }
  throw new Error('no error')
}
