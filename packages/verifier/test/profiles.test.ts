import { assembleLlvm } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { type VerifierResult, verify } from '../src/index.ts'

/** An XDP program as the verifier of that release judges it. */
function verdict(profile: string, asm: string): VerifierResult {
  const { insns } = assembleLlvm(asm)
  const rest = { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, gplCompatible: true, maps: new Map() }
  return verify({ ...rest, insns }, { profile }, { logLevel: 1 })
}

/** Takes a byte of the stack at the offset that `how` leaves in r2, 0..7 where the verifier can tell. */
const stackByteAt = (how: string): string => `
  *(u64 *)(r10 - 8) = 0
  r2 = *(u32 *)(r1 + 16)
  ${how}
  r3 = r10
  r3 += r2
  r0 = *(u8 *)(r3 - 8)
  exit`

describe('numbers that are negated', () => {
  const programs: readonly (readonly [string, string])[] = [
    ['64 bits', 'r2 &= 7\nr2 += -7\nr2 = -r2'],
    ['32 bits', 'r2 &= 7\nr2 += -7\nw2 = -w2'],
  ]
  it.each(programs)('%s: known to 6.18, not to 6.12', (_, how) => {
    const asm = stackByteAt(how)
    expect(verdict('6.18', asm).ok).toBe(true)
    const { ok, log } = verdict('6.12', asm)
    expect(ok).toBe(false)
    expect(log).toContain('unbounded min value')
  })
  it('a mask makes them known to both', () => {
    const asm = stackByteAt('r2 = -r2\nr2 &= 7')
    for (const profile of ['6.12', '6.18']) expect(verdict(profile, asm).ok).toBe(true)
  })
})

it('a release that there is no data of is refused by name', () => {
  expect(() => verdict('5.4', 'r0 = 0\nexit')).toThrow('the verifier of Linux 5.4 is not known')
})
