import type { InlinedProgram } from '@bpfoundry/engine'
import { assembleKernel, disassembleKernel, type Insn } from '@bpfoundry/isa'
import { describe, expect, test } from 'vitest'
import { scoutsOf } from '../../src/poll/scout.ts'

/** A chained hash in miniature: the key's low byte leads to a chain's head, that to an element of next, key and value. */
const HASH_LOOKUP = `
  r1 = *(u32 *)(r2 +0)
  r3 = r1
  r3 &= 255
  r3 <<= 2
  r3 += 4096
  r0 = *(u32 *)(r3 +0)
  if r0 == 0x0 goto pc+4
  r4 = *(u32 *)(r0 +4)
  if r4 == r1 goto pc+4
  r0 = *(u32 *)(r0 +0)
  if r0 != 0x0 goto pc-4
  r0 = 0
  exit
  r0 += 8
  exit`

/** An array of 16-byte elements. */
const ARRAY_LOOKUP = `
  r0 = *(u32 *)(r2 +0)
  if r0 > 0xff goto pc+3
  r0 <<= 4
  r0 += 8192
  exit
  r0 = 0
  exit`

/** A table of cache lines with two slots each: which of them is worked out without a jump. */
const LINE_LOOKUP = `
  r1 = *(u32 *)(r2 +0)
  r3 = r1
  r3 &= 255
  r3 <<= 6
  r3 += 4096
  r5 = load_acquire((u32 *)(r3 +4))
  r5 ^= r1
  r5 = -r5
  r5 s>>= 63
  r0 = 0
  r0 -= r5
  r4 = load_acquire((u32 *)(r3 +8))
  r4 ^= r1
  r4 = -r4
  r4 s>>= 63
  r5 &= r4
  r0 -= r5
  if r0 == 0x2 goto pc+3
  r0 <<= 3
  r0 += r3
  goto pc+4
  r0 = *(u32 *)(r3 +0)
  if r0 == 0x0 goto pc+3
  r4 = *(u32 *)(r0 +4)
  if r4 != r1 goto pc+2
  r0 += 24
  exit
  r0 = 0
  exit`

const CLOCK = `
  r0 = 7
  exit`

function assemble(text: string): readonly Insn[] {
  return assembleKernel(text).insns
}

/** A program that calls the inlined helper behind it wherever its text says CALL. */
function program(text: string, helper: string): InlinedProgram {
  const lines = text.trim().split('\n')
  const body = assemble(helper)
  const insns = lines.map((line, pc) => {
    const call = `call pc+${lines.length - pc - 1}`
    return assemble(line.replace('CALL', call))[0] as Insn
  })
  return {
    insns: [...insns, ...body],
    subprograms: [
      { name: 'main', start: 0, end: insns.length, stackDepthBytes: 8 },
      { name: 'helper', start: insns.length, end: insns.length + body.length, stackDepthBytes: 0, hidden: true },
    ],
    lines: [],
  }
}

/** The scouts as text, function by function; calls are shown as their callee's place behind the first function. */
function scouts(of: InlinedProgram): string[][] {
  return scoutsOf(of).map(({ functions }) => {
    let end = 0
    const places = functions.map(({ routine }) => {
      const at = end
      end += routine.length
      return at
    })
    return functions.flatMap(({ routine }, index) => {
      const start = places[index] as number
      const names = Object.fromEntries(functions.map(({ name }, n) => [name, (places[n] as number) - start]))
      return disassembleKernel(routine.link(names)).trim().split('\n')
    })
  })
}

const READ_KEY = `
  r1 = *(u64 *)(r1 +0)
  r2 = *(u32 *)(r1 +26)
  *(u32 *)(r10 -4) = r2
  r2 = r10
  r2 += -4
  CALL`

describe('a scout is the program up to its first look-up, without effects', () => {
  test('of a hash: the first pass answers where the head is, the second where the element is', () => {
    const [first, second] = scouts(program(`${READ_KEY}\n  r0 = 1\n  exit`, HASH_LOOKUP))
    expect(first?.slice(-4).map(operation)).toEqual(['r3 += 4096', 'r0 = r3', 'r0 += 0', 'exit'])
    expect(second?.map(operation).filter((text) => text.includes('*('))).toEqual([
      'r1 = *(u64 *)(r1 +0)',
      'r2 = *(u32 *)(r1 +26)',
      '*(u32 *)(r10 -4) = r2',
      'r1 = *(u32 *)(r2 +0)',
      'r0 = *(u32 *)(r3 +0)',
    ])
    expect(answers(second)).toEqual([['r0 = r0', 'r0 += 4'], ['r0 = 0']])
  })

  test('of an array: it answers what the program would touch of the element', () => {
    const count = `${READ_KEY}\n  if r0 == 0x0 goto pc+2\n  r1 = 1\n  lock *(u64 *)(r0 +8) += r1\n  r0 = 1\n  exit`
    const all = scouts(program(count, ARRAY_LOOKUP))
    expect(all.length).toBe(1)
    expect(answers(all[0])).toContainEqual(['r0 = r0', 'r0 += 8'])
    expect(all[0]?.join('\n')).not.toContain('lock')
  })

  test('of a table of lines: it answers where the line is, and leaves the chains behind them alone', () => {
    const all = scouts(program(`${READ_KEY}\n  r0 = 1\n  exit`, LINE_LOOKUP))
    expect(all.length).toBe(1)
    expect(answers(all[0])).toEqual([['r0 = r3', 'r0 += 4']])
  })

  test('what a function itself answers is no address: where it ends early, its other ends answer 0', () => {
    // Of the program, where it does not look up, and of an empty chain.
    const guarded = `  r2 = *(u32 *)(r1 +0)\n  if r2 == 0x0 goto pc+6\n${READ_KEY.trim()}\n  r0 = 1\n  exit`
    const [, second] = scouts(program(guarded, HASH_LOOKUP))
    expect(answers(second)).toEqual([['r0 = 0'], ['r0 = r0', 'r0 += 4'], ['r0 = 0']])
  })

  test('what does not look up has none', () => {
    expect(scouts(program(`CALL\n  r0 = 2\n  exit`, CLOCK))).toEqual([])
    expect(scouts(program(`r0 = 2\n  exit`, CLOCK))).toEqual([])
  })

  test.each([
    ['a store into the packet', '  r1 = *(u64 *)(r1 +0)\n  *(u8 *)(r1 +0) = 1'],
    ['an atomic operation', '  r1 = *(u64 *)(r1 +0)\n  lock *(u64 *)(r1 +0) += r1'],
    ['a helper', '  call bpf_ktime_get_ns#5'],
    ['a loop', '  r2 = 3\n  r2 += -1\n  if r2 != 0x0 goto pc-2'],
  ])('it ends before %s', (_, effect) => {
    const all = scouts(program(`${effect}\n  r2 = r10\n  CALL\n  exit`, HASH_LOOKUP))
    // Behind a loop the slice goes on, on the way that does not go round again.
    if (effect.includes('goto')) expect(all.flat().filter((line) => line.includes('goto pc-'))).toEqual([])
    else expect(all).toEqual([])
  })

  test('no instruction of a scout has an effect', () => {
    const rest = '\n  if r0 == 0x0 goto pc+2\n  r1 = 1\n  lock *(u64 *)(r0 +0) += r1\n  exit'
    for (const text of scouts(program(READ_KEY + rest, HASH_LOOKUP)).flat()) {
      expect(text).not.toContain('lock')
      if (operation(text).startsWith('*(')) expect(text).toContain('(r10')
    }
  })
})

/** What an instruction does, without its slot and bytes. */
function operation(line: string): string {
  return line.replace(/^\s*\d+: \([0-9a-f]{2}\) /, '').trim()
}

/** How r0 comes about at each exit where it is not passed on from a call. */
function answers(lines: readonly string[] | undefined): string[][] {
  const operations = (lines ?? []).map(operation)
  return operations.flatMap((text, at) => {
    const [base, step] = [operations[at - 2] ?? '', operations[at - 1] ?? '']
    if (text !== 'exit' || !step.startsWith('r0 ')) return []
    return [step === 'r0 = 0' ? [step] : [base, step]]
  })
}
