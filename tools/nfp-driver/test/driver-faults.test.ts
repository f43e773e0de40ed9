/** What the parity page says of the driver's own faults: each is shown, so that the page stays true. */
import { BPF_EXIT_INSN, BPF_MOV64_IMM, BPF_ST_MEM, BPF_W } from '@bpfoundry/isa'
import { type NfpInsnFact, translateNfp } from '@bpfoundry/jit-nfp'
import { describe, expect, it } from 'vitest'
import { programOf } from '../../../packages/jit-nfp/test/golden-programs.ts'
import { type NfpDriver, openNfpDriver } from '../src/index.ts'
import { PLACEMENT } from './compare-words.ts'

const opened = openNfpDriver()
const missing = 'reason' in opened ? opened.reason : undefined
if (missing !== undefined) console.log(`skipped: 3 faults of the driver: ${missing}`)
const driver = opened as NfpDriver

const packet: NfpInsnFact = { pointer: { kind: 'pkt', offset: 0 } }
const copyAtTheEnd = programOf({
  source: 'r0 = 2\nr3 = *(u32 *)(r1 + 0)\n*(u32 *)(r1 + 64) = r3\nexit',
  facts: { 1: packet, 2: packet },
})
const divisionByZero = programOf({
  source: 'r1 /= r2\nr0 = 2\nexit',
  facts: { 0: { ranges: { sourceMin: 0n, sourceMax: 0n, targetMin: 0n, targetMax: 1n } } },
})

describe.skipIf(missing !== undefined)('the driver', () => {
  it('reads through NULL at a copy right before the last exit; here it is translated', () => {
    expect(() => driver.translate(copyAtTheEnd, PLACEMENT)).toThrow(expect.objectContaining({ got: 'SIGSEGV' }))
    expect(translateNfp(copyAtTheEnd).translation).toBeDefined()
  })

  it('divides by a register that holds 0; here it is refused', () => {
    expect(() => driver.translate(divisionByZero, PLACEMENT)).toThrow(expect.objectContaining({ got: 'SIGFPE' }))
    expect(translateNfp(divisionByZero).refusal?.log[0]).toBe('division by a constant zero')
  })

  it('accepts a constant stored into the packet, and then does not translate it', () => {
    const insns = [BPF_ST_MEM(BPF_W, 1, 0, 7), BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]
    const scalar = { type: 1 }
    const registers = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [n, n === 1 ? { type: 8 } : scalar]))
    const firmware = { maxWords: 100, stackChunks: 8, pseudoRandom: true, queueSelect: true, adjustTail: true }
    const visits = [{ pc: 0, registers }, { pc: 1 }, { pc: 2 }]
    const [answer] = driver.run([{ type: 6, insns, stackDepths: [0], firmware, placement: PLACEMENT, visits }])
    expect(answer).toMatchObject({ verifierLog: [], untranslated: 22 })
    expect(answer?.log).toEqual(['Translation failed with error -95 (translated: 0)'])
  })
})
