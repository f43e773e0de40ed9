import { checkInsns, INSTRUCTIONS, lookupInsn } from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acceptedPrograms, type GeneratedProgram, PACKET_BYTES } from '../src/index.ts'

// That Linux accepts them is shown where they are run against it: packages/interpreter/test/random-programs.test.ts.

/** Names of the instructions of a program. */
function namesOf({ insns }: GeneratedProgram): string[] {
  const names: string[] = []
  for (let pc = 0; pc < insns.length; ) {
    const row = lookupInsn(insns[pc]!)
    names.push(row?.name ?? 'none')
    pc += row?.slots ?? 1
  }
  return names
}

describe('accepted programs', () => {
  it('are well formed', () => {
    fc.assert(
      fc.property(acceptedPrograms({ linux: '6.18' }), ({ insns, packet }) => {
        expect(checkInsns(insns)).toBeUndefined()
        expect(packet.length).toBe(PACKET_BYTES)
      }),
      { numRuns: 200 },
    )
  })

  it('hold every instruction of the kinds they are made of', () => {
    const kinds = [
      'alu',
      'neg',
      'movsx',
      'swap',
      'jump',
      'load',
      'store',
      'atomic',
      'load_acq',
      'store_rel',
      'may_goto',
    ]
    const seen = new Set(fc.sample(acceptedPrograms({ linux: '6.18' }), { numRuns: 1500, seed: 1 }).flatMap(namesOf))
    const wanted = INSTRUCTIONS.filter((row) => kinds.includes(row.kind) && !row.internal).map((row) => row.name)
    expect(wanted.filter((name) => !seen.has(name))).toEqual([])
  })

  it('keep to what an older kernel has', () => {
    const names = new Set(fc.sample(acceptedPrograms({ linux: '5.15' }), { numRuns: 300, seed: 1 }).flatMap(namesOf))
    const later = ['MAY_GOTO', 'JMP32_JA', 'BSWAP64', 'ALU64_MOVSX8', 'ALU64_SDIV_K', 'LDX_MEMSX_B', 'LOAD_ACQ_W']
    expect(later.filter((name) => names.has(name))).toEqual([])
  })
})
