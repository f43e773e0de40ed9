/** Programs as clang made them, with facts as the verifier's hooks note them: the same words as the driver's. */
import { expect, it } from 'vitest'
import { nfpCard } from '../../../hw-models/nfp/src/cards.ts'
import { translatorInput } from '../../../hw-models/nfp/src/translator-input.ts'
import { type RecordedLoad, recordFixtures } from '../../../packages/testbench/test/nfp-recorded-load.ts'
import { openNfpDriver } from '../src/index.ts'
import { compare, countOf } from './compare-words.ts'

const driver = openNfpDriver()
const card = nfpCard('agilio-cx-2x10')

/** A map's number on the card: the order in which the program names it. */
function mapNumbers({ input }: RecordedLoad): (id: number) => number {
  return (id) => input.maps?.find((map) => map.id === id)?.tid ?? 0
}

const missing = 'reason' in driver ? driver.reason : undefined
if (missing !== undefined) console.log(`skipped: the words of the offloadable fixtures against the driver: ${missing}`)

it.skipIf(missing !== undefined)("makes the driver's words of every offloadable fixture", () => {
  if ('reason' in driver) return
  const offloadable = recordFixtures(card).filter(({ refusal }) => refusal === undefined)
  expect(offloadable.length).toBeGreaterThan(25)
  const { firmware } = card
  const programs = offloadable.map((load) => {
    return translatorInput(load, load.hooks, { firmware, mapNumber: mapNumbers(load) })
  })
  const compared = compare(driver, programs)
  for (const [at, { ours, theirs }] of compared.entries()) {
    expect({ name: offloadable[at]?.name, ...ours }).toEqual({ name: offloadable[at]?.name, ...theirs })
  }
  const { translated, words, differences } = countOf(compared)
  console.log(
    `fixtures: ${programs.length} programs compared, ${translated} translated, ${words} words compared, ${differences} differences`,
  )
  expect(differences).toBe(0)
})
