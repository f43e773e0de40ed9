import { branchTarget, checkEcc, immedValue, withoutEcc } from '@bpfoundry/microcode'
import { describe, expect, it } from 'vitest'
import { type NfpPlacement, type NfpRelocationKind, type NfpTranslation, relocate, translateNfp } from '../src/index.ts'
import { GOLDEN_PROGRAMS } from './golden-programs.ts'

const PLACEMENT: NfpPlacement = { start: 3072, done: 500, helpers: new Map([1, 2, 3, 25].map((id) => [id, 6000 + id])) }

function translated(name: string): NfpTranslation {
  const found = GOLDEN_PROGRAMS.find((one) => one.name === name)
  return translateNfp((found as (typeof GOLDEN_PROGRAMS)[number]).program).translation as NfpTranslation
}

/** The loaded words that waited for something, by what. */
function loaded(name: string, kind: NfpRelocationKind): { word: number; before: number; helper: number | undefined }[] {
  const translation = translated(name)
  const words = relocate(translation, PLACEMENT).map(withoutEcc)
  return translation.relocations
    .filter((one) => one.kind === kind)
    .map(({ at, helper }) => ({ word: words[at] as number, before: translation.words[at] as number, helper }))
}

describe('relocation', () => {
  it('moves branches and addresses within the program by its start', () => {
    for (const { word, before } of loaded('calls', 'branch'))
      expect(branchTarget(word)).toBe(branchTarget(before) + 3072)
    for (const { word, before } of loaded('calls', 'address')) expect(immedValue(word)).toBe(immedValue(before) + 3072)
    expect(loaded('calls', 'address').length).toBe(3)
  })

  it('leads to the outro, to the subroutines, and to the next packet', () => {
    const { out, abort, pushRegisters, popRegisters } = translated('calls').entryPoints
    const targets = (name: string, kind: NfpRelocationKind): number[] =>
      loaded(name, kind).map(({ word }) => branchTarget(word))
    expect(targets('calls', 'out')).toEqual([3072 + out])
    expect(targets('calls', 'push-registers')).toEqual([3072 + (pushRegisters as number)])
    expect(targets('calls', 'pop-registers')).toEqual([3072 + (popRegisters as number)])
    expect(targets('calls', 'next-packet')).toEqual([500, 500])
    expect(abort).toBeLessThan(out)
    const classic = translated('classic').entryPoints
    expect(new Set(targets('classic', 'abort'))).toEqual(new Set([3072 + classic.abort]))
  })

  it("leads to the firmware's routines", () => {
    const calls = loaded('helpers', 'helper')
    expect(calls.map(({ helper }) => helper)).toEqual([1, 2, 3, 25])
    expect(calls.map(({ word }) => branchTarget(word))).toEqual([6001, 6002, 6003, 6025])
  })

  it('adds check bits to every word', () => {
    expect(relocate(translated('calls'), PLACEMENT).every(checkEcc)).toBe(true)
  })

  it('refuses firmware without the helper', () => {
    const without = { ...PLACEMENT, helpers: new Map() }
    expect(() => relocate(translated('helpers'), without)).toThrow(
      expect.objectContaining({ code: 'JIT_NFP_PLACEMENT' }),
    )
  })
})
