import { nfpCard, translatorInput } from '@bpfoundry/nfp'
import { type DriverAnswer, openNfpDriver, translationCase } from '@bpfoundry/nfp-driver'
import { describe, expect, test } from 'vitest'
import { type RecordedLoad, recordFixtures } from './nfp-recorded-load.ts'

const driver = openNfpDriver()
const CARD = nfpCard('agilio-cx-2x10')
const loads = recordFixtures(CARD)

/** What the driver's hooks can't know, and ours refuse on purpose. @see docs/parity/nfp.md */
const OURS_ALONE = /instruction 0x(37|3f|34|3c|bf|bc) not supported|no direct value access/

function isOurs({ refusal }: RecordedLoad): boolean {
  return refusal !== undefined && OURS_ALONE.test(refusal.message.replace('[nfp] ', ''))
}

/** The C library prints `%#llx` of 0 as 0, the kernel as 0x0. */
function inKernelForm(words: string | undefined): string | undefined {
  return words?.trimEnd().replace('(0;', '(0x0;').replace('; 0)', '; 0x0)')
}

/** Errno and words of a hook's refusal, or of the translator's. */
function refusalOf({ unverified, verifierLog, untranslated, log }: DriverAnswer): [number, string | undefined] {
  if (unverified !== undefined) return [unverified, inKernelForm(verifierLog.at(-1))]
  return untranslated === undefined ? [0, undefined] : [untranslated, log.map((line) => line.trimEnd()).join('\n')]
}

describe('the verifier hooks against the driver', () => {
  const reason = 'reason' in driver ? driver.reason : ''
  if ('reason' in driver) console.log(`nfp driver: ${loads.length} loads are not compared: ${reason}`)
  const compared = loads.filter((load) => !isOurs(load))
  const answers = 'reason' in driver ? undefined : driver.run(compared.map(({ input }) => input))

  test('refuse the same programs with the same words', ({ skip }) => {
    if (answers === undefined) return skip(reason)
    const ours = compared.map(({ name, refusal }) => [name, refusal?.errno ?? 0, refusal?.message])
    const theirs = compared.map(({ name }, at) => [name, ...refusalOf(answers[at] as DriverAnswer)])
    expect(ours).toEqual(theirs)
    expect(ours.filter(([, errno]) => errno !== 0).length).toBeGreaterThan(25)
    expect(ours.filter(([, errno]) => errno === 0).length).toBeGreaterThan(25)
  })

  test('keep the same of each instruction', ({ skip }) => {
    if (answers === undefined) return skip(reason)
    for (const [at, { name, hooks, insns }] of compared.entries()) {
      const answer = answers[at] as DriverAnswer
      if (answer.unverified !== undefined) continue
      for (const { pc, type, ...kept } of answer.accesses) {
        if (type === 0) continue
        const { pointer, pointerVaries, callerFrame, addend } = hooks.notes.factAt(pc, insns[pc] as never)
        expect([
          name,
          pc,
          pointer?.offset,
          pointer?.knownVariable,
          pointerVaries === true,
          callerFrame === true,
        ]).toEqual([name, pc, kept.offset, Number(kept.knownVariable), kept.varies, kept.callerFrame])
        if (addend !== undefined)
          expect([addend.maybe16Bit, addend.over16Bit]).toEqual([kept.maybe16Bit, kept.over16Bit])
      }
      for (const { pc, ...kept } of answer.ranges) {
        const { ranges } = hooks.notes.factAt(pc, insns[pc] as never)
        if (ranges !== undefined) expect([name, pc, ranges]).toEqual([name, pc, kept])
      }
      for (const { pc, helper, keyOffset, keyVaries } of answer.calls) {
        if (helper === 0 || helper > 3) continue
        const { call } = hooks.notes.factAt(pc, insns[pc] as never)
        expect([name, pc, call?.keyOffset, call?.keyVaries === true]).toEqual([name, pc, keyOffset, keyVaries])
      }
      expect([name, hooks.stackBytes]).toEqual([name, answer.stackBytes])
      const head = answer.adjustHeadAt === 0xffffffff || answer.adjustHeadAt === 0 ? undefined : answer.adjustHeadAt
      expect([name, hooks.adjustHead.pc]).toEqual([name, head])
    }
  })

  test('and what they keep makes the words of the driver', ({ skip }) => {
    if ('reason' in driver) return skip(reason)
    const translated = loads.filter(({ hooks }) => hooks.translation !== undefined)
    const inputs = translated.map(({ type, insns, hooks, input }) => {
      const tids = new Map(input.maps?.map(({ id, tid }) => [id, tid]))
      const scope = { firmware: CARD.firmware, mapNumber: (id: number) => tids.get(id) ?? 0 }
      return translationCase(translatorInput({ type, insns }, hooks, scope), input.placement)
    })
    const theirs = driver.run(inputs)
    let words = 0
    for (const [at, { name, hooks }] of translated.entries()) {
      const ours = hooks.translation?.words ?? []
      expect([name, ours]).toEqual([name, theirs[at]?.words?.map(({ word }) => word)])
      words += ours.length
    }
    console.log(`${translated.length} programs, ${words} words: those of the driver`)
    expect(translated.length).toBeGreaterThan(90)
  })
})
