import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { ProgramSpec } from '@bpfoundry/loader'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../src/fixture-path.ts'
import { type HotLine, hotLines, hotLinesText } from '../src/verdicts/hot-lines.ts'
import { bpfoundry } from './command-line.ts'

const LOOPS = fixturePath('programs/loops/loops.v3.o')
const REFUSED = fixturePath('programs/refused/packet_read_past_check.v3.o')

interface Told {
  readonly stats: { readonly insnsProcessed: number; readonly totalStates: number }
  readonly hot?: readonly HotLine[]
}

async function told(...args: string[]): Promise<readonly Told[]> {
  return JSON.parse((await bpfoundry('verify', ...args, '--json')).stdout).programs
}

const sum = (lines: readonly HotLine[], of: 'explored' | 'kept'): number =>
  lines.reduce((total, line) => total + line[of], 0)

describe('verify --hot', () => {
  it('tells every instruction and state, by line, the hottest first', async () => {
    const programs = await told(LOOPS, REFUSED, '--hot', '1000')
    expect(programs).toHaveLength(2)
    for (const { stats, hot = [] } of programs) {
      expect([sum(hot, 'explored'), sum(hot, 'kept')]).toEqual([stats.insnsProcessed, stats.totalStates])
      expect(hot.map(({ explored }) => explored)).toEqual(hot.map(({ explored }) => explored).sort((a, b) => b - a))
      expect(new Set(hot.map(({ file, line }) => `${file}:${line}`)).size).toBe(hot.length)
    }
  })

  it('names the loop of a program with a loop, and its branches', async () => {
    const [program] = await told(LOOPS, '--hot', '1')
    expect(program?.hot).toMatchObject([{ text: expect.stringMatching(/^for \(/), forked: expect.any(Number) }])
    expect(program?.hot?.[0]?.forked).toBeGreaterThan(10)
  })

  it('is ten lines without a number, and nothing unasked', async () => {
    expect((await told(LOOPS, '--hot'))[0]?.hot).toHaveLength(10)
    expect((await told(LOOPS))[0]).not.toHaveProperty('hot')
  })

  it('is a table for people, and for a card, too', async () => {
    const { stdout } = await bpfoundry('verify', LOOPS, '--hot', '2')
    expect(stdout).toMatch(/check_mss: where the instructions went\nwhere +insns +share +states +branches +text\n/)
    expect(stdout).toMatch(/\nloops\.bpf\.c:\d+ +\d+ +\d+\.\d % +\d+ +\d+ +for \(/)
    expect((await told(LOOPS, '--hot', '--nic', 'agilio-cx-2x40'))[0]?.hot?.length).toBe(10)
  })

  it('refuses a number of lines that is none', async () => {
    const { code, stderr } = await bpfoundry('verify', LOOPS, '--hot', '0')
    expect([code, stderr]).toEqual([2, expect.stringContaining('--hot')])
  })
})

describe('an object without lines', () => {
  const insns = [0xb7, 0x95].map((opcode) => ({ opcode, dst: 0, src: 0, off: 0, imm: 0 }))
  const spec = { name: 'p', type: PROG_TYPE.XDP, insns, lineInfo: [] } as unknown as ProgramSpec
  const counts = { explored: Uint32Array.of(1, 3), kept: Uint32Array.of(0, 2), forked: Uint32Array.of(0, 0) }

  it('is told by instructions', () => {
    const lines = hotLines(spec, counts, 5)
    expect(lines.map(({ pc, text, explored, kept }) => [pc, text, explored, kept])).toEqual([
      [1, 'exit', 3, 2],
      [0, 'r0 = 0x0', 1, 0],
    ])
    expect(hotLinesText('o: p', lines, 4)).toMatch(/insn 1 +3 +75\.0 % +2 +0 +exit\n/)
  })

  it('and what was not explored by words', () => {
    expect(hotLinesText('o: p', [], 0)).toBe('o: p: refused before anything was explored\n')
  })
})
